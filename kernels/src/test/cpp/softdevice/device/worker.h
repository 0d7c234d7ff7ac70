// Runs the threads of one block at a time, on one thread of the operating system.
//
// A thread of a block runs until it must wait: at a barrier, or at a shuffle or vote whose lanes are not all there. Then the next one runs,
// first of the same warp, then of the next in an order that the seed chooses for each block. So a warp gets as far ahead of the others as
// the barriers let it, and a barrier that is missing shows. A thread that never waits needs no stack of its own: the runner takes the next
// one on the same stack.
#pragma once

#include <csetjmp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../kernel/crane_soft_link.h"
#include "fiber.h"

namespace crane::soft {

struct Grid {
    const char *kernel;
    void (*invoke)(const char *);
    const char *arguments;
    CraneSoftLink *link; // of this worker's copy of the module
    char *sharedBegin, *sharedEnd;
    CraneSoftIndex blocks, threads;
    unsigned dynamicShared;
    uint64_t seed;
};

struct Failure {
    int code = 0; // a CUresult
    std::string report;
};

class Worker {
public:
    Worker();
    ~Worker();

    // Runs one block; true if it went well, otherwise `failure` tells.
    bool run(const Grid &grid, uint64_t block);

    // After the last block of a grid: whether no thread needed more stack than there is; otherwise `failure` tells.
    bool stacksIntact();

    Failure failure;

    // Called by the signal handler on a fault in a kernel: gives up the block. Never returns.
    [[noreturn]] void fault(int signal, const void *address);

    static Worker *running(); // by the calling thread of the operating system

    static const CraneSoftRuntime RUNTIME;

private:
    static constexpr unsigned WARP = 32, MAX_WARPS = 32;

    struct Group { // lanes that wait for each other
        CraneSoftWarpOp kind;
        unsigned mask, arrived;
    };

    struct Warp {
        unsigned exists, unstarted, ready, exited; // sets of lanes
        unsigned groupCount;
        Group groups[WARP];
        unsigned long long value[WARP], result[WARP];
        unsigned source[WARP];
        CraneSoftPlace place[WARP];
    };

    const Grid *grid = nullptr;
    CraneSoftIndex blockIndex{};
    unsigned threadCount = 0, warpCount = 0, alive = 0, current = 0;
    bool descending = false; // the order of lanes in a warp
    std::vector<Warp> warps;
    unsigned char order[MAX_WARPS];
    std::vector<CraneSoftThread> threads;
    CraneSoftIndex shape{};
    std::vector<char> shared; // dynamic, between two canaries
    char *dynamic = nullptr;

    unsigned barrierArrived = 0;
    int barrierCount = 0, barrierResult = 0;
    CraneSoftBarrier barrierKind{};
    CraneSoftPlace barrierPlace{};
    unsigned barrierFirst = 0;

    Fiber main;
    Stacks stacks;
    std::vector<std::unique_ptr<Fiber>> fibers;
    std::vector<Fiber *> idle; // whose loop waits for a thread to run
    std::vector<Fiber *> of;   // the fiber each waiting thread left
    Fiber *now = nullptr;
    sigjmp_buf escape;
    bool ok = true;

    void prepareShared();
    bool sharedIntact();
    void begin(uint64_t seed);
    inline bool pick(unsigned &thread, bool &fresh, bool any);
    inline void finished();
    void complete(Warp &warp, unsigned group);
    void releaseBarrier();
    inline void wait();
    inline void go(unsigned thread, bool fresh);
    void goFirst();
    Fiber *freshFiber();
    [[noreturn]] void loop();
    static void entry(void *worker);
    [[noreturn]] void fail(int code, const std::string &what);
    std::string nameOf(unsigned thread) const;
    std::string waiting() const;

    int barrier(CraneSoftBarrier kind, int predicate, CraneSoftPlace place);
    unsigned long long warpOp(CraneSoftWarpOp kind, unsigned mask, unsigned long long value, unsigned source, CraneSoftPlace place);
    friend struct Calls;
};

} // namespace crane::soft
