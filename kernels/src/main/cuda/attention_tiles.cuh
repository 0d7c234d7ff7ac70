// Attention's products on ordinary arithmetic, in f32: for f32 tensors, and for head dimensions that the tensor-core kernels have no room for.
//
// A block of 256 threads is a 16 × 16 grid (ty, tx). Tiles lie in shared memory row by row, DIM + 4 floats a row (so that rows that neighbouring
// threads read lie in different banks). Of a product of two tiles' rows thread (ty, tx) holds rows ty·R … ty·R + R − 1 and columns tx + 16·c; of a matrix with DIM
// columns it holds the same rows and columns 64·c + 4·tx … + 3.
#ifndef CRANE_ATTENTION_TILES_CUH
#define CRANE_ATTENTION_TILES_CUH

#include "crane.cuh"

template <int DIM> constexpr int TILE_STRIDE = DIM + 4;

// Copies rows of a matrix in global memory, `stride` elements apart, to a tile; rows from `rows` on and columns from `columns` to the next multiple of 4
// become 0.
template <int ROWS, int DIM, class T> CRANE_DEVICE void load_tile(float* tile, const T* from, long long stride, int rows, int columns) {
    int pieces = (columns + 3) / 4;
    bool whole = whole_vectors<4>(columns, from) && stride % 4 == 0;
    for (int at = threadIdx.x; at < ROWS * pieces; at += 256) {
        int row = at / pieces, piece = at % pieces;
        float x[4] = {};
        if (row < rows) {
            if (whole)
                load<true>(from + row * stride, 4 * piece, columns, x);
            else
                load<false>(from + row * stride, 4 * piece, columns, x);
        }
        store_vector(tile + row * TILE_STRIDE<DIM> + 4 * piece, x);
    }
}

// out[r][c] = Σ_i a[ty·R + r, i] · b[tx + 16·c, i] over the first `columns` of DIM.
template <int R, int C, int DIM> CRANE_DEVICE void row_products(const float* a, const float* b, int columns, float (&out)[R][C]) {
    int tx = threadIdx.x % 16, ty = threadIdx.x / 16;
#pragma unroll
    for (int r = 0; r < R; r++)
#pragma unroll
        for (int c = 0; c < C; c++)
            out[r][c] = 0.f;
#pragma unroll 4
    for (int i = 0; i < columns; i += 4) {
        float x[R][4], y[C][4];
#pragma unroll
        for (int r = 0; r < R; r++)
            load_vector(a + (ty * R + r) * TILE_STRIDE<DIM> + i, x[r]);
#pragma unroll
        for (int c = 0; c < C; c++)
            load_vector(b + (tx + 16 * c) * TILE_STRIDE<DIM> + i, y[c]);
#pragma unroll
        for (int r = 0; r < R; r++)
#pragma unroll
            for (int c = 0; c < C; c++)
#pragma unroll
                for (int j = 0; j < 4; j++)
                    out[r][c] = __fmaf_rn(x[r][j], y[c][j], out[r][c]);
    }
}

// out[r][…] += Σ_j p[ty·R + r, j] · v[j, …] over KEYS rows of v; p has KEYS + 4 floats a row.
template <int R, int KEYS, int DIM>
CRANE_DEVICE void add_product(const float* p, const float* v, int columns, float (&out)[R][DIM / 64][4]) {
    int tx = threadIdx.x % 16, ty = threadIdx.x / 16;
#pragma unroll 2
    for (int j = 0; j < KEYS; j += 4) {
        float weight[R][4];
#pragma unroll
        for (int r = 0; r < R; r++)
            load_vector(p + (ty * R + r) * (KEYS + 4) + j, weight[r]);
#pragma unroll
        for (int i = 0; i < 4; i++)
#pragma unroll
            for (int c = 0; c < DIM / 64; c++) {
                if (64 * c + 4 * tx >= columns)
                    continue;
                float x[4];
                load_vector(v + (j + i) * TILE_STRIDE<DIM> + 64 * c + 4 * tx, x);
#pragma unroll
                for (int r = 0; r < R; r++)
#pragma unroll
                    for (int e = 0; e < 4; e++)
                        out[r][c][e] = __fmaf_rn(weight[r][i], x[e], out[r][c][e]);
            }
    }
}

// Stores factor[r] · out[r][…] as rows of a matrix in global memory, those below `rows`.
template <int R, int DIM, class T>
CRANE_DEVICE void store_rows(T* to, long long stride, int rows, int columns, const float (&out)[R][DIM / 64][4], const float (&factor)[R]) {
    int tx = threadIdx.x % 16, ty = threadIdx.x / 16;
#pragma unroll
    for (int r = 0; r < R; r++) {
        int row = ty * R + r;
        if (row >= rows)
            continue;
#pragma unroll
        for (int c = 0; c < DIM / 64; c++) {
            float x[4];
#pragma unroll
            for (int e = 0; e < 4; e++)
                x[e] = out[r][c][e] * factor[r];
            store<false>(to + row * stride, 64 * c + 4 * tx, columns, x);
        }
    }
}

// The largest and the sum over the 16 threads of a row.
CRANE_DEVICE float row_max(float x) {
#pragma unroll
    for (int step = 8; step > 0; step >>= 1)
        x = fmaxf(x, __shfl_xor_sync(FULL_WARP, x, step));
    return x;
}

CRANE_DEVICE float row_sum(float x) {
#pragma unroll
    for (int step = 8; step > 0; step >>= 1)
        x += __shfl_xor_sync(FULL_WARP, x, step);
    return x;
}

#endif
