// Backward of target_logits: dh = 0, then dh[rows[i], :] += coefficients[i] · head[tokens[i], :], in ascending i.
//
// The host hands the targets over grouped by row: row t of dh has the targets first[t] to first[t + 1] − 1 of `tokens` and `coefficients`, each
// group in ascending i. head [vocabulary, width] as stored, dh [N, width] f32 or bf16: every row is written, those without a target with 0.
// Kernels are named target_logits_backward_HEAD_DH. Launch: a thread per 4 elements of dh, 256 threads a block.
// Bound by bytes: one row of head read a target, dh written; 4,096 × 4,096, bf16: 67 MB, 16 µs at 4.3 TB/s.
#include "crane.cuh"

template <class W, class T, bool whole> CRANE_DEVICE void target_logits_backward(const W* head, const int* first, const int* tokens,
                                                                                 const float* coefficients, int rows, int width, T* dh) {
    constexpr int V = 4;
    unsigned pieces = (width + V - 1) / V;
    unsigned piece = blockIdx.x * blockDim.x + threadIdx.x;
    int t = (int)(piece / pieces), at = (int)(piece % pieces) * V;
    if (t >= rows)
        return;
    float sum[V] = {};
    for (int i = first[t]; i < first[t + 1]; i++) {
        float a[V], coefficient = coefficients[i];
        load<whole>(head + (long long)tokens[i] * width, at, width, a);
#pragma unroll
        for (int j = 0; j < V; j++)
            sum[j] = __fmaf_rn(coefficient, a[j], sum[j]);
    }
    store<whole>(dh + (long long)t * width, at, width, sum);
}

template <class W, class T> CRANE_DEVICE void target_logits_backward_any(const W* head, const int* first, const int* tokens,
                                                                         const float* coefficients, int rows, int width, T* dh) {
    if (whole_vectors<4>(width, head, dh))
        target_logits_backward<W, T, true>(head, first, tokens, coefficients, rows, width, dh);
    else
        target_logits_backward<W, T, false>(head, first, tokens, coefficients, rows, width, dh);
}

extern "C" __global__ void __launch_bounds__(256)
target_logits_backward_f32_f32(const float* head, const int* first, const int* tokens, const float* coefficients, int rows, int width, float* dh) {
    target_logits_backward_any(head, first, tokens, coefficients, rows, width, dh);
}

extern "C" __global__ void __launch_bounds__(256)
target_logits_backward_bf16_f32(const bf16* head, const int* first, const int* tokens, const float* coefficients, int rows, int width, float* dh) {
    target_logits_backward_any(head, first, tokens, coefficients, rows, width, dh);
}

extern "C" __global__ void __launch_bounds__(256)
target_logits_backward_f16_f32(const f16* head, const int* first, const int* tokens, const float* coefficients, int rows, int width, float* dh) {
    target_logits_backward_any(head, first, tokens, coefficients, rows, width, dh);
}

extern "C" __global__ void __launch_bounds__(256)
target_logits_backward_f32_bf16(const float* head, const int* first, const int* tokens, const float* coefficients, int rows, int width, bf16* dh) {
    target_logits_backward_any(head, first, tokens, coefficients, rows, width, dh);
}

extern "C" __global__ void __launch_bounds__(256)
target_logits_backward_bf16_bf16(const bf16* head, const int* first, const int* tokens, const float* coefficients, int rows, int width, bf16* dh) {
    target_logits_backward_any(head, first, tokens, coefficients, rows, width, dh);
}

extern "C" __global__ void __launch_bounds__(256)
target_logits_backward_f16_bf16(const f16* head, const int* first, const int* tokens, const float* coefficients, int rows, int width, bf16* dh) {
    target_logits_backward_any(head, first, tokens, coefficients, rows, width, dh);
}
