// Single logits, without the vocabulary product: result[i] = h[rows[i], :] · head[tokens[i], :].
//
// h [N, width] f32 or bf16, head [vocabulary, width] as stored; rows, tokens, result [count]. Sums in f64, by lane, then over the warp.
// Kernels are named target_logits_HEAD_H. Launch: 8 targets to a block of 256 threads, a warp each.
// Bound by bytes: two rows a target, scattered; 4,096 targets × 4,096, bf16: 67 MB, 16 µs at 4.3 TB/s.
#include "crane.cuh"

template <class W, class T, bool whole>
CRANE_DEVICE void target_logits(const W* head, const T* h, const int* rows, const int* tokens, int count, int width, float* result) {
    constexpr int V = 4;
    int target = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32, lane = threadIdx.x % 32;
    if (target >= count)
        return;
    head += (long long)tokens[target] * width;
    h += (long long)rows[target] * width;
    double sum = 0;
#pragma unroll 8
    for (int at = lane * V; at < width; at += 32 * V) {
        float a[V], b[V], part = 0.f;
        load<whole>(head, at, width, a);
        load<whole>(h, at, width, b);
#pragma unroll
        for (int i = 0; i < V; i++)
            part = whole || at + i < width ? __fmaf_rn(a[i], b[i], part) : part;
        sum += part;
    }
    sum = warp_sum(sum);
    if (lane == 0)
        result[target] = (float)sum;
}

template <class W, class T>
CRANE_DEVICE void target_logits_any(const W* head, const T* h, const int* rows, const int* tokens, int count, int width, float* result) {
    if (whole_vectors<4>(width, head, h))
        target_logits<W, T, true>(head, h, rows, tokens, count, width, result);
    else
        target_logits<W, T, false>(head, h, rows, tokens, count, width, result);
}

extern "C" __global__ void __launch_bounds__(256)
target_logits_f32_f32(const float* head, const float* h, const int* rows, const int* tokens, int count, int width, float* result) {
    target_logits_any(head, h, rows, tokens, count, width, result);
}

extern "C" __global__ void __launch_bounds__(256)
target_logits_bf16_f32(const bf16* head, const float* h, const int* rows, const int* tokens, int count, int width, float* result) {
    target_logits_any(head, h, rows, tokens, count, width, result);
}

extern "C" __global__ void __launch_bounds__(256)
target_logits_f16_f32(const f16* head, const float* h, const int* rows, const int* tokens, int count, int width, float* result) {
    target_logits_any(head, h, rows, tokens, count, width, result);
}

extern "C" __global__ void __launch_bounds__(256)
target_logits_f32_bf16(const float* head, const bf16* h, const int* rows, const int* tokens, int count, int width, float* result) {
    target_logits_any(head, h, rows, tokens, count, width, result);
}

extern "C" __global__ void __launch_bounds__(256)
target_logits_bf16_bf16(const bf16* head, const bf16* h, const int* rows, const int* tokens, int count, int width, float* result) {
    target_logits_any(head, h, rows, tokens, count, width, result);
}

extern "C" __global__ void __launch_bounds__(256)
target_logits_f16_bf16(const f16* head, const bf16* h, const int* rows, const int* tokens, int count, int width, float* result) {
    target_logits_any(head, h, rows, tokens, count, width, result);
}
