// Log-probabilities of given tokens under the softmax of each row of logits, with the row's first largest logit; and the gradient of the former:
//     logprobs[i] = logits[i, tokens[i]] − lse_i,  greedy[i] = argmax;      logits[i, v] ← coefficients[i]·(1[v = tokens[i]] − exp(logits[i, v] − lse_i))
//
// logits [rows, vocabulary] f32 or bf16 (the gradient in place); tokens, logprobs, greedy, coefficients [rows]. A row is read once for the maximum and
// the sum: each thread keeps its own maximum and the sum in f64 of the exponentials relative to it, rescaled when it rises. NaN is never the
// largest; a row with one has the log-probability NaN.
// Launch: a block of 256 threads a row. Bound by bytes: 4 (f32) read a logit, and for the gradient read again and written; 256 × 32,000 f32: 33 MB, 8 µs
// at 4.3 TB/s forward.
#include "crane.cuh"

// The first largest logit of a row and the sum of exp(logit − that).
struct RowSoftmax {
    float max;
    int at;
    double sum;
};

CRANE_DEVICE RowSoftmax joined(const RowSoftmax& a, const RowSoftmax& b) {
    bool first = a.max > b.max || (a.max == b.max && a.at < b.at);
    float max = first ? a.max : b.max;
    // A part without any logit above −∞ has the sum 0 or NaN; its factor is 1, as −∞ − −∞ is NaN.
    double fa = a.max == max ? 1. : (double)expf(a.max - max), fb = b.max == max ? 1. : (double)expf(b.max - max);
    return {max, first ? a.at : b.at, a.sum * fa + b.sum * fb};
}

template <class T, bool whole> CRANE_DEVICE RowSoftmax row_softmax(const T* row, int width) {
    constexpr int V = PACKET<T>;
    __shared__ float maxima[32];
    __shared__ int places[32];
    __shared__ double sums[32];
    RowSoftmax mine{-infinity(), 0, 0.};
    for (int at = threadIdx.x * V; at < width; at += blockDim.x * V) {
        float a[V];
        load<whole>(row, at, width, a);
#pragma unroll
        for (int i = 0; i < V; i++)
            if (at + i < width) {
                if (a[i] > mine.max) {
                    mine.sum = mine.max == -infinity() ? mine.sum : mine.sum * expf(mine.max - a[i]);
                    mine.max = a[i], mine.at = at + i;
                }
                mine.sum += a[i] == -infinity() ? 0.f : expf(a[i] - mine.max);
            }
    }
#pragma unroll
    for (int step = 16; step > 0; step >>= 1) {
        RowSoftmax other{__shfl_xor_sync(FULL_WARP, mine.max, step), __shfl_xor_sync(FULL_WARP, mine.at, step),
                         __shfl_xor_sync(FULL_WARP, mine.sum, step)};
        // Both partners join in the same order, so that all lanes hold the same bits.
        mine = threadIdx.x & step ? joined(other, mine) : joined(mine, other);
    }
    if (threadIdx.x % 32 == 0)
        maxima[threadIdx.x / 32] = mine.max, places[threadIdx.x / 32] = mine.at, sums[threadIdx.x / 32] = mine.sum;
    __syncthreads();
    RowSoftmax all{maxima[0], places[0], sums[0]};
    for (int w = 1; w < (int)blockDim.x / 32; w++)
        all = joined(all, {maxima[w], places[w], sums[w]});
    return all;
}

template <class T> CRANE_DEVICE RowSoftmax row_softmax_any(const T* row, int width) {
    return whole_vectors<PACKET<T>>(width, row) ? row_softmax<T, true>(row, width) : row_softmax<T, false>(row, width);
}

template <class T> CRANE_DEVICE void token_logprobs(const T* logits, const int* tokens, int vocabulary, float* logprobs, int* greedy) {
    const T* row = logits + (long long)blockIdx.x * vocabulary;
    RowSoftmax softmax = row_softmax_any(row, vocabulary);
    if (threadIdx.x == 0) {
        // A row without any number above −∞: its sum is 0 (all −∞) or NaN, and so is the log-probability.
        logprobs[blockIdx.x] = (float)(to_float(row[tokens[blockIdx.x]]) - ((double)softmax.max + log(softmax.sum)));
        greedy[blockIdx.x] = softmax.at;
    }
}

template <class T, bool whole> CRANE_DEVICE void logprob_backward(T* row, int token, float coefficient, int width, double lse) {
    constexpr int V = PACKET<T>;
    for (int at = threadIdx.x * V; at < width; at += blockDim.x * V) {
        float a[V];
        load<whole>(row, at, width, a);
#pragma unroll
        for (int i = 0; i < V; i++)
            a[i] = coefficient * ((at + i == token ? 1.f : 0.f) - expf((float)(a[i] - lse)));
        store<whole>(row, at, width, a);
    }
}

template <class T> CRANE_DEVICE void logprob_backward_any(T* logits, const int* tokens, const float* coefficients, int vocabulary) {
    T* row = logits + (long long)blockIdx.x * vocabulary;
    RowSoftmax softmax = row_softmax_any(row, vocabulary); // its barrier stands between this row's reading and writing
    double lse = (double)softmax.max + log(softmax.sum);
    if (whole_vectors<PACKET<T>>(vocabulary, row))
        logprob_backward<T, true>(row, tokens[blockIdx.x], coefficients[blockIdx.x], vocabulary, lse);
    else
        logprob_backward<T, false>(row, tokens[blockIdx.x], coefficients[blockIdx.x], vocabulary, lse);
}

extern "C" __global__ void __launch_bounds__(256)
token_logprobs_f32(const float* logits, const int* tokens, int vocabulary, float* logprobs, int* greedy) {
    token_logprobs(logits, tokens, vocabulary, logprobs, greedy);
}

extern "C" __global__ void __launch_bounds__(256)
token_logprobs_bf16(const bf16* logits, const int* tokens, int vocabulary, float* logprobs, int* greedy) {
    token_logprobs(logits, tokens, vocabulary, logprobs, greedy);
}

extern "C" __global__ void __launch_bounds__(256)
logprob_backward_f32(float* logits, const int* tokens, const float* coefficients, int vocabulary) {
    logprob_backward_any(logits, tokens, coefficients, vocabulary);
}

extern "C" __global__ void __launch_bounds__(256)
logprob_backward_bf16(bf16* logits, const int* tokens, const float* coefficients, int vocabulary) {
    logprob_backward_any(logits, tokens, coefficients, vocabulary);
}
