// Embedding: out[t, :] = scale · table[ids[t], :].
//
// table [vocabulary, width] as stored (f32, bf16 or f16), ids [N] below vocabulary (the host checks), out [N, width] f32: the residual stream.
// Launch: a thread per 4 elements, 256 threads a block.
// Bound by bytes: 4 written and 2 (bf16) read an element. 4,096 tokens × 4,096: 101 MB, 24 µs at 4.3 TB/s.
#include "crane.cuh"

template <class T, bool whole> CRANE_DEVICE void embed(const T* table, const int* ids, int tokens, int width, float scale, float* out) {
    constexpr int V = 4;
    unsigned pieces = (width + V - 1) / V;
    unsigned piece = blockIdx.x * blockDim.x + threadIdx.x;
    int t = (int)(piece / pieces), at = (int)(piece % pieces) * V;
    if (t >= tokens)
        return;
    float x[V];
    load<whole>(table + (long long)ids[t] * width, at, width, x);
#pragma unroll
    for (int i = 0; i < V; i++)
        x[i] *= scale;
    store<whole>(out + (long long)t * width, at, width, x);
}

template <class T> CRANE_DEVICE void embed_any(const T* table, const int* ids, int tokens, int width, float scale, float* out) {
    if (whole_vectors<4>(width, table, out))
        embed<T, true>(table, ids, tokens, width, scale, out);
    else
        embed<T, false>(table, ids, tokens, width, scale, out);
}

extern "C" __global__ void __launch_bounds__(256) embed_f32(const float* table, const int* ids, int tokens, int width, float scale, float* out) {
    embed_any(table, ids, tokens, width, scale, out);
}

extern "C" __global__ void __launch_bounds__(256) embed_bf16(const bf16* table, const int* ids, int tokens, int width, float scale, float* out) {
    embed_any(table, ids, tokens, width, scale, out);
}

extern "C" __global__ void __launch_bounds__(256) embed_f16(const f16* table, const int* ids, int tokens, int width, float scale, float* out) {
    embed_any(table, ids, tokens, width, scale, out);
}
