// Attention probabilities of one sequence without a cache: out[h·T + t, j] = exp(score(t, j) − log_sum_exp[t, h]), 0 where masked. Shapes, masks and
// scores: attention.cuh.
//
// first_row is the sequence's first row in q, k and log_sum_exp, T its length; out [heads·T, T] f32.
// Launch: grid (heads·T, ⌈T/256⌉), a thread a key. Meant for looking at single sequences: bound by reading the keys from L2, once a query.
#include "attention.cuh"

template <class T> CRANE_DEVICE void attention_probabilities(const T* q, const T* k, const float* log_sum_exp, const AttentionShape& shape, int first_row,
                                                             int length, float* out) {
    int row = blockIdx.x, head = row / length, t = row % length, j = blockIdx.y * blockDim.x + threadIdx.x, dim = shape.head_dim;
    if (j >= length)
        return;
    float p = 0.f;
    if (sees(shape, t, j)) {
        const T* query = q + ((long long)(first_row + t) * shape.heads + head) * dim;
        const T* key = k + ((long long)(first_row + j) * shape.kv_heads + head / (shape.heads / shape.kv_heads)) * dim;
        float dot = 0.f, unused;
        for (int i = 0; i < dim; i++)
            dot = __fmaf_rn(to_float(query[i]), to_float(key[i]), dot);
        float slope = shape.slopes == nullptr ? 0.f : shape.slopes[head];
        p = expf(score<true>(shape, slope, dot, t, j, unused) - log_sum_exp[(long long)(first_row + t) * shape.heads + head]);
    }
    out[(long long)row * length + j] = p;
}

extern "C" __global__ void __launch_bounds__(256)
attention_probabilities_f32(const float* q, const float* k, const float* log_sum_exp, AttentionShape shape, int first_row, int length, float* out) {
    attention_probabilities(q, k, log_sum_exp, shape, first_row, length, out);
}

extern "C" __global__ void __launch_bounds__(256)
attention_probabilities_bf16(const bf16* q, const bf16* k, const float* log_sum_exp, AttentionShape shape, int first_row, int length, float* out) {
    attention_probabilities(q, k, log_sum_exp, shape, first_row, length, out);
}
