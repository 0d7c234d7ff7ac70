// What a compiled kernel and the software device know of each other: the only place where both agree on a layout.
//
// A module (one .cu, compiled by g++ to a shared library) is loaded once per worker, so that what is `static` in it belongs to one worker:
// its static shared memory, and the link below, through which a running thread finds itself. No thread-local storage is involved, and no
// symbol of the module is left for the dynamic loader to resolve.
#ifndef CRANE_SOFT_LINK_H
#define CRANE_SOFT_LINK_H

struct CraneSoftIndex {
    unsigned x, y, z;
};

// One thread of a block, as the kernel sees it.
struct CraneSoftThread {
    CraneSoftIndex index;
    unsigned lane;
};

// Where a thread stands when it waits: the place in the source.
struct CraneSoftPlace {
    const char *file;
    int line;
};

enum CraneSoftBarrier { CRANE_SOFT_SYNC, CRANE_SOFT_SYNC_COUNT, CRANE_SOFT_SYNC_AND, CRANE_SOFT_SYNC_OR };
enum CraneSoftWarpOp { CRANE_SOFT_SHUFFLE, CRANE_SOFT_BALLOT, CRANE_SOFT_ANY, CRANE_SOFT_ALL, CRANE_SOFT_SYNCWARP };

// What a kernel calls. `worker` is what the link holds.
struct CraneSoftRuntime {
    int (*barrier)(void *worker, CraneSoftBarrier kind, int predicate, CraneSoftPlace place);
    // The value of lane `source`, or for votes what the lanes of the mask have agreed on.
    unsigned long long (*warp)(
            void *worker, CraneSoftWarpOp kind, unsigned mask, unsigned long long value, unsigned source, CraneSoftPlace place);
    unsigned (*activeMask)(void *worker);
    void (*trap)(void *worker, CraneSoftPlace place);
    void (*misaligned)(void *worker, const void *address, unsigned long alignment, CraneSoftPlace place);
};

struct CraneSoftLink {
    CraneSoftThread *self;
    void *worker;
    const CraneSoftRuntime *runtime;
    void *dynamicShared;
    CraneSoftIndex block, blockSize, gridSize;
};

struct CraneSoftParameter {
    unsigned offset, size;
    bool pointer;
};

struct CraneSoftKernel {
    const char *name;
    void (*invoke)(const char *arguments); // laid out as the parameters say
    const CraneSoftParameter *parameters;
    unsigned parameterCount, parameterBytes, maxThreads;
};

// The one symbol a module exports, `crane_soft_module`.
struct CraneSoftModule {
    unsigned long long abi; // CRANE_SOFT_ABI of the device it was compiled for
    CraneSoftLink *link;
    char *sharedBegin, *sharedEnd; // static shared memory of all its kernels
    const CraneSoftKernel *kernels;
    unsigned kernelCount;
};

#endif
