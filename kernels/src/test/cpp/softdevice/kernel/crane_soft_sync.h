// Barriers, shuffles and votes. Each knows the place in the source it stands at, which a report of a deadlock or a divergence names.
#ifndef CRANE_SOFT_SYNC_H
#define CRANE_SOFT_SYNC_H

#define CRANE_SOFT_CALLER                                                                                                                  \
    int line = __builtin_LINE(), const char *file = __builtin_FILE() // of the call: default arguments are evaluated there
#define CRANE_SOFT_HERE                                                                                                                    \
    CraneSoftPlace { file, line }

static inline void __syncthreads(CRANE_SOFT_CALLER) {
    crane_soft_link.runtime->barrier(crane_soft_link.worker, CRANE_SOFT_SYNC, 0, CRANE_SOFT_HERE);
}
static inline int __syncthreads_count(int predicate, CRANE_SOFT_CALLER) {
    return crane_soft_link.runtime->barrier(crane_soft_link.worker, CRANE_SOFT_SYNC_COUNT, predicate != 0, CRANE_SOFT_HERE);
}
static inline int __syncthreads_and(int predicate, CRANE_SOFT_CALLER) {
    return crane_soft_link.runtime->barrier(crane_soft_link.worker, CRANE_SOFT_SYNC_AND, predicate != 0, CRANE_SOFT_HERE);
}
static inline int __syncthreads_or(int predicate, CRANE_SOFT_CALLER) {
    return crane_soft_link.runtime->barrier(crane_soft_link.worker, CRANE_SOFT_SYNC_OR, predicate != 0, CRANE_SOFT_HERE);
}

static inline unsigned __ballot_sync(unsigned mask, int predicate, CRANE_SOFT_CALLER) {
    return (unsigned)crane_soft_link.runtime->warp(crane_soft_link.worker, CRANE_SOFT_BALLOT, mask, predicate != 0, 0, CRANE_SOFT_HERE);
}
static inline int __any_sync(unsigned mask, int predicate, CRANE_SOFT_CALLER) {
    return (int)crane_soft_link.runtime->warp(crane_soft_link.worker, CRANE_SOFT_ANY, mask, predicate != 0, 0, CRANE_SOFT_HERE);
}
static inline int __all_sync(unsigned mask, int predicate, CRANE_SOFT_CALLER) {
    return (int)crane_soft_link.runtime->warp(crane_soft_link.worker, CRANE_SOFT_ALL, mask, predicate != 0, 0, CRANE_SOFT_HERE);
}
static inline void __syncwarp(unsigned mask = 0xffffffffu, CRANE_SOFT_CALLER) {
    crane_soft_link.runtime->warp(crane_soft_link.worker, CRANE_SOFT_SYNCWARP, mask, 0, 0, CRANE_SOFT_HERE);
}
static inline unsigned __activemask() { return crane_soft_link.runtime->activeMask(crane_soft_link.worker); }

template <class T> static inline T crane_soft_shuffle(unsigned mask, T value, unsigned source, CraneSoftPlace here) {
    static_assert(sizeof(T) <= 8 && __is_trivially_copyable(T), "a shuffle moves up to eight bytes");
    unsigned long long bits = 0;
    __builtin_memcpy(&bits, &value, sizeof(T));
    bits = crane_soft_link.runtime->warp(crane_soft_link.worker, CRANE_SOFT_SHUFFLE, mask, bits, source, here);
    __builtin_memcpy(&value, &bits, sizeof(T));
    return value;
}

// The lane each shuffle reads from; at a segment's edge a thread reads its own value.
template <class T> static inline T __shfl_sync(unsigned mask, T value, int source, int width = 32, CRANE_SOFT_CALLER) {
    unsigned lane = crane_soft_self().lane, segment = lane & ~(unsigned)(width - 1);
    return crane_soft_shuffle(mask, value, segment | ((unsigned)source & (unsigned)(width - 1)), CRANE_SOFT_HERE);
}
template <class T> static inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, CRANE_SOFT_CALLER) {
    unsigned lane = crane_soft_self().lane, segment = lane & ~(unsigned)(width - 1);
    return crane_soft_shuffle(mask, value, lane < segment + delta ? lane : lane - delta, CRANE_SOFT_HERE);
}
template <class T> static inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, CRANE_SOFT_CALLER) {
    unsigned lane = crane_soft_self().lane, last = lane | (unsigned)(width - 1);
    return crane_soft_shuffle(mask, value, lane + delta > last ? lane : lane + delta, CRANE_SOFT_HERE);
}
template <class T> static inline T __shfl_xor_sync(unsigned mask, T value, int flip, int width = 32, CRANE_SOFT_CALLER) {
    unsigned lane = crane_soft_self().lane, last = lane | (unsigned)(width - 1), source = lane ^ (unsigned)flip;
    return crane_soft_shuffle(mask, value, source > last ? lane : source, CRANE_SOFT_HERE);
}

static inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
static inline void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
static inline void __trap(CRANE_SOFT_CALLER) { crane_soft_link.runtime->trap(crane_soft_link.worker, CRANE_SOFT_HERE); }

// What the compiler's check of alignments calls before an access that a GPU would refuse; it knows the place.
struct CraneSoftMismatch {
    const char *file;
    unsigned line, column;
    const void *type;
    unsigned char logAlignment, kind;
};
extern "C" __attribute__((used, visibility("hidden"), noinline)) void __ubsan_handle_type_mismatch_v1(
        CraneSoftMismatch *what, unsigned long address) {
    crane_soft_link.runtime->misaligned(
            crane_soft_link.worker, (const void *)address, 1ul << what->logAlignment, CraneSoftPlace{what->file, (int)what->line});
}

#endif
