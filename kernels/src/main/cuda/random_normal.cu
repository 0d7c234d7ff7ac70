// Normally distributed numbers for benchmarks: x[i] = scale · z_i, z_i from Box and Muller's transform of a counter-based generator (two rounds of the
// 64-bit mixer of Steele, Lea and Flood's SplitMix64 on seed and index), so that element i depends on seed and i alone.
//
// `count` elements. Launch: a thread per 8 elements, 256 threads a block. Bound by bytes written and, in f32, by arithmetic.
#include "crane.cuh"

CRANE_DEVICE unsigned long long mixed(unsigned long long x) {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ x >> 27) * 0x94d049bb133111ebull;
    return x ^ x >> 31;
}

// Two independent standard normal numbers.
CRANE_DEVICE float2 normal_pair(unsigned long long seed, unsigned long long index) {
    unsigned long long bits = mixed(mixed(seed + 0x9e3779b97f4a7c15ull) + index * 0x9e3779b97f4a7c15ull);
    float u = ((float)(unsigned)(bits >> 40) + 1.f) * 5.9604644775390625e-8f; // (0, 1]: 24 bits
    float v = (float)(unsigned)(bits >> 8 & 0xffffff) * 5.9604644775390625e-8f; // [0, 1)
    float radius = sqrtf(-2.f * logf(u)), angle = 6.283185307179586f * v;
    return float2{radius * cosf(angle), radius * sinf(angle)};
}

template <class T> CRANE_DEVICE void random_normal(T* x, long long count, float scale, long long seed) {
    constexpr int V = 8;
    long long at = ((long long)blockIdx.x * blockDim.x + threadIdx.x) * V;
    if (at >= count)
        return;
    float values[V];
#pragma unroll
    for (int i = 0; i < V; i += 2) {
        float2 z = normal_pair((unsigned long long)seed, (unsigned long long)(at + i) / 2);
        values[i] = scale * z.x, values[i + 1] = scale * z.y;
    }
    if (at + V <= count && whole_vectors<V>(V, x))
        store_vector(x + at, values);
    else
#pragma unroll
        for (int i = 0; i < V; i++)
            if (at + i < count)
                store(x + at + i, values[i]);
}

extern "C" __global__ void __launch_bounds__(256) random_normal_f32(float* x, long long count, float scale, long long seed) {
    random_normal(x, count, scale, seed);
}

extern "C" __global__ void __launch_bounds__(256) random_normal_bf16(bf16* x, long long count, float scale, long long seed) {
    random_normal(x, count, scale, seed);
}
