// Tensor cores and asynchronous copies, as Ampere and later have them; each with the same mathematics, lane by lane, in plain C++ for the software
// device, so that which lane holds what is tested there.
//
// A warp multiplies A [16, 16] by B [16, 8] (bf16) and adds to C [16, 8] (f32). Lane l holds, with g = l/4 and t = l%4:
//     A: a[0] = A[g, 2t..2t+1], a[1] = A[g + 8, 2t..], a[2] = A[g, 2t + 8..], a[3] = A[g + 8, 2t + 8..]
//     B: b0 = B[2t..2t+1, g], b1 = B[2t + 8.., g]
//     C: c[0], c[1] = C[g, 2t..2t+1], c[2], c[3] = C[g + 8, 2t..]
// So two neighbouring C tiles, rounded to bf16, are an A tile: `as_operand`.
//
// Tiles lie in shared memory row by row, WIDTH elements (64, 128 or 256) a row, the 16-byte pieces of row r exchanged by piece ^ (r % 8): then the eight
// rows that one matrix load reads lie in different banks.
#ifndef CRANE_MMA_CUH
#define CRANE_MMA_CUH

#include "crane.cuh"

// c += a · b.
CRANE_DEVICE void multiply_add(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
#ifdef CRANE_GPU
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
    __shared__ unsigned operands[32][32][6]; // [warp][lane]
    unsigned(&of_warp)[32][6] = operands[threadIdx.x / 32];
    int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    for (int i = 0; i < 4; i++)
        of_warp[lane][i] = a[i];
    of_warp[lane][4] = b0, of_warp[lane][5] = b1;
    __syncwarp();
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 16; k += 2) { // the lane of a row or column that holds k and k + 1 is k/2 % 4
            float a_low, a_high, b_low, b_high;
            unpack(of_warp[g * 4 + k / 2 % 4][i / 2 + k / 8 * 2], a_low, a_high);
            unpack(of_warp[(2 * t + i % 2) * 4 + k / 2 % 4][4 + k / 8], b_low, b_high);
            c[i] += a_low * b_low + a_high * b_high;
        }
    __syncwarp();
#endif
}

// Two neighbouring C tiles (columns 0–7 and 8–15), rounded, as an A tile.
CRANE_DEVICE void as_operand(const float (&low)[4], const float (&high)[4], unsigned (&a)[4]) {
    a[0] = bf16_pair(low[0], low[1]), a[1] = bf16_pair(low[2], low[3]);
    a[2] = bf16_pair(high[0], high[1]), a[3] = bf16_pair(high[2], high[3]);
}

// Loads four 8 × 8 matrices from shared memory: lanes 8m to 8m + 7 give the addresses of the rows of matrix m, and lane l gets of each matrix elements
// 2(l%4) and 2(l%4) + 1 of row l/4; transposed: of column l/4.
template <bool transposed> CRANE_DEVICE void load_matrices(unsigned (&r)[4], const bf16* row) {
#ifdef CRANE_GPU
    unsigned address = (unsigned)__cvta_generic_to_shared(row);
    if constexpr (transposed)
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                     : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                     : "r"(address)
                     : "memory");
    else
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                     : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                     : "r"(address)
                     : "memory");
#else
    __shared__ const bf16* rows[32][32]; // [warp][lane]
    const bf16*(&of_warp)[32] = rows[threadIdx.x / 32];
    int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
    of_warp[lane] = row;
    __syncwarp();
    for (int m = 0; m < 4; m++) {
        bf16 low = transposed ? of_warp[8 * m + 2 * t][g] : of_warp[8 * m + g][2 * t];
        bf16 high = transposed ? of_warp[8 * m + 2 * t + 1][g] : of_warp[8 * m + g][2 * t + 1];
        r[m] = low.bits | (unsigned)high.bits << 16;
    }
    __syncwarp();
#endif
}

// Where piece `piece` (8 elements) of row `row` of a tile lies.
template <int WIDTH> CRANE_DEVICE int tile_at(int row, int piece) { return row * WIDTH + ((piece ^ (row & 7)) << 3); }

// The A tile of rows `row` to row + 15 and columns 16·k to 16·k + 15 of a tile.
template <int WIDTH> CRANE_DEVICE void load_a(unsigned (&a)[4], const bf16* tile, int row, int k) {
    int lane = threadIdx.x % 32;
    load_matrices<false>(a, tile + tile_at<WIDTH>(row + lane % 16, 2 * k + lane / 16));
}

// Two B tiles of the transpose of a tile: B[i, n] = tile[row + n, 16·k + i], n < 16. b[0], b[1] are the first 8 columns, b[2], b[3] the others.
template <int WIDTH> CRANE_DEVICE void load_b_transpose(unsigned (&b)[4], const bf16* tile, int row, int k) {
    int lane = threadIdx.x % 32;
    load_matrices<false>(b, tile + tile_at<WIDTH>(row + lane % 8 + lane / 16 * 8, 2 * k + lane / 8 % 2));
}

// Two B tiles of a tile: B[i, n] = tile[row + i, 8·piece + n], n < 16; ordered as above.
template <int WIDTH> CRANE_DEVICE void load_b(unsigned (&b)[4], const bf16* tile, int row, int piece) {
    int lane = threadIdx.x % 32;
    load_matrices<true>(b, tile + tile_at<WIDTH>(row + lane % 16, piece + lane / 16));
}

// ---- copies that go on while the block computes ----

// Starts a copy of 16 bytes to shared memory, or of zeros.
CRANE_DEVICE void copy_async(bf16* to, const bf16* from, bool real) {
#ifdef CRANE_GPU
    unsigned address = (unsigned)__cvta_generic_to_shared(to);
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address), "l"(from), "r"(real ? 16 : 0) : "memory");
#else
    *reinterpret_cast<uint4*>(to) = real ? *reinterpret_cast<const uint4*>(from) : uint4{0, 0, 0, 0};
#endif
}

// Ends a group of copies.
CRANE_DEVICE void copies_end() {
#ifdef CRANE_GPU
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

// Waits until all but the last `left` groups of this thread are done; a barrier makes them visible to the others.
template <int left> CRANE_DEVICE void copies_wait() {
#ifdef CRANE_GPU
    asm volatile("cp.async.wait_group %0;" ::"n"(left) : "memory");
#endif
}

// Starts copying rows [0, ROWS) of a matrix in global memory, `stride` elements apart, to a tile; rows from `rows` on and columns from `columns` on
// become 0. Where rows cannot be read in 16-byte pieces (`whole` false) it is done element by element, at once. All THREADS threads call it.
template <int ROWS, int WIDTH, int THREADS>
CRANE_DEVICE void copy_tile(bf16* tile, const bf16* from, long long stride, int rows, int columns, bool whole) {
    constexpr int PIECES = WIDTH / 8, STEP = THREADS / PIECES;
    static_assert(THREADS % PIECES == 0 && ROWS % STEP == 0, "a thread copies one column of pieces, as many as every other");
    int row = threadIdx.x / PIECES, piece = threadIdx.x % PIECES;
    const bf16* source = from + row * stride + 8 * piece;
#pragma unroll 2 // keeps the addresses of all rows out of the registers that accumulators need
    for (int i = 0; i < ROWS / STEP; i++, row += STEP, source += STEP * stride) {
        bf16* to = tile + tile_at<WIDTH>(row, piece);
        if (whole) {
            bool real = row < rows && 8 * piece < columns;
            copy_async(to, real ? source : from, real);
        } else
            for (int j = 0; j < 8; j++)
                to[j] = row < rows && 8 * piece + j < columns ? source[j] : bf16{0};
    }
}

// Stores elements `column` and column + 1 of a row of `columns`; pairs at once where `whole`.
CRANE_DEVICE void store_pair(bf16* row, int column, int columns, bool whole, float x, float y) {
    if (whole) {
        if (column < columns)
            *reinterpret_cast<unsigned*>(row + column) = bf16_pair(x, y);
    } else {
        if (column < columns)
            store(row + column, x);
        if (column + 1 < columns)
            store(row + column + 1, y);
    }
}

#endif
