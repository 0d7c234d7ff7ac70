// Streaming captures: out[b, i] = a reduction of x[t, i] over the tokens t of sequence b: mean, mean of |x|, largest value, number of values > 0,
// Euclidean norm.
//
// x [N, width], offsets [B + 1], out [B, width] f32. The mean of no tokens is NaN, their maximum −∞; a NaN among the values is the maximum.
// Order and launch: segments.cuh. Bound by bytes: x read once; 4,096 × 11,008 bf16: 90 MB, 21 µs at 4.3 TB/s.
#include "segments.cuh"

enum Reduction { MEAN = 0, MEAN_ABS = 1, MAX = 2, COUNT_POSITIVE = 3, NORM = 4 };

CRANE_DEVICE float larger(float a, float b) { return a > b || a != a ? a : b; }

template <class T, bool whole> CRANE_DEVICE void segment_max(const T* x, const int* offsets, int width, float* out) {
    constexpr int V = PACKET<T>;
    int vector = threadIdx.x % COLUMN_VECTORS, lane = threadIdx.x / COLUMN_VECTORS;
    int at = (blockIdx.x * COLUMN_VECTORS + vector) * V, end = offsets[blockIdx.y + 1];
    float best[V];
#pragma unroll
    for (int i = 0; i < V; i++)
        best[i] = -infinity();
    if (at < width)
#pragma unroll 4
        for (int t = offsets[blockIdx.y] + lane; t < end; t += TOKEN_LANES) {
            float a[V];
            load<whole>(x + (long long)t * width, at, width, a);
#pragma unroll
            for (int i = 0; i < V; i++)
                best[i] = larger(best[i], a[i]);
        }
    store_joined_lanes(best, width, out, larger, [](float max) { return max; });
}

template <class T, bool whole> CRANE_DEVICE void segment_reduce(const T* x, const int* offsets, int width, int reduction, float* out) {
    constexpr int V = PACKET<T>;
    if (reduction == MAX) {
        segment_max<T, whole>(x, offsets, width, out);
        return;
    }
    int tokens = offsets[blockIdx.y + 1] - offsets[blockIdx.y];
    sum_over_tokens<V>(
            offsets, width, out,
            [&](int t, int at, float (&part)[V]) {
                float a[V];
                load<whole>(x + (long long)t * width, at, width, a);
#pragma unroll
                for (int i = 0; i < V; i++)
                    part[i] += reduction == MEAN       ? a[i]
                               : reduction == MEAN_ABS ? fabsf(a[i])
                               : reduction == NORM     ? a[i] * a[i]
                                                       : (a[i] > 0.f ? 1.f : 0.f);
            },
            [&](double sum) { return reduction == COUNT_POSITIVE ? sum : reduction == NORM ? sqrt(sum) : sum / tokens; });
}

template <class T> CRANE_DEVICE void segment_reduce_any(const T* x, const int* offsets, int width, int reduction, float* out) {
    if (whole_vectors<PACKET<T>>(width, x))
        segment_reduce<T, true>(x, offsets, width, reduction, out);
    else
        segment_reduce<T, false>(x, offsets, width, reduction, out);
}

extern "C" __global__ void __launch_bounds__(256) segment_reduce_f32(const float* x, const int* offsets, int width, int reduction, float* out) {
    segment_reduce_any(x, offsets, width, reduction, out);
}

extern "C" __global__ void __launch_bounds__(256) segment_reduce_bf16(const bf16* x, const int* offsets, int width, int reduction, float* out) {
    segment_reduce_any(x, offsets, width, reduction, out);
}
