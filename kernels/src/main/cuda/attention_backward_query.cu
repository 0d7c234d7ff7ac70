// Backward of attention with respect to q, without a cache: dq = rule::attention_query · scale · dS·k, by tiles of queries; scores are computed again.
// dS: attention_gradient.cuh; shapes: attention.cuh; delta: attention_delta.cu. Not launched where rule::attention_query is 0: dq is then filled with 0.
//
// Every block owns its rows of dq: no atomics, the keys come in ascending order.
// Instances, grid and shared memory as in attention.cu. Bound by arithmetic: 6·D FLOP for each pair of query and key and head, half of all pairs by causality.
// Llama-2-7B, 4,096 tokens as 8 × 512: 26 GFLOP a layer, 100 µs at 260 TFLOP/s; as 2 × 2,048: 103 GFLOP, 400 µs.
#include "attention_gradient.cuh"
#include "attention_tiles.cuh"
#include "mma.cuh"
#include "rule.cuh"

// ---- f32: a tile of SIZE × SIZE scores ----

// Shared: q, dout, k, v, then dS.
template <int DIM, int SIZE, class T>
CRANE_DEVICE void query_tiles(const T* q, const T* k, const T* v, const T* dout, const float* log_sum_exp, const float* delta,
                              const AttentionShape& shape, const int* offsets, T* dq) {
    constexpr int R = SIZE / 16, STRIDE = TILE_STRIDE<DIM>;
    CRANE_DYNAMIC_SHARED(float, shared);
    float *q_tile = shared, *dout_tile = q_tile + SIZE * STRIDE, *k_tile = dout_tile + SIZE * STRIDE, *v_tile = k_tile + SIZE * STRIDE;
    float* ds_tile = v_tile + SIZE * STRIDE;
    int tx = threadIdx.x % 16, ty = threadIdx.x / 16, head = blockIdx.y;
    Sequence s = sequence(offsets, nullptr, nullptr, blockIdx.z);
    int first = (int)(gridDim.x - 1 - blockIdx.x) * SIZE;
    if (first >= s.queries)
        return;
    int rows = min(SIZE, s.queries - first), dim = shape.head_dim;
    long long q_stride = (long long)shape.heads * dim, kv_stride = (long long)shape.kv_heads * dim;
    long long q_at = (s.first_query + first) * q_stride + head * dim;
    long long kv_at = s.first_key * kv_stride + head / (shape.heads / shape.kv_heads) * dim;
    float slope = shape.slopes == nullptr ? 0.f : shape.slopes[head];

    load_tile<SIZE, DIM>(q_tile, q + q_at, q_stride, rows, dim);
    load_tile<SIZE, DIM>(dout_tile, dout + q_at, q_stride, rows, dim);
    float lse[R], d[R], sum[R][DIM / 64][4] = {}, factor[R];
#pragma unroll
    for (int r = 0; r < R; r++) {
        int row = min(first + ty * R + r, s.queries - 1);
        long long at = (long long)(s.first_query + row) * shape.heads + head;
        lse[r] = log_sum_exp[at], d[r] = delta[at];
        factor[r] = rule::attention_query * shape.scale;
    }
    for (int key = first_key(shape, first) / SIZE * SIZE; key < first + rows; key += SIZE) {
        int keys = min(SIZE, s.keys - key);
        __syncthreads(); // the last tiles have been used
        load_tile<SIZE, DIM>(k_tile, k + kv_at + key * kv_stride, kv_stride, keys, dim);
        load_tile<SIZE, DIM>(v_tile, v + kv_at + key * kv_stride, kv_stride, keys, dim);
        __syncthreads();
        float dots[R][R], dp[R][R];
        row_products<R, R, DIM>(q_tile, k_tile, dim, dots);
        row_products<R, R, DIM>(dout_tile, v_tile, dim, dp);
#pragma unroll
        for (int r = 0; r < R; r++)
#pragma unroll
            for (int c = 0; c < R; c++) {
                int position = first + ty * R + r, j = key + tx + 16 * c;
                float p, ds;
                score_gradient<true>(shape, slope, sees(shape, position, j), dots[r][c], position, j, lse[r], dp[r][c], d[r], p, ds);
                ds_tile[(ty * R + r) * (SIZE + 4) + tx + 16 * c] = ds;
            }
        __syncthreads();
        add_product<R, SIZE, DIM>(ds_tile, k_tile, dim, sum);
    }
    store_rows<R, DIM>(dq + q_at, q_stride, rows, dim, sum, factor);
}

// ---- bf16, on tensor cores: WARPS warps, each with 16·M queries ----

// Shared: q, dout, then k, v in two stages.
template <int DIM, int WARPS, int M, int KEYS>
CRANE_DEVICE void query_mma(const bf16* q, const bf16* k, const bf16* v, const bf16* dout, const float* log_sum_exp, const float* delta,
                            const AttentionShape& shape, const int* offsets, bf16* dq) {
    constexpr int THREADS = 32 * WARPS, QUERIES = WARPS * 16 * M;
    CRANE_DYNAMIC_SHARED(bf16, shared);
    bf16 *q_tile = shared, *dout_tile = q_tile + QUERIES * DIM, *kv_tiles = dout_tile + QUERIES * DIM;
    int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4, head = blockIdx.y;
    int warp_row = threadIdx.x / 32 * 16 * M;
    Sequence s = sequence(offsets, nullptr, nullptr, blockIdx.z);
    int first = (int)(gridDim.x - 1 - blockIdx.x) * QUERIES;
    if (first >= s.queries)
        return;
    int rows = min(QUERIES, s.queries - first), dim = shape.head_dim;
    long long q_stride = (long long)shape.heads * dim, kv_stride = (long long)shape.kv_heads * dim;
    long long q_at = (s.first_query + first) * q_stride + head * dim;
    long long kv_at = s.first_key * kv_stride + head / (shape.heads / shape.kv_heads) * dim;
    float slope = shape.slopes == nullptr ? 0.f : shape.slopes[head];
    bool whole = whole_vectors<8>(dim, q, k, v, dout);

    int begin = first_key(shape, first) / KEYS * KEYS, end = first + rows;
    auto copy_keys = [&](int key, int stage) {
        bf16* k_tile = kv_tiles + stage * 2 * KEYS * DIM;
        copy_tile<KEYS, DIM, THREADS>(k_tile, k + kv_at + key * kv_stride, kv_stride, s.keys - key, dim, whole);
        copy_tile<KEYS, DIM, THREADS>(k_tile + KEYS * DIM, v + kv_at + key * kv_stride, kv_stride, s.keys - key, dim, whole);
    };
    copy_tile<QUERIES, DIM, THREADS>(q_tile, q + q_at, q_stride, rows, dim, whole);
    copy_tile<QUERIES, DIM, THREADS>(dout_tile, dout + q_at, q_stride, rows, dim, whole);
    copy_keys(begin, 0);
    copies_end();

    float lse[M][2], d[M][2], sum[M][DIM / 8][4] = {};
#pragma unroll
    for (int m = 0; m < M; m++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            int row = min(first + warp_row + 16 * m + 8 * half + g, s.queries - 1);
            long long at = (long long)(s.first_query + row) * shape.heads + head;
            lse[m][half] = log_sum_exp[at], d[m][half] = delta[at];
        }
    int stage = 0;
    for (int key = begin; key < end; key += KEYS, stage ^= 1) {
        if (key + KEYS < end)
            copy_keys(key + KEYS, stage ^ 1);
        copies_end();
        copies_wait<1>();
        __syncthreads(); // this stage is there
        const bf16 *k_tile = kv_tiles + stage * 2 * KEYS * DIM, *v_tile = k_tile + KEYS * DIM;
        float dots[M][KEYS / 8][4] = {}, dp[M][KEYS / 8][4] = {};
#pragma unroll 2
        for (int i = 0; i < DIM / 16; i++) {
            unsigned a[M][4], a_out[M][4];
#pragma unroll
            for (int m = 0; m < M; m++) {
                load_a<DIM>(a[m], q_tile, warp_row + 16 * m, i);
                load_a<DIM>(a_out[m], dout_tile, warp_row + 16 * m, i);
            }
#pragma unroll
            for (int n = 0; n < KEYS / 16; n++) {
                unsigned b[4];
                load_b_transpose<DIM>(b, k_tile, 16 * n, i);
#pragma unroll
                for (int m = 0; m < M; m++) {
                    multiply_add(dots[m][2 * n], a[m], b[0], b[1]);
                    multiply_add(dots[m][2 * n + 1], a[m], b[2], b[3]);
                }
                load_b_transpose<DIM>(b, v_tile, 16 * n, i);
#pragma unroll
                for (int m = 0; m < M; m++) {
                    multiply_add(dp[m][2 * n], a_out[m], b[0], b[1]);
                    multiply_add(dp[m][2 * n + 1], a_out[m], b[2], b[3]);
                }
            }
        }
#pragma unroll
        for (int m = 0; m < M; m++)
#pragma unroll
            for (int n = 0; n < KEYS / 8; n++)
#pragma unroll
                for (int e = 0; e < 4; e++) {
                    int position = first + warp_row + 16 * m + 8 * (e / 2) + g, j = key + 8 * n + 2 * t + e % 2;
                    float p;
                    score_gradient<false>(shape, slope, sees(shape, position, j), dots[m][n][e], position, j, lse[m][e / 2], dp[m][n][e],
                                          d[m][e / 2], p, dots[m][n][e]);
                }
#pragma unroll
        for (int n = 0; n < KEYS / 16; n++) {
            unsigned a[M][4];
#pragma unroll
            for (int m = 0; m < M; m++)
                as_operand(dots[m][2 * n], dots[m][2 * n + 1], a[m]);
#pragma unroll
            for (int i = 0; i < DIM / 16; i++) {
                unsigned b[4];
                load_b<DIM>(b, k_tile, 16 * n, 2 * i);
#pragma unroll
                for (int m = 0; m < M; m++) {
                    multiply_add(sum[m][2 * i], a[m], b[0], b[1]);
                    multiply_add(sum[m][2 * i + 1], a[m], b[2], b[3]);
                }
            }
        }
        __syncthreads(); // this stage has been used
    }
    float factor = rule::attention_query * shape.scale;
    bool store_whole = whole_vectors<2>(dim, dq);
#pragma unroll
    for (int m = 0; m < M; m++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            int row = warp_row + 16 * m + 8 * half + g;
            if (row < rows)
#pragma unroll
                for (int n = 0; n < DIM / 8; n++)
                    store_pair(dq + q_at + row * q_stride, 8 * n + 2 * t, dim, store_whole, sum[m][n][2 * half] * factor, sum[m][n][2 * half + 1] * factor);
        }
}

extern "C" __global__ void __launch_bounds__(256)
attention_backward_query_f32_d64(const float* q, const float* k, const float* v, const float* dout, const float* log_sum_exp, const float* delta,
                                 AttentionShape shape, const int* offsets, float* dq) {
    query_tiles<64, 32>(q, k, v, dout, log_sum_exp, delta, shape, offsets, dq);
}

extern "C" __global__ void __launch_bounds__(256)
attention_backward_query_f32_d128(const float* q, const float* k, const float* v, const float* dout, const float* log_sum_exp, const float* delta,
                                  AttentionShape shape, const int* offsets, float* dq) {
    query_tiles<128, 32>(q, k, v, dout, log_sum_exp, delta, shape, offsets, dq);
}

extern "C" __global__ void __launch_bounds__(256)
attention_backward_query_f32_d256(const float* q, const float* k, const float* v, const float* dout, const float* log_sum_exp, const float* delta,
                                  AttentionShape shape, const int* offsets, float* dq) {
    query_tiles<256, 16>(q, k, v, dout, log_sum_exp, delta, shape, offsets, dq);
}

extern "C" __global__ void __launch_bounds__(128)
attention_backward_query_bf16_d64(const bf16* q, const bf16* k, const bf16* v, const bf16* dout, const float* log_sum_exp, const float* delta,
                                  AttentionShape shape, const int* offsets, bf16* dq) {
    query_mma<64, 4, 2, 32>(q, k, v, dout, log_sum_exp, delta, shape, offsets, dq);
}

extern "C" __global__ void __launch_bounds__(128)
attention_backward_query_bf16_d128(const bf16* q, const bf16* k, const bf16* v, const bf16* dout, const float* log_sum_exp, const float* delta,
                                   AttentionShape shape, const int* offsets, bf16* dq) {
    query_mma<128, 4, 2, 32>(q, k, v, dout, log_sum_exp, delta, shape, offsets, dq);
}

extern "C" __global__ void __launch_bounds__(128)
attention_backward_query_bf16_d256(const bf16* q, const bf16* k, const bf16* v, const bf16* dout, const float* log_sum_exp, const float* delta,
                                   AttentionShape shape, const int* offsets, bf16* dq) {
    query_mma<256, 4, 1, 16>(q, k, v, dout, log_sum_exp, delta, shape, offsets, dq);
}
