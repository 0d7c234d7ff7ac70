// Backward of attention with respect to k and v, without a cache, by tiles of keys; scores are computed again:
//     dv = rule::attention_value · Pᵀ·dout,   dk = rule::attention_key · scale · dSᵀ·q,   both summed over the query heads of a key/value head
// P, dS: attention_gradient.cuh; shapes: attention.cuh; delta: attention_delta.cu. Where the rule wants no gradient of the scores only dv is
// computed, and dk is not touched: it is filled with 0.
//
// Every block owns its rows of dk and dv: no atomics, the heads and then the queries come in ascending order.
// Grid: (key tiles of the longest sequence, key/value heads, sequences), the tiles with the most queries first. Shared memory: below.
// Bound by arithmetic: 8·D FLOP for each pair of query and key and head (4·D for dv alone), half of all pairs by causality. Llama-2-7B, 4,096 tokens
// as 8 × 512: 34 GFLOP a layer, 130 µs at 260 TFLOP/s; as 2 × 2,048: 137 GFLOP, 530 µs.
#include "attention_gradient.cuh"
#include "attention_tiles.cuh"
#include "mma.cuh"
#include "rule.cuh"

// ---- f32: a tile of SIZE × SIZE scores, transposed: rows are keys ----

// Shared: k, v, q, dout, then P or dS.
template <int DIM, int SIZE, class T>
CRANE_DEVICE void key_tiles(const T* q, const T* k, const T* v, const T* dout, const float* log_sum_exp, const float* delta, const AttentionShape& shape,
                            const int* offsets, T* dk, T* dv) {
    constexpr int R = SIZE / 16, STRIDE = TILE_STRIDE<DIM>;
    CRANE_DYNAMIC_SHARED(float, shared);
    float *k_tile = shared, *v_tile = k_tile + SIZE * STRIDE, *q_tile = v_tile + SIZE * STRIDE, *dout_tile = q_tile + SIZE * STRIDE;
    float* p_tile = dout_tile + SIZE * STRIDE;
    int tx = threadIdx.x % 16, ty = threadIdx.x / 16, group = shape.heads / shape.kv_heads;
    Sequence s = sequence(offsets, nullptr, nullptr, blockIdx.z);
    int first = blockIdx.x * SIZE; // the first keys have the most queries
    if (first >= s.keys)
        return;
    int rows = min(SIZE, s.keys - first), dim = shape.head_dim;
    long long q_stride = (long long)shape.heads * dim, kv_stride = (long long)shape.kv_heads * dim;
    long long kv_at = (s.first_key + first) * kv_stride + blockIdx.y * dim;

    load_tile<SIZE, DIM>(k_tile, k + kv_at, kv_stride, rows, dim);
    load_tile<SIZE, DIM>(v_tile, v + kv_at, kv_stride, rows, dim);
    float sum_k[R][DIM / 64][4] = {}, sum_v[R][DIM / 64][4] = {};
    int end = shape.window == 0 ? s.queries : min(s.queries, first + rows - 1 + shape.window); // behind the last query that sees a key
    for (int head = blockIdx.y * group; head < (int)(blockIdx.y + 1) * group; head++) {
        float slope = shape.slopes == nullptr ? 0.f : shape.slopes[head];
        for (int query = first; query < end; query += SIZE) {
            int queries = min(SIZE, s.queries - query);
            long long q_at = (s.first_query + query) * q_stride + head * dim;
            __syncthreads(); // the last tiles have been used
            load_tile<SIZE, DIM>(q_tile, q + q_at, q_stride, queries, dim);
            load_tile<SIZE, DIM>(dout_tile, dout + q_at, q_stride, queries, dim);
            __syncthreads();
            float dots[R][R], dp[R][R];
            row_products<R, R, DIM>(k_tile, q_tile, dim, dots);
            if (SCORES_HAVE_GRADIENT)
                row_products<R, R, DIM>(v_tile, dout_tile, dim, dp);
#pragma unroll
            for (int c = 0; c < R; c++) {
                int position = query + tx + 16 * c;
                bool real = position < s.queries;
                long long at = (long long)(s.first_query + (real ? position : query)) * shape.heads + head;
                float lse = log_sum_exp[at], d = SCORES_HAVE_GRADIENT ? delta[at] : 0.f;
#pragma unroll
                for (int r = 0; r < R; r++) {
                    int j = first + ty * R + r;
                    float p;
                    score_gradient<true>(shape, slope, real && sees(shape, position, j), dots[r][c], position, j, lse,
                                         SCORES_HAVE_GRADIENT ? dp[r][c] : 0.f, d, p, dots[r][c]);
                    p_tile[(ty * R + r) * (SIZE + 4) + tx + 16 * c] = p;
                }
            }
            __syncthreads();
            add_product<R, SIZE, DIM>(p_tile, dout_tile, dim, sum_v);
            if (SCORES_HAVE_GRADIENT) {
                __syncthreads(); // P has been used
#pragma unroll
                for (int r = 0; r < R; r++)
#pragma unroll
                    for (int c = 0; c < R; c++)
                        p_tile[(ty * R + r) * (SIZE + 4) + tx + 16 * c] = dots[r][c];
                __syncthreads();
                add_product<R, SIZE, DIM>(p_tile, q_tile, dim, sum_k);
            }
        }
    }
    float factor_k[R], factor_v[R];
#pragma unroll
    for (int r = 0; r < R; r++)
        factor_k[r] = rule::attention_key * shape.scale, factor_v[r] = rule::attention_value;
    store_rows<R, DIM>(dv + kv_at, kv_stride, rows, dim, sum_v, factor_v);
    if (SCORES_HAVE_GRADIENT)
        store_rows<R, DIM>(dk + kv_at, kv_stride, rows, dim, sum_k, factor_k);
}

// ---- bf16, on tensor cores ----
//
// GROUPS pairs of warps. Of the transposed scores each pair has 16·M keys, each warp of it half of the QUERIES; P and dS, rounded to bf16, go through
// shared memory to both. Of dk and dv each warp holds its pair's keys and half of the columns.
// Shared: k, v; q, dout in STAGES stages; P, dS; then log_sum_exp and delta of the queries in STAGES stages.

template <int DIM, int GROUPS, int M, int QUERIES, int STAGES>
CRANE_DEVICE void key_mma(const bf16* q, const bf16* k, const bf16* v, const bf16* dout, const float* log_sum_exp, const float* delta,
                          const AttentionShape& shape, const int* offsets, bf16* dk, bf16* dv) {
    constexpr int THREADS = 64 * GROUPS, KEYS = 16 * M * GROUPS, HALF = QUERIES / 2, P_WIDTH = 64;
    static_assert(QUERIES <= P_WIDTH && HALF % 16 == 0 && QUERIES <= THREADS, "tiles of scores have rows of 64");
    CRANE_DYNAMIC_SHARED(bf16, shared);
    bf16 *k_tile = shared, *v_tile = k_tile + KEYS * DIM, *q_tiles = v_tile + KEYS * DIM;
    bf16 *p_tile = q_tiles + STAGES * 2 * QUERIES * DIM, *ds_tile = p_tile + KEYS * P_WIDTH;
    float* statistics = reinterpret_cast<float*>(ds_tile + KEYS * P_WIDTH); // [STAGES][2][QUERIES]
    int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4, group = shape.heads / shape.kv_heads;
    int warp_key = threadIdx.x / 64 * 16 * M, half = threadIdx.x / 32 % 2;
    Sequence s = sequence(offsets, nullptr, nullptr, blockIdx.z);
    int first = blockIdx.x * KEYS; // the first keys have the most queries
    if (first >= s.keys)
        return;
    int rows = min(KEYS, s.keys - first), dim = shape.head_dim;
    long long q_stride = (long long)shape.heads * dim, kv_stride = (long long)shape.kv_heads * dim;
    long long kv_at = (s.first_key + first) * kv_stride + blockIdx.y * dim;
    bool whole = whole_vectors<8>(dim, q, k, v, dout);

    // The steps: for each head of the group the tiles of queries from the first that sees the first key to the last that sees the last one.
    int begin = first / QUERIES * QUERIES;
    int end = shape.window == 0 ? s.queries : min(s.queries, first + rows - 1 + shape.window);
    int tiles = (end - begin + QUERIES - 1) / QUERIES, steps = tiles * group;
    auto copy_queries = [&](int step, int stage) {
        int head = blockIdx.y * group + step / tiles, query = begin + step % tiles * QUERIES;
        long long q_at = (s.first_query + query) * q_stride + head * dim;
        bf16* q_tile = q_tiles + stage * 2 * QUERIES * DIM;
        copy_tile<QUERIES, DIM, THREADS>(q_tile, q + q_at, q_stride, s.queries - query, dim, whole);
        copy_tile<QUERIES, DIM, THREADS>(q_tile + QUERIES * DIM, dout + q_at, q_stride, s.queries - query, dim, whole);
        if ((int)threadIdx.x < QUERIES) {
            int row = min(query + (int)threadIdx.x, s.queries - 1);
            long long at = (long long)(s.first_query + row) * shape.heads + head;
            float* of_stage = statistics + stage * 2 * QUERIES;
            of_stage[threadIdx.x] = log_sum_exp[at];
            of_stage[QUERIES + threadIdx.x] = SCORES_HAVE_GRADIENT ? delta[at] : 0.f;
        }
    };
    copy_tile<KEYS, DIM, THREADS>(k_tile, k + kv_at, kv_stride, rows, dim, whole);
    copy_tile<KEYS, DIM, THREADS>(v_tile, v + kv_at, kv_stride, rows, dim, whole);
    copy_queries(0, 0);
    copies_end();

    float sum_k[M][DIM / 16][4] = {}, sum_v[M][DIM / 16][4] = {};
    for (int step = 0; step < steps; step++) {
        int stage = STAGES == 1 ? 0 : step % 2;
        if (STAGES == 2) {
            if (step + 1 < steps)
                copy_queries(step + 1, stage ^ 1);
            copies_end();
        }
        copies_wait<STAGES - 1>();
        __syncthreads(); // this stage is there
        const bf16 *q_tile = q_tiles + stage * 2 * QUERIES * DIM, *dout_tile = q_tile + QUERIES * DIM;
        const float* of_stage = statistics + stage * 2 * QUERIES;
        int head = blockIdx.y * group + step / tiles, query = begin + step % tiles * QUERIES;
        float slope = shape.slopes == nullptr ? 0.f : shape.slopes[head];

        float dots[M][HALF / 8][4] = {}, dp[M][HALF / 8][4] = {};
#pragma unroll 2
        for (int i = 0; i < DIM / 16; i++) {
            unsigned a[M][4];
#pragma unroll
            for (int m = 0; m < M; m++)
                load_a<DIM>(a[m], k_tile, warp_key + 16 * m, i);
#pragma unroll
            for (int n = 0; n < HALF / 16; n++) {
                unsigned b[4];
                load_b_transpose<DIM>(b, q_tile, half * HALF + 16 * n, i);
#pragma unroll
                for (int m = 0; m < M; m++) {
                    multiply_add(dots[m][2 * n], a[m], b[0], b[1]);
                    multiply_add(dots[m][2 * n + 1], a[m], b[2], b[3]);
                }
            }
            if constexpr (SCORES_HAVE_GRADIENT) {
#pragma unroll
                for (int m = 0; m < M; m++)
                    load_a<DIM>(a[m], v_tile, warp_key + 16 * m, i);
#pragma unroll
                for (int n = 0; n < HALF / 16; n++) {
                    unsigned b[4];
                    load_b_transpose<DIM>(b, dout_tile, half * HALF + 16 * n, i);
#pragma unroll
                    for (int m = 0; m < M; m++) {
                        multiply_add(dp[m][2 * n], a[m], b[0], b[1]);
                        multiply_add(dp[m][2 * n + 1], a[m], b[2], b[3]);
                    }
                }
            }
        }
#pragma unroll
        for (int m = 0; m < M; m++)
#pragma unroll
            for (int n = 0; n < HALF / 8; n++)
#pragma unroll
                for (int e = 0; e < 4; e += 2) { // two queries side by side
                    int row = warp_key + 16 * m + 4 * e + g, column = half * HALF + 8 * n + 2 * t, j = first + row;
                    float p[2], ds[2];
#pragma unroll
                    for (int x = 0; x < 2; x++) {
                        int position = query + column + x;
                        score_gradient<false>(shape, slope, position < s.queries && sees(shape, position, j), dots[m][n][e + x], position, j,
                                              of_stage[column + x], dp[m][n][e + x], of_stage[QUERIES + column + x], p[x], ds[x]);
                    }
                    int at = tile_at<P_WIDTH>(row, column / 8) + column % 8;
                    *reinterpret_cast<unsigned*>(p_tile + at) = bf16_pair(p[0], p[1]);
                    if constexpr (SCORES_HAVE_GRADIENT)
                        *reinterpret_cast<unsigned*>(ds_tile + at) = bf16_pair(ds[0], ds[1]);
                }
        __syncthreads(); // P and dS of all warps are there
#pragma unroll
        for (int i = 0; i < QUERIES / 16; i++) {
            unsigned a[M][4], b[4];
#pragma unroll
            for (int m = 0; m < M; m++)
                load_a<P_WIDTH>(a[m], p_tile, warp_key + 16 * m, i);
#pragma unroll
            for (int n = 0; n < DIM / 32; n++) {
                load_b<DIM>(b, dout_tile, 16 * i, half * (DIM / 16) + 2 * n);
#pragma unroll
                for (int m = 0; m < M; m++) {
                    multiply_add(sum_v[m][2 * n], a[m], b[0], b[1]);
                    multiply_add(sum_v[m][2 * n + 1], a[m], b[2], b[3]);
                }
            }
            if constexpr (SCORES_HAVE_GRADIENT) {
#pragma unroll
                for (int m = 0; m < M; m++)
                    load_a<P_WIDTH>(a[m], ds_tile, warp_key + 16 * m, i);
#pragma unroll
                for (int n = 0; n < DIM / 32; n++) {
                    load_b<DIM>(b, q_tile, 16 * i, half * (DIM / 16) + 2 * n);
#pragma unroll
                    for (int m = 0; m < M; m++) {
                        multiply_add(sum_k[m][2 * n], a[m], b[0], b[1]);
                        multiply_add(sum_k[m][2 * n + 1], a[m], b[2], b[3]);
                    }
                }
            }
        }
        __syncthreads(); // this stage, P and dS have been used
        if (STAGES == 1 && step + 1 < steps) {
            copy_queries(step + 1, 0);
            copies_end();
        }
    }
    bool store_whole = whole_vectors<2>(dim, dk, dv);
#pragma unroll
    for (int m = 0; m < M; m++)
#pragma unroll
        for (int e = 0; e < 4; e += 2) {
            int row = warp_key + 16 * m + 4 * e + g;
            if (row >= rows)
                continue;
#pragma unroll
            for (int n = 0; n < DIM / 16; n++) {
                int column = half * (DIM / 2) + 8 * n + 2 * t;
                long long at = kv_at + row * kv_stride;
                float fv = rule::attention_value, fk = rule::attention_key * shape.scale;
                store_pair(dv + at, column, dim, store_whole, sum_v[m][n][e] * fv, sum_v[m][n][e + 1] * fv);
                if constexpr (SCORES_HAVE_GRADIENT)
                    store_pair(dk + at, column, dim, store_whole, sum_k[m][n][e] * fk, sum_k[m][n][e + 1] * fk);
            }
        }
}

extern "C" __global__ void __launch_bounds__(256)
attention_backward_key_f32_d64(const float* q, const float* k, const float* v, const float* dout, const float* log_sum_exp, const float* delta,
                               AttentionShape shape, const int* offsets, float* dk, float* dv) {
    key_tiles<64, 32>(q, k, v, dout, log_sum_exp, delta, shape, offsets, dk, dv);
}

extern "C" __global__ void __launch_bounds__(256)
attention_backward_key_f32_d128(const float* q, const float* k, const float* v, const float* dout, const float* log_sum_exp, const float* delta,
                                AttentionShape shape, const int* offsets, float* dk, float* dv) {
    key_tiles<128, 32>(q, k, v, dout, log_sum_exp, delta, shape, offsets, dk, dv);
}

extern "C" __global__ void __launch_bounds__(256)
attention_backward_key_f32_d256(const float* q, const float* k, const float* v, const float* dout, const float* log_sum_exp, const float* delta,
                                AttentionShape shape, const int* offsets, float* dk, float* dv) {
    key_tiles<256, 16>(q, k, v, dout, log_sum_exp, delta, shape, offsets, dk, dv);
}

extern "C" __global__ void __launch_bounds__(256)
attention_backward_key_bf16_d64(const bf16* q, const bf16* k, const bf16* v, const bf16* dout, const float* log_sum_exp, const float* delta,
                                AttentionShape shape, const int* offsets, bf16* dk, bf16* dv) {
    key_mma<64, 4, 2, 64, 2>(q, k, v, dout, log_sum_exp, delta, shape, offsets, dk, dv);
}

extern "C" __global__ void __launch_bounds__(256)
attention_backward_key_bf16_d128(const bf16* q, const bf16* k, const bf16* v, const bf16* dout, const float* log_sum_exp, const float* delta,
                                 AttentionShape shape, const int* offsets, bf16* dk, bf16* dv) {
    key_mma<128, 4, 2, 64, 2>(q, k, v, dout, log_sum_exp, delta, shape, offsets, dk, dv);
}

// For chips with less than 164 KB of shared memory.
extern "C" __global__ void __launch_bounds__(256)
attention_backward_key_bf16_d128_small(const bf16* q, const bf16* k, const bf16* v, const bf16* dout, const float* log_sum_exp, const float* delta,
                                       AttentionShape shape, const int* offsets, bf16* dk, bf16* dv) {
    key_mma<128, 4, 1, 64, 1>(q, k, v, dout, log_sum_exp, delta, shape, offsets, dk, dv);
}

extern "C" __global__ void __launch_bounds__(256)
attention_backward_key_bf16_d256(const bf16* q, const bf16* k, const bf16* v, const bf16* dout, const float* log_sum_exp, const float* delta,
                                 AttentionShape shape, const int* offsets, bf16* dk, bf16* dv) {
    key_mma<256, 4, 1, 32, 1>(q, k, v, dout, log_sum_exp, delta, shape, offsets, dk, dv);
}
