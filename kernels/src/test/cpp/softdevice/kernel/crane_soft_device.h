// The shim through which g++ compiles a .cu file for the software device; it is included before everything else.
//
// It stands in for what nvcc and NVRTC know without any header: qualifiers, vector types, thread indices, barriers, shuffles and votes,
// integer atomics, and the mathematical functions. What it does not define a kernel may not use.
#ifndef CRANE_SOFT_DEVICE_H
#define CRANE_SOFT_DEVICE_H

#define CRANE_SOFT_DEVICE 1
#define __CUDACC__ 1
#define __CUDACC_RTC__ 1

#include "crane_soft_link.h"

// The link is written between two threads' turns, never during one; so each thread may keep what it once read of itself.
static CraneSoftLink crane_soft_link asm("crane_soft_link") __attribute__((section(".data"), used));

static inline __attribute__((always_inline)) const CraneSoftThread &crane_soft_self() {
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
    const CraneSoftThread *self;
    asm("movq crane_soft_link(%%rip), %0" : "=r"(self)); // not volatile: the compiler may merge two of these
    return *self;
#else
    return *crane_soft_link.self;
#endif
}

// ---- qualifiers (__global__ and __launch_bounds__ are taken out of the text before it is compiled) ----

#define __device__
#define __host__
#define __constant__ static const
#define __shared__ static __attribute__((used)) // used: others write it while a thread waits, so nothing may be known of its contents
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(n) __attribute__((aligned(n)))
#define CRANE_DYNAMIC_SHARED(type, name) type *const name = reinterpret_cast<type *>(crane_soft_link.dynamicShared)

#include "crane_soft_types.h"

#define threadIdx (crane_soft_self().index)
#define blockIdx (crane_soft_link.block)
#define blockDim (crane_soft_link.blockSize)
#define gridDim (crane_soft_link.gridSize)
constexpr int warpSize = 32;

#include "crane_soft_math.h"
#include "crane_soft_sync.h"

// ---- what the device has to know of a kernel ----

template <class T> struct crane_soft_is_pointer {
    static constexpr bool value = false;
};
template <class T> struct crane_soft_is_pointer<T *> {
    static constexpr bool value = true;
};

template <auto kernel> struct CraneSoftEntry;

template <class... P, void (*kernel)(P...)> struct CraneSoftEntry<kernel> {
    static constexpr unsigned count = sizeof...(P);

    struct Layout {
        CraneSoftParameter parameter[count + 1];
        unsigned bytes;
    };

    // Each parameter at the next multiple of its alignment, as in the parameter space of a real kernel.
    static constexpr Layout layout() {
        Layout result{};
        unsigned size[] = {sizeof(P)..., 0}, alignment[] = {alignof(P)..., 1};
        bool pointer[] = {crane_soft_is_pointer<P>::value..., false};
        for (unsigned i = 0; i < count; i++) {
            unsigned offset = (result.bytes + alignment[i] - 1) / alignment[i] * alignment[i];
            result.parameter[i] = {offset, size[i], pointer[i]};
            result.bytes = offset + size[i];
        }
        return result;
    }

    static constexpr Layout parameters = layout();

    template <int... I> struct Places {};
    template <int n, int... I> struct Count : Count<n - 1, n - 1, I...> {};
    template <int... I> struct Count<0, I...> {
        using places = Places<I...>;
    };

    template <class T> static T at(const char *arguments, unsigned offset) {
        static_assert(__is_trivially_copyable(T), "a kernel's parameter must be trivially copyable");
        alignas(T) char bytes[sizeof(T)];
        __builtin_memcpy(bytes, arguments + offset, sizeof(T));
        return *reinterpret_cast<T *>(bytes);
    }

    template <int... I> static void call(const char *arguments, Places<I...>) {
        kernel(at<P>(arguments, parameters.parameter[I].offset)...);
    }

    static void invoke(const char *arguments) { call(arguments, typename Count<(int)count>::places{}); }
};

#endif
