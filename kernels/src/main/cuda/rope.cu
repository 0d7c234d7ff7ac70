// Rotary positions, half-split: with r = half and p = positions[t], in each head of width headDim, for i < r:
//     (x_i, x_{i+r}) → (x_i·cos[p, i] − x_{i+r}·sin[p, i],  x_{i+r}·cos[p, i] + x_i·sin[p, i])
// Components from 2r on stay as they are (partial rotation). `inverse` rotates back, which is also the backward.
//
// x and out [N, heads·headDim], out may be x; cos, sin [positions, half] f32.
// Launch: a thread per 4 pairs (f32) or 8 (bf16), 256 threads a block. When out is not x the rest of each head is copied by the threads of
// its first pairs.
// Bound by bytes: 2 read and 2 written an element (bf16), the tables come from L2; 4,096 × 4,096: 67 MB, 16 µs at 4.3 TB/s.
#include "crane.cuh"

template <class T, bool whole> CRANE_DEVICE void rope(const T* x, T* out, int tokens, int heads, int headDim, int half, const int* positions,
                                                      const float* cos, const float* sin, int inverse) {
    constexpr int V = PACKET<T>;
    unsigned pieces = (half + V - 1) / V;
    unsigned piece = blockIdx.x * blockDim.x + threadIdx.x;
    unsigned head = piece / pieces;
    int at = (int)(piece % pieces) * V, t = (int)(head / heads);
    if (t >= tokens)
        return;
    const T* from = x + (long long)head * headDim;
    T* to = out + (long long)head * headDim;
    long long angle = (long long)positions[t] * half;
    float a[V], b[V], c[V], s[V], first[V], second[V];
    load<whole>(from, at, half, a);
    load<whole>(from + half, at, half, b);
    load<whole>(cos + angle, at, half, c);
    load<whole>(sin + angle, at, half, s);
#pragma unroll
    for (int i = 0; i < V; i++) {
        float sine = inverse ? -s[i] : s[i];
        first[i] = a[i] * c[i] - b[i] * sine;
        second[i] = b[i] * c[i] + a[i] * sine;
    }
    store<whole>(to, at, half, first);
    store<whole>(to + half, at, half, second);
    if (out != x && at == 0)
        for (int i = 2 * half; i < headDim; i++)
            to[i] = from[i];
}

template <class T> CRANE_DEVICE void rope_any(const T* x, T* out, int tokens, int heads, int headDim, int half, const int* positions,
                                              const float* cos, const float* sin, int inverse) {
    if (headDim % PACKET<T> == 0 && whole_vectors<PACKET<T>>(half, x, out, cos, sin))
        rope<T, true>(x, out, tokens, heads, headDim, half, positions, cos, sin, inverse);
    else
        rope<T, false>(x, out, tokens, heads, headDim, half, positions, cos, sin, inverse);
}

extern "C" __global__ void __launch_bounds__(256) rope_f32(const float* x, float* out, int tokens, int heads, int headDim, int half,
                                                           const int* positions, const float* cos, const float* sin, int inverse) {
    rope_any(x, out, tokens, heads, headDim, half, positions, cos, sin, inverse);
}

extern "C" __global__ void __launch_bounds__(256) rope_bf16(const bf16* x, bf16* out, int tokens, int heads, int headDim, int half,
                                                            const int* positions, const float* cos, const float* sin, int inverse) {
    rope_any(x, out, tokens, heads, headDim, half, positions, cos, sin, inverse);
}
