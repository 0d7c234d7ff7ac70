// Reductions over the tokens of each sequence of a packed batch, column by column: what segment_dot, segment_weighted_sum and segment_reduce share.
//
// A block takes 8 vectors of columns (128 bytes of a row) of one sequence; its 256 threads are 32 token lanes for each vector, lane l taking tokens l,
// l + 32, … of the sequence. Each lane adds up to 8 terms in f32, then those sums in f64; at the end the four lanes of a warp are added, then the
// warps in ascending order. So the order depends on the length of the sequence only, and no second pass and no workspace is needed.
// Grid: (⌈width / columns⌉, sequences).
#ifndef CRANE_SEGMENTS_CUH
#define CRANE_SEGMENTS_CUH

#include "crane.cuh"

constexpr int TOKEN_LANES = 32;
constexpr int COLUMN_VECTORS = 8;
constexpr int TERMS_IN_F32 = 8;

// Joins the lanes of each column by `join` and stores `finish` of the result. `values` are a thread's own.
template <int V, class T, class Join, class Finish>
CRANE_DEVICE void store_joined_lanes(T (&values)[V], int width, float* out, Join join, Finish finish) {
    constexpr int WARPS = TOKEN_LANES * COLUMN_VECTORS / 32;
    __shared__ T of_warps[WARPS][COLUMN_VECTORS * V];
    int vector = threadIdx.x % COLUMN_VECTORS, warp = threadIdx.x / 32;
#pragma unroll
    for (int i = 0; i < V; i++) {
        values[i] = join(values[i], __shfl_xor_sync(FULL_WARP, values[i], COLUMN_VECTORS));
        values[i] = join(values[i], __shfl_xor_sync(FULL_WARP, values[i], 2 * COLUMN_VECTORS));
        if (threadIdx.x % 32 < COLUMN_VECTORS)
            of_warps[warp][vector * V + i] = values[i];
    }
    __syncthreads();
    int column = threadIdx.x, u = blockIdx.x * COLUMN_VECTORS * V + column;
    if (column >= COLUMN_VECTORS * V || u >= width)
        return;
    T all = of_warps[0][column];
    for (int w = 1; w < WARPS; w++)
        all = join(all, of_warps[w][column]);
    out[(long long)blockIdx.y * width + u] = (float)finish(all);
}

// Sums term(token, column vector) over the tokens of sequence blockIdx.y: `add(t, at, sums)` adds token t's V terms from column `at` to f32 sums.
template <int V, class Add, class Finish> CRANE_DEVICE void sum_over_tokens(const int* offsets, int width, float* out, Add add, Finish finish) {
    int vector = threadIdx.x % COLUMN_VECTORS, lane = threadIdx.x / COLUMN_VECTORS;
    int at = (blockIdx.x * COLUMN_VECTORS + vector) * V, end = offsets[blockIdx.y + 1];
    double sums[V] = {};
    if (at < width)
        for (int begin = offsets[blockIdx.y] + lane; begin < end; begin += TOKEN_LANES * TERMS_IN_F32) {
            float part[V] = {};
#pragma unroll
            for (int k = 0; k < TERMS_IN_F32; k++)
                if (begin + k * TOKEN_LANES < end)
                    add(begin + k * TOKEN_LANES, at, part);
#pragma unroll
            for (int i = 0; i < V; i++)
                sums[i] += part[i];
        }
    store_joined_lanes(
            sums, width, out, [](double a, double b) { return a + b; }, finish);
}

#endif
