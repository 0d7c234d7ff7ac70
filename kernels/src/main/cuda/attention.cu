// Causal attention over a packed batch, fused: out = softmax(scores) · v, and the logarithm of each row's sum of exponentials. Shapes, masks and scores:
// attention.cuh. The softmax is taken key tile by key tile with a running maximum and sum (Milakov and Gimelshein 2018; FlashAttention-2, Dao 2023);
// scores never leave the chip.
//
// Instances: attention_f32_dD in f32 arithmetic, attention_bf16_dD on tensor cores with f32 accumulation (probabilities are rounded to bf16 for the
// product with v, as their sum is not), for head dimensions up to D = 64, 128, 256; smaller ones are filled up with zeros.
// Grid: (query tiles of the longest sequence, heads, sequences), the tiles with the most keys first. Dynamic shared memory: SHARED_* below.
// Bound by arithmetic: 4·D FLOP for each pair of query and key and head, half of all pairs by causality. Llama-2-7B, 4,096 tokens as 8 × 512: 17 GFLOP a
// layer, 46 µs at the 370 TFLOP/s that mma.sync reaches; as 2 × 2,048: 69 GFLOP, 190 µs. Bytes: 134 MB, 31 µs at 4.3 TB/s.
#include "attention.cuh"
#include "attention_tiles.cuh"
#include "mma.cuh"

// ---- f32 ----

// 256 threads; a tile of QUERIES × KEYS scores, KEYS and QUERIES multiples of 16. Shared: q, then k or v, then probabilities.
template <int DIM, int QUERIES, int KEYS> constexpr int SHARED_F32 = 4 * ((QUERIES + KEYS) * TILE_STRIDE<DIM> + QUERIES * (KEYS + 4));

template <int DIM, int QUERIES, int KEYS, class T>
CRANE_DEVICE void attention_tiles(const T* q, const T* k, const T* v, const AttentionShape& shape, const int* offsets, const int* key_starts,
                                  const int* key_lengths, T* out, float* log_sum_exp) {
    constexpr int R = QUERIES / 16, C = KEYS / 16;
    CRANE_DYNAMIC_SHARED(float, shared);
    float *q_tile = shared, *kv_tile = q_tile + QUERIES * TILE_STRIDE<DIM>, *p_tile = kv_tile + KEYS * TILE_STRIDE<DIM>;
    int tx = threadIdx.x % 16, ty = threadIdx.x / 16, head = blockIdx.y;
    Sequence s = sequence(offsets, key_starts, key_lengths, blockIdx.z);
    int first = (int)(gridDim.x - 1 - blockIdx.x) * QUERIES; // the tiles with the most keys begin first
    if (first >= s.queries)
        return;
    int rows = min(QUERIES, s.queries - first), dim = shape.head_dim;
    long long q_stride = (long long)shape.heads * dim, kv_stride = (long long)shape.kv_heads * dim;
    long long q_at = (s.first_query + first) * q_stride + head * dim;
    long long kv_at = s.first_key * kv_stride + head / (shape.heads / shape.kv_heads) * dim;
    float slope = shape.slopes == nullptr ? 0.f : shape.slopes[head];

    load_tile<QUERIES, DIM>(q_tile, q + q_at, q_stride, rows, dim);
    float sum[R], max[R], mixed[R][DIM / 64][4] = {};
#pragma unroll
    for (int r = 0; r < R; r++)
        sum[r] = 0.f, max[r] = -infinity();
    int end = first + rows + s.shift; // behind the last query's position
    for (int key = first_key(shape, first + s.shift) / KEYS * KEYS; key < end; key += KEYS) {
        int keys = min(KEYS, s.keys - key);
        __syncthreads(); // v has been used
        load_tile<KEYS, DIM>(kv_tile, k + kv_at + key * kv_stride, kv_stride, keys, dim);
        __syncthreads();
        float p[R][C];
        row_products<R, C, DIM>(q_tile, kv_tile, dim, p);
#pragma unroll
        for (int r = 0; r < R; r++) {
            int position = first + ty * R + r + s.shift;
            float largest = max[r], unused, part = 0.f;
#pragma unroll
            for (int c = 0; c < C; c++) {
                int j = key + tx + 16 * c;
                p[r][c] = sees(shape, position, j) ? score<true>(shape, slope, p[r][c], position, j, unused) : -infinity();
                largest = fmaxf(largest, p[r][c]);
            }
            largest = row_max(largest);
            float base = largest == -infinity() ? 0.f : largest, scale = expf(max[r] - base);
#pragma unroll
            for (int c = 0; c < C; c++) {
                p[r][c] = expf(p[r][c] - base);
                part += p[r][c];
                p_tile[(ty * R + r) * (KEYS + 4) + tx + 16 * c] = p[r][c];
            }
            sum[r] = sum[r] * scale + part; // this thread's share
            max[r] = largest;
#pragma unroll
            for (int c = 0; c < DIM / 64; c++)
#pragma unroll
                for (int e = 0; e < 4; e++)
                    mixed[r][c][e] *= scale;
        }
        __syncthreads(); // k has been used, p is there
        load_tile<KEYS, DIM>(kv_tile, v + kv_at + key * kv_stride, kv_stride, keys, dim);
        __syncthreads();
        add_product<R, KEYS, DIM>(p_tile, kv_tile, dim, mixed);
    }
    float factor[R];
#pragma unroll
    for (int r = 0; r < R; r++) {
        sum[r] = row_sum(sum[r]);
        factor[r] = 1.f / sum[r];
        int row = ty * R + r;
        if (tx == 0 && row < rows)
            log_sum_exp[(long long)(s.first_query + first + row) * shape.heads + head] = max[r] + logf(sum[r]);
    }
    store_rows<R, DIM>(out + q_at, q_stride, rows, dim, mixed, factor);
}

// ---- bf16, on tensor cores ----

// WARPS warps, each with 16·M queries. Shared: q, k, v.
template <int DIM, int WARPS, int M, int KEYS> constexpr int SHARED_BF16 = 2 * DIM * (WARPS * 16 * M + 2 * KEYS);

template <int DIM, int WARPS, int M, int KEYS>
CRANE_DEVICE void attention_mma(const bf16* q, const bf16* k, const bf16* v, const AttentionShape& shape, const int* offsets, const int* key_starts,
                                const int* key_lengths, bf16* out, float* log_sum_exp) {
    constexpr int THREADS = 32 * WARPS, QUERIES = WARPS * 16 * M;
    CRANE_DYNAMIC_SHARED(bf16, shared);
    bf16 *q_tile = shared, *k_tile = q_tile + QUERIES * DIM, *v_tile = k_tile + KEYS * DIM;
    int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4, head = blockIdx.y;
    int warp_row = threadIdx.x / 32 * 16 * M;
    Sequence s = sequence(offsets, key_starts, key_lengths, blockIdx.z);
    int first = (int)(gridDim.x - 1 - blockIdx.x) * QUERIES; // the tiles with the most keys begin first
    if (first >= s.queries)
        return;
    int rows = min(QUERIES, s.queries - first), dim = shape.head_dim;
    long long q_stride = (long long)shape.heads * dim, kv_stride = (long long)shape.kv_heads * dim;
    long long q_at = (s.first_query + first) * q_stride + head * dim;
    long long kv_at = s.first_key * kv_stride + head / (shape.heads / shape.kv_heads) * dim;
    float slope = shape.slopes == nullptr ? 0.f : shape.slopes[head];
    bool whole = whole_vectors<8>(dim, q, k, v), plain = shape.softcap <= 0.f && shape.slopes == nullptr;
    bool store_whole = whole_vectors<2>(dim, out);

    int begin = first_key(shape, first + s.shift) / KEYS * KEYS, end = first + rows + s.shift;
    copy_tile<QUERIES, DIM, THREADS>(q_tile, q + q_at, q_stride, rows, dim, whole);
    copy_tile<KEYS, DIM, THREADS>(k_tile, k + kv_at + begin * kv_stride, kv_stride, s.keys - begin, dim, whole);
    copies_end();

    // Scores and their maximum are kept times log2(e), so that exponentials are powers of 2.
    float to_log2 = plain ? shape.scale * LOG2_E : LOG2_E;
    float sum[M][2] = {}, max[M][2], mixed[M][DIM / 8][4] = {};
#pragma unroll
    for (int m = 0; m < M; m++)
        max[m][0] = max[m][1] = -infinity();
    for (int key = begin; key < end; key += KEYS) {
        copies_wait<0>();
        __syncthreads(); // k is there, v has been used
        copy_tile<KEYS, DIM, THREADS>(v_tile, v + kv_at + key * kv_stride, kv_stride, s.keys - key, dim, whole);
        copies_end();

        float p[M][KEYS / 8][4] = {};
#pragma unroll 4
        for (int d = 0; d < DIM / 16; d++) {
            unsigned a[M][4];
#pragma unroll
            for (int m = 0; m < M; m++)
                load_a<DIM>(a[m], q_tile, warp_row + 16 * m, d);
#pragma unroll
            for (int n = 0; n < KEYS / 16; n++) {
                unsigned b[4];
                load_b_transpose<DIM>(b, k_tile, 16 * n, d);
#pragma unroll
                for (int m = 0; m < M; m++) {
                    multiply_add(p[m][2 * n], a[m], b[0], b[1]);
                    multiply_add(p[m][2 * n + 1], a[m], b[2], b[3]);
                }
            }
        }
        // Every query of the tile sees every key of it: no key behind the first position, none before the last one's window.
        bool full = key + KEYS - 1 <= first + s.shift && (shape.window == 0 || key > end - 1 - shape.window);
#pragma unroll
        for (int m = 0; m < M; m++)
#pragma unroll
            for (int half = 0; half < 2; half++) { // rows g and g + 8
                int position = first + warp_row + 16 * m + 8 * half + g + s.shift;
                float largest = max[m][half];
#pragma unroll
                for (int n = 0; n < KEYS / 8; n++)
#pragma unroll
                    for (int e = 2 * half; e < 2 * half + 2; e++) {
                        int j = key + 8 * n + 2 * t + e % 2;
                        float& x = p[m][n][e];
                        if (!plain) {
                            float unused;
                            x = score<false>(shape, slope, x, position, j, unused);
                        }
                        x = full || sees(shape, position, j) ? x * to_log2 : -infinity();
                        largest = fmaxf(largest, x);
                    }
                largest = fmaxf(largest, __shfl_xor_sync(FULL_WARP, largest, 1));
                largest = fmaxf(largest, __shfl_xor_sync(FULL_WARP, largest, 2));
                float base = largest == -infinity() ? 0.f : largest, scale = fast_exp2(max[m][half] - base), part = 0.f;
#pragma unroll
                for (int n = 0; n < KEYS / 8; n++)
#pragma unroll
                    for (int e = 2 * half; e < 2 * half + 2; e++) {
                        p[m][n][e] = fast_exp2(p[m][n][e] - base);
                        part += p[m][n][e];
                    }
                sum[m][half] = sum[m][half] * scale + part; // this lane's share
                max[m][half] = largest;
#pragma unroll
                for (int n = 0; n < DIM / 8; n++)
                    mixed[m][n][2 * half] *= scale, mixed[m][n][2 * half + 1] *= scale;
            }
        copies_wait<0>();
        __syncthreads(); // v is there, k has been used
        if (key + KEYS < end)
            copy_tile<KEYS, DIM, THREADS>(k_tile, k + kv_at + (key + KEYS) * kv_stride, kv_stride, s.keys - key - KEYS, dim, whole);
        copies_end();
#pragma unroll
        for (int n = 0; n < KEYS / 16; n++) {
            unsigned a[M][4];
#pragma unroll
            for (int m = 0; m < M; m++)
                as_operand(p[m][2 * n], p[m][2 * n + 1], a[m]);
#pragma unroll
            for (int d = 0; d < DIM / 16; d++) {
                unsigned b[4];
                load_b<DIM>(b, v_tile, 16 * n, 2 * d);
#pragma unroll
                for (int m = 0; m < M; m++) {
                    multiply_add(mixed[m][2 * d], a[m], b[0], b[1]);
                    multiply_add(mixed[m][2 * d + 1], a[m], b[2], b[3]);
                }
            }
        }
    }
#pragma unroll
    for (int m = 0; m < M; m++)
#pragma unroll
        for (int half = 0; half < 2; half++) {
            float total = sum[m][half];
            total += __shfl_xor_sync(FULL_WARP, total, 1);
            total += __shfl_xor_sync(FULL_WARP, total, 2);
            int row = warp_row + 16 * m + 8 * half + g;
            if (row >= rows)
                continue;
            if (t == 0)
                log_sum_exp[(long long)(s.first_query + first + row) * shape.heads + head] = LN_2 * max[m][half] + logf(total);
            float factor = 1.f / total;
            bf16* to = out + q_at + row * q_stride;
#pragma unroll
            for (int n = 0; n < DIM / 8; n++)
                store_pair(to, 8 * n + 2 * t, dim, store_whole, mixed[m][n][2 * half] * factor, mixed[m][n][2 * half + 1] * factor);
        }
}

extern "C" __global__ void __launch_bounds__(256)
attention_f32_d64(const float* q, const float* k, const float* v, AttentionShape shape, const int* offsets, const int* key_starts, const int* key_lengths,
                  float* out, float* log_sum_exp) {
    attention_tiles<64, 64, 64>(q, k, v, shape, offsets, key_starts, key_lengths, out, log_sum_exp);
}

extern "C" __global__ void __launch_bounds__(256)
attention_f32_d128(const float* q, const float* k, const float* v, AttentionShape shape, const int* offsets, const int* key_starts, const int* key_lengths,
                   float* out, float* log_sum_exp) {
    attention_tiles<128, 64, 64>(q, k, v, shape, offsets, key_starts, key_lengths, out, log_sum_exp);
}

extern "C" __global__ void __launch_bounds__(256)
attention_f32_d256(const float* q, const float* k, const float* v, AttentionShape shape, const int* offsets, const int* key_starts, const int* key_lengths,
                   float* out, float* log_sum_exp) {
    attention_tiles<256, 32, 32>(q, k, v, shape, offsets, key_starts, key_lengths, out, log_sum_exp);
}

extern "C" __global__ void __launch_bounds__(128)
attention_bf16_d64(const bf16* q, const bf16* k, const bf16* v, AttentionShape shape, const int* offsets, const int* key_starts, const int* key_lengths,
                   bf16* out, float* log_sum_exp) {
    attention_mma<64, 4, 2, 64>(q, k, v, shape, offsets, key_starts, key_lengths, out, log_sum_exp);
}

extern "C" __global__ void __launch_bounds__(128)
attention_bf16_d128(const bf16* q, const bf16* k, const bf16* v, AttentionShape shape, const int* offsets, const int* key_starts, const int* key_lengths,
                    bf16* out, float* log_sum_exp) {
    attention_mma<128, 4, 2, 64>(q, k, v, shape, offsets, key_starts, key_lengths, out, log_sum_exp);
}

extern "C" __global__ void __launch_bounds__(128)
attention_bf16_d256(const bf16* q, const bf16* k, const bf16* v, AttentionShape shape, const int* offsets, const int* key_starts, const int* key_lengths,
                    bf16* out, float* log_sum_exp) {
    attention_mma<256, 4, 1, 32>(q, k, v, shape, offsets, key_starts, key_lengths, out, log_sum_exp);
}
