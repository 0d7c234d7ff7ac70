#include "worker.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "../driver/abi.h"
#include "random.h"
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace crane::soft {

static thread_local Worker *runningWorker;
static constexpr unsigned CANARY_BYTES = 64;
static constexpr unsigned char CANARY = 0xa5, POISON = 0xff; // all ones is a NaN in every floating-point type

Worker *Worker::running() { return runningWorker; }

Worker::Worker() : warps(MAX_WARPS), threads(1024), of(1024) {}
Worker::~Worker() = default;

static std::string text(CraneSoftIndex i) {
    return "(" + std::to_string(i.x) + "," + std::to_string(i.y) + "," + std::to_string(i.z) + ")";
}

static std::string text(CraneSoftPlace p) { return std::string(p.file ? p.file : "?") + ":" + std::to_string(p.line); }

static std::string hex(unsigned long long x) {
    char buffer[32];
    snprintf(buffer, sizeof buffer, "0x%llx", x);
    return buffer;
}

std::string Worker::nameOf(unsigned thread) const { return "block " + text(blockIndex) + ", thread " + text(threads[thread].index); }

static const char *name(CraneSoftWarpOp kind) {
    switch (kind) {
    case CRANE_SOFT_SHUFFLE:
        return "shuffle";
    case CRANE_SOFT_BALLOT:
        return "__ballot_sync";
    case CRANE_SOFT_ANY:
        return "__any_sync";
    case CRANE_SOFT_ALL:
        return "__all_sync";
    case CRANE_SOFT_SYNCWARP:
        return "__syncwarp";
    }
    return "?";
}

// ---- one block ----

#ifdef __SANITIZE_ADDRESS__
// Static shared arrays have red zones between them.
__attribute__((no_sanitize_address)) static void poison(char *begin, char *end) {
    for (volatile char *p = begin; p < end; p++)
        *p = static_cast<char>(POISON);
}
#endif

void Worker::prepareShared() {
    size_t bytes = grid->dynamicShared, need = bytes + 2 * CANARY_BYTES + 48;
    if (shared.size() < need)
        shared.resize(need);
    // Aligned to 16 bytes, as is promised, and to no more.
    dynamic = reinterpret_cast<char *>((reinterpret_cast<uintptr_t>(shared.data()) + CANARY_BYTES + 31) / 32 * 32 + 16);
    memset(dynamic - CANARY_BYTES, CANARY, CANARY_BYTES);
    memset(dynamic, POISON, bytes);
    memset(dynamic + bytes, CANARY, CANARY_BYTES);
#ifdef __SANITIZE_ADDRESS__
    poison(grid->sharedBegin, grid->sharedEnd);
    __asan_poison_memory_region(dynamic - CANARY_BYTES, CANARY_BYTES);
    __asan_poison_memory_region(dynamic + bytes, CANARY_BYTES);
#else
    if (grid->sharedEnd > grid->sharedBegin)
        memset(grid->sharedBegin, POISON, static_cast<size_t>(grid->sharedEnd - grid->sharedBegin));
#endif
}

bool Worker::sharedIntact() {
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(shared.data(), shared.size());
#endif
    const unsigned char *before = reinterpret_cast<unsigned char *>(dynamic) - CANARY_BYTES,
                        *after = before + CANARY_BYTES + grid->dynamicShared;
    for (unsigned i = 0; i < CANARY_BYTES; i++)
        if (before[i] != CANARY || after[i] != CANARY)
            return false;
    return true;
}

void Worker::begin(uint64_t seed) {
    CraneSoftIndex size = grid->threads;
    threadCount = size.x * size.y * size.z;
    warpCount = (threadCount + WARP - 1) / WARP;
    if (memcmp(&shape, &size, sizeof shape)) {
        shape = size;
        for (unsigned t = 0; t < threadCount; t++)
            threads[t] = {{t % size.x, t / size.x % size.y, t / size.x / size.y}, t % WARP};
    }
    Random random(seed);
    for (unsigned w = 0; w < warpCount; w++) {
        unsigned lanes = std::min(WARP, threadCount - w * WARP);
        Warp &warp = warps[w];
        warp.exists = warp.unstarted = lanes == WARP ? ~0u : (1u << lanes) - 1;
        warp.ready = warp.exited = warp.groupCount = 0;
        order[w] = static_cast<unsigned char>(w);
    }
    for (unsigned w = warpCount; w > 1; w--)
        std::swap(order[w - 1], order[random.below(w)]);
    descending = random.below(2);
    alive = threadCount;
    barrierArrived = 0;
    barrierCount = 0;
}

bool Worker::run(const Grid &g, uint64_t block) {
    grid = &g;
    blockIndex = {static_cast<unsigned>(block % g.blocks.x), static_cast<unsigned>(block / g.blocks.x % g.blocks.y),
            static_cast<unsigned>(block / g.blocks.x / g.blocks.y)};
    begin(Random::mix(g.seed, block));
    prepareShared();
    CraneSoftLink &link = *g.link;
    link.worker = this;
    link.runtime = &RUNTIME;
    link.dynamicShared = dynamic;
    link.block = blockIndex;
    link.blockSize = g.threads;
    link.gridSize = g.blocks;
    runningWorker = this;
    ok = true;
    now = &main;
    if (sigsetjmp(escape, 0) == 0)
        goFirst(); // comes back when no thread is left, or one has failed
    runningWorker = nullptr;
    bool intact = sharedIntact();
    if (ok && !intact) {
        ok = false;
        failure = {CUDA_ERROR_ILLEGAL_ADDRESS,
                "kernel " + std::string(g.kernel) + ", block " + text(blockIndex) + ": wrote outside its " + std::to_string(g.dynamicShared)
                        + " bytes of dynamic shared memory"};
    }
    if (!ok) { // threads that were under way are dropped, and their stacks begin anew
        idle.clear();
        for (auto &fiber : fibers) {
            fiber->prepare(entry, this);
            idle.push_back(fiber.get());
        }
    }
    return ok;
}

bool Worker::stacksIntact() {
    for (auto &fiber : fibers)
        if (fiber->overflowed()) {
            failure = {CUDA_ERROR_LAUNCH_FAILED, "kernel " + std::string(grid->kernel) + ": a thread's stack overflowed"};
            return false;
        }
    return true;
}

// ---- whose turn it is ----

static unsigned oneOf(unsigned set, bool descending) { return descending ? 31 - __builtin_clz(set) : __builtin_ctz(set); }

// The next thread: of the current warp if there is one and `any` is not set, else of the first warp in the block's order that has one.
inline __attribute__((always_inline)) bool Worker::pick(unsigned &thread, bool &fresh, bool any) {
    unsigned w = current / WARP;
    Warp *warp = &warps[w];
    if (any || !(warp->ready | warp->unstarted)) {
        unsigned i = 0;
        for (; i < warpCount; i++) {
            w = order[i];
            warp = &warps[w];
            if (warp->ready | warp->unstarted)
                break;
        }
        if (i == warpCount)
            return false;
    }
    unsigned lane = oneOf(warp->ready | warp->unstarted, descending);
    fresh = warp->unstarted >> lane & 1;
    (fresh ? warp->unstarted : warp->ready) &= ~(1u << lane);
    thread = w * WARP + lane;
    return true;
}

// Switches to `thread`, which waits or has not begun.
inline __attribute__((always_inline)) void Worker::go(unsigned thread, bool fresh) {
    current = thread;
    grid->link->self = &threads[thread];
    Fiber *next;
    if (!fresh) {
        next = of[thread];
    } else {
        next = freshFiber();
    }
    Fiber *from = now;
    if (next != from) {
        now = next;
        from->switchTo(*next);
    }
}

Fiber *Worker::freshFiber() {
    if (idle.empty()) {
        fibers.push_back(std::make_unique<Fiber>(stacks.next()));
        fibers.back()->prepare(entry, this);
        idle.push_back(fibers.back().get());
    }
    Fiber *fiber = idle.back();
    idle.pop_back();
    return fiber;
}

__attribute__((noinline)) void Worker::goFirst() {
    unsigned first = 0;
    bool fresh = false;
    pick(first, fresh, true);
    go(first, fresh);
}

void Worker::entry(void *worker) {
    Worker *self = static_cast<Worker *>(worker);
#ifdef __SANITIZE_ADDRESS__
    self->now->arrived();
#endif
    self->loop();
}

// Runs threads that have not begun, one after another, as long as there are; else leaves its stack for whoever can go on.
void Worker::loop() {
    Fiber *self = now;
    for (;;) {
        grid->invoke(grid->arguments);
        finished();
        unsigned next;
        bool fresh;
        if (pick(next, fresh, false)) {
            if (fresh) {
                current = next;
                grid->link->self = &threads[next];
                continue;
            }
            idle.push_back(self);
            go(next, false);
        } else if (alive) {
            fail(CUDA_ERROR_LAUNCH_FAILED, "no thread can go on: " + waiting());
        } else {
            idle.push_back(self);
            now = &main;
            self->switchTo(main);
        }
    }
}

// The current thread waits; returns when it may go on.
inline __attribute__((always_inline)) void Worker::wait() {
    of[current] = now;
    unsigned next;
    bool fresh;
    if (!pick(next, fresh, false))
        fail(CUDA_ERROR_LAUNCH_FAILED, "no thread can go on: " + waiting());
    go(next, fresh);
}

inline __attribute__((always_inline)) void Worker::finished() {
    Warp &warp = warps[current / WARP];
    warp.exited |= 1u << current % WARP;
    alive--;
    for (unsigned g = 0; g < warp.groupCount;) { // those who waited for this one need not any more
        Group &group = warp.groups[g];
        if ((group.mask & warp.exists & ~warp.exited) == group.arrived) {
            unsigned woken = group.arrived;
            complete(warp, g);
            warp.ready |= woken;
        } else {
            g++;
        }
    }
    if (barrierArrived && barrierArrived == alive)
        releaseBarrier();
}

// ---- barriers ----

void Worker::releaseBarrier() {
    switch (barrierKind) {
    case CRANE_SOFT_SYNC_AND:
        barrierResult = barrierCount == static_cast<int>(barrierArrived);
        break;
    case CRANE_SOFT_SYNC_OR:
        barrierResult = barrierCount != 0;
        break;
    default:
        barrierResult = barrierCount;
    }
    barrierArrived = 0;
    barrierCount = 0;
    for (unsigned w = 0; w < warpCount; w++) {
        warps[w].ready |= warps[w].exists & ~warps[w].exited;
    }
}

int Worker::barrier(CraneSoftBarrier kind, int predicate, CraneSoftPlace place) {
    if (barrierArrived == 0) {
        barrierKind = kind;
        barrierPlace = place;
        barrierFirst = current;
    } else if (kind != barrierKind || place.line != barrierPlace.line
            || (place.file != barrierPlace.file && strcmp(place.file, barrierPlace.file))) {
        fail(CUDA_ERROR_LAUNCH_FAILED,
                "diverged: it is at the barrier at " + text(place) + " while thread " + text(threads[barrierFirst].index)
                        + " is at the one at " + text(barrierPlace));
    }
    barrierArrived++;
    barrierCount += predicate;
    if (barrierArrived == alive) { // all are there; who goes on first is chosen as ever
        releaseBarrier();
        of[current] = now;
        unsigned next = 0, self = current;
        bool fresh = false;
        pick(next, fresh, true);
        if (next != self)
            go(next, fresh);
    } else {
        wait();
    }
    return barrierResult;
}

// ---- shuffles and votes ----

// All lanes of the group are there: what each of them gets. Takes the group off the list.
void Worker::complete(Warp &warp, unsigned g) {
    Group group = warp.groups[g];
    warp.groups[g] = warp.groups[--warp.groupCount];
    if (group.kind == CRANE_SOFT_SHUFFLE) {
        for (unsigned rest = group.arrived; rest; rest &= rest - 1) {
            unsigned lane = __builtin_ctz(rest), source = warp.source[lane];
            if (!(group.arrived >> source & 1)) {
                unsigned w = static_cast<unsigned>(&warp - warps.data());
                current = w * WARP + lane;
                fail(CUDA_ERROR_LAUNCH_FAILED,
                        "shuffle at " + text(warp.place[lane]) + " reads lane " + std::to_string(source) + ", which is not active: mask "
                                + hex(group.mask) + (group.mask >> source & 1 ? ", but that lane has ended or does not exist" : ""));
            }
            warp.result[lane] = warp.value[source];
        }
        return;
    }
    unsigned ballot = 0;
    for (unsigned rest = group.arrived; rest; rest &= rest - 1) {
        unsigned lane = __builtin_ctz(rest);
        ballot |= static_cast<unsigned>(warp.value[lane] & 1) << lane;
    }
    unsigned long long result = group.kind == CRANE_SOFT_BALLOT ? ballot
            : group.kind == CRANE_SOFT_ANY                      ? ballot != 0
                                                                : ballot == group.arrived;
    for (unsigned rest = group.arrived; rest; rest &= rest - 1)
        warp.result[__builtin_ctz(rest)] = result;
}

unsigned long long Worker::warpOp(CraneSoftWarpOp kind, unsigned mask, unsigned long long value, unsigned source, CraneSoftPlace place) {
    unsigned lane = current % WARP, bit = 1u << lane;
    Warp &warp = warps[current / WARP];
    if (!(mask & bit))
        fail(CUDA_ERROR_LAUNCH_FAILED,
                std::string(name(kind)) + " at " + text(place) + " with mask " + hex(mask) + ", which leaves out its own lane "
                        + std::to_string(lane));
    warp.value[lane] = value;
    warp.source[lane] = source % WARP;
    warp.place[lane] = place;
    unsigned g = 0;
    while (g < warp.groupCount && (warp.groups[g].kind != kind || warp.groups[g].mask != mask))
        g++;
    if (g == warp.groupCount)
        warp.groups[warp.groupCount++] = {kind, mask, 0};
    warp.groups[g].arrived |= bit;
    unsigned awaited = mask & warp.exists & ~warp.exited;
    if (warp.groups[g].arrived == awaited) {
        complete(warp, g);
        warp.ready |= awaited & ~bit; // this one goes on at once
    } else {
        wait();
    }
    return warp.result[lane];
}

// ---- what goes wrong ----

// Gives up the block: goes back to run(), from where no thread of it is ever resumed.
void Worker::fail(int code, const std::string &what) {
    failure = {code, "kernel " + std::string(grid->kernel) + ", " + nameOf(current) + ": " + what};
    ok = false;
    Fiber *from = now;
    now = &main;
    from->switchTo(main);
    __builtin_unreachable();
}

void Worker::fault(int signal, const void *address) {
    bool memory = signal == SIGSEGV || signal == SIGBUS;
    const char *what = memory  ? "touched memory that is not the device's, at "
            : signal == SIGFPE ? "divided an integer by 0, at "
                               : "ran an illegal instruction, at ";
    failure = {memory ? CUDA_ERROR_ILLEGAL_ADDRESS : CUDA_ERROR_ILLEGAL_INSTRUCTION,
            "kernel " + std::string(grid->kernel) + ", " + nameOf(current) + ": " + what
                    + hex(reinterpret_cast<unsigned long long>(address))};
    ok = false;
    now = &main;
    siglongjmp(escape, 1);
}

std::string Worker::waiting() const {
    std::string result;
    unsigned lines = 0;
    auto line = [&](const std::string &s) {
        if (lines++ < 8)
            result += (result.empty() ? "" : "; ") + s;
    };
    if (barrierArrived)
        line(std::to_string(barrierArrived) + " of " + std::to_string(alive) + " threads wait at the barrier at " + text(barrierPlace));
    for (unsigned w = 0; w < warpCount; w++) {
        const Warp &warp = warps[w];
        for (unsigned g = 0; g < warp.groupCount; g++) {
            const Group &group = warp.groups[g];
            unsigned first = __builtin_ctz(group.arrived), missing = group.mask & warp.exists & ~warp.exited & ~group.arrived;
            line("warp " + std::to_string(w) + ": lanes " + hex(group.arrived) + " wait in the " + name(group.kind) + " at "
                    + text(warp.place[first]) + " with mask " + hex(group.mask) + " for lanes " + hex(missing));
        }
    }
    return result;
}

struct Calls {
    static Worker *of(void *worker) { return static_cast<Worker *>(worker); }
    static int barrier(void *w, CraneSoftBarrier kind, int predicate, CraneSoftPlace place) {
        return of(w)->barrier(kind, predicate, place);
    }
    static unsigned long long warp(
            void *w, CraneSoftWarpOp kind, unsigned mask, unsigned long long value, unsigned source, CraneSoftPlace place) {
        return of(w)->warpOp(kind, mask, value, source, place);
    }
    static unsigned activeMask(void *w) {
        Worker *worker = of(w);
        const Worker::Warp &warp = worker->warps[worker->current / Worker::WARP];
        return warp.exists & ~warp.exited;
    }
    static void trap(void *w, CraneSoftPlace place) { of(w)->fail(CUDA_ERROR_LAUNCH_FAILED, "__trap at " + text(place)); }
    static void misaligned(void *w, const void *address, unsigned long alignment, CraneSoftPlace place) {
        of(w)->fail(CUDA_ERROR_MISALIGNED_ADDRESS,
                "an access at " + text(place) + " to " + hex(reinterpret_cast<unsigned long long>(address))
                        + ", which is not a multiple of " + std::to_string(alignment));
    }
};

const CraneSoftRuntime Worker::RUNTIME = {Calls::barrier, Calls::warp, Calls::activeMask, Calls::trap, Calls::misaligned};

} // namespace crane::soft
