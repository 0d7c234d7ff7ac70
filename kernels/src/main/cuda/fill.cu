// Sets every one of `count` elements.
//
// Launch: a thread per 16 bytes, 256 threads a block. Bound by bytes written.
#include "crane.cuh"

template <class T> CRANE_DEVICE void fill(T* x, long long count, float value) {
    constexpr int V = PACKET<T>;
    long long at = ((long long)blockIdx.x * blockDim.x + threadIdx.x) * V;
    if (at + V <= count && whole_vectors<V>(V, x)) {
        float values[V];
#pragma unroll
        for (int i = 0; i < V; i++)
            values[i] = value;
        store_vector(x + at, values);
    } else
        for (long long i = at; i < at + V && i < count; i++)
            store(x + i, value);
}

extern "C" __global__ void __launch_bounds__(256) fill_f32(float* x, long long count, float value) { fill(x, count, value); }

extern "C" __global__ void __launch_bounds__(256) fill_bf16(bf16* x, long long count, float value) { fill(x, count, value); }
