package dev.crane.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;

import static dev.crane.engine.backend.cpu.Lanes.F;
import static dev.crane.engine.backend.cpu.Lanes.L;

/**
 * Small matrices as attention multiplies them: cut into panels of {@link #W} columns, each panel stored row after row, its last columns filled with zeros.
 * Every product below is computed in tiles of {@value #ROWS} × W, and every element of a result is one chain of fused multiply-adds in
 * ascending order of the summation index, begun at 0 or at what the result held: so its bits depend on neither tiling nor vector width.
 */
final class Panels {
    /** Width of a panel: two vectors. */
    static final int W = 2 * L;
    /** Rows of a tile. */
    static final int ROWS = 4;

    private Panels() {
    }

    /** Number of panels that hold {@code columns} columns. */
    static int count(int columns) {
        return (columns + W - 1) / W;
    }

    /** {@code columns} rounded up to whole panels. */
    static int padded(int columns) {
        return count(columns) * W;
    }

    /** Copies {@code rows} rows of {@code columns} values, times {@code factor}, to the rows from {@code row} of panels of {@code panelRows} rows. */
    static void pack(float[] source, int at, int stride, int rows, int columns, float factor, float[] panels, int panelsAt, int panelRows,
            int row) {
        for (int r = 0; r < rows; r++)
            for (int j = 0; j < padded(columns); j += L) {
                int to = panelsAt + (j / W * panelRows + row + r) * W + j % W;
                int from = at + r * stride + j;
                if (j + L <= columns)
                    FloatVector.fromArray(F, source, from).mul(factor).intoArray(panels, to);
                else if (j < columns)
                    FloatVector.fromArray(F, source, from, Lanes.first(columns - j)).mul(factor).intoArray(panels, to);
                else
                    FloatVector.zero(F).intoArray(panels, to);
            }
    }

    /** The reverse of {@link #pack}. */
    static void unpack(float[] panels, int panelsAt, int panelRows, int row, int rows, int columns, float factor, float[] target, int at,
            int stride) {
        for (int r = 0; r < rows; r++)
            for (int j = 0; j < columns; j += L) {
                FloatVector value = FloatVector.fromArray(F, panels, panelsAt + (j / W * panelRows + row + r) * W + j % W).mul(factor);
                if (j + L <= columns)
                    value.intoArray(target, at + r * stride + j);
                else
                    value.intoArray(target, at + r * stride + j, Lanes.first(columns - j));
            }
    }

    /** Packs the transpose: the source's rows become columns, the panels have {@code columns} rows. */
    static void packTransposed(float[] source, int at, int stride, int rows, int columns, float[] panels, int panelsAt) {
        for (int i = 0; i < padded(rows); i++) {
            int to = panelsAt + i / W * columns * W + i % W;
            if (i < rows)
                for (int j = 0; j < columns; j++)
                    panels[to + j * W] = source[at + i * stride + j];
            else
                for (int j = 0; j < columns; j++)
                    panels[to + j * W] = 0;
        }
    }

    /**
     * C (+)= A · B for {@value #ROWS} rows of A and one panel of B: C[r, :] (+)= Σ_k A[r, k] · B[k, :].
     *
     * @param aAt first row of the tile in A's first panel
     * @param aPanel distance of A's panels
     * @param bAt first row of B's panel
     * @param depth number of columns of A that take part, from the first
     * @param cAt first row of the tile in C's panel
     */
    static void multiply(float[] a, int aAt, int aPanel, float[] b, int bAt, int depth, float[] c, int cAt, boolean accumulate) {
        FloatVector c00 = accumulate ? FloatVector.fromArray(F, c, cAt) : FloatVector.zero(F);
        FloatVector c01 = accumulate ? FloatVector.fromArray(F, c, cAt + L) : FloatVector.zero(F);
        FloatVector c10 = accumulate ? FloatVector.fromArray(F, c, cAt + 2 * L) : FloatVector.zero(F);
        FloatVector c11 = accumulate ? FloatVector.fromArray(F, c, cAt + 3 * L) : FloatVector.zero(F);
        FloatVector c20 = accumulate ? FloatVector.fromArray(F, c, cAt + 4 * L) : FloatVector.zero(F);
        FloatVector c21 = accumulate ? FloatVector.fromArray(F, c, cAt + 5 * L) : FloatVector.zero(F);
        FloatVector c30 = accumulate ? FloatVector.fromArray(F, c, cAt + 6 * L) : FloatVector.zero(F);
        FloatVector c31 = accumulate ? FloatVector.fromArray(F, c, cAt + 7 * L) : FloatVector.zero(F);
        for (int panel = 0; panel < depth; panel += W) {
            int n = Math.min(W, depth - panel);
            int i = aAt + panel / W * aPanel;
            int j = bAt + panel * W;
            for (int k = 0; k < n; k++) {
                FloatVector b0 = FloatVector.fromArray(F, b, j + k * W);
                FloatVector b1 = FloatVector.fromArray(F, b, j + k * W + L);
                FloatVector a0 = FloatVector.broadcast(F, a[i + k]);
                c00 = a0.fma(b0, c00);
                c01 = a0.fma(b1, c01);
                FloatVector a1 = FloatVector.broadcast(F, a[i + k + W]);
                c10 = a1.fma(b0, c10);
                c11 = a1.fma(b1, c11);
                FloatVector a2 = FloatVector.broadcast(F, a[i + k + 2 * W]);
                c20 = a2.fma(b0, c20);
                c21 = a2.fma(b1, c21);
                FloatVector a3 = FloatVector.broadcast(F, a[i + k + 3 * W]);
                c30 = a3.fma(b0, c30);
                c31 = a3.fma(b1, c31);
            }
        }
        c00.intoArray(c, cAt);
        c01.intoArray(c, cAt + L);
        c10.intoArray(c, cAt + 2 * L);
        c11.intoArray(c, cAt + 3 * L);
        c20.intoArray(c, cAt + 4 * L);
        c21.intoArray(c, cAt + 5 * L);
        c30.intoArray(c, cAt + 6 * L);
        c31.intoArray(c, cAt + 7 * L);
    }

    /**
     * C += Aᵀ · B for {@value #ROWS} columns of a panel of A and one panel of B: C[r, :] += Σ_k A[k, r] · B[k, :].
     *
     * @param aAt first row of A's panel, at the tile's first column
     */
    static void multiplyTransposed(float[] a, int aAt, float[] b, int bAt, int depth, float[] c, int cAt) {
        FloatVector c00 = FloatVector.fromArray(F, c, cAt);
        FloatVector c01 = FloatVector.fromArray(F, c, cAt + L);
        FloatVector c10 = FloatVector.fromArray(F, c, cAt + 2 * L);
        FloatVector c11 = FloatVector.fromArray(F, c, cAt + 3 * L);
        FloatVector c20 = FloatVector.fromArray(F, c, cAt + 4 * L);
        FloatVector c21 = FloatVector.fromArray(F, c, cAt + 5 * L);
        FloatVector c30 = FloatVector.fromArray(F, c, cAt + 6 * L);
        FloatVector c31 = FloatVector.fromArray(F, c, cAt + 7 * L);
        for (int k = 0; k < depth; k++) {
            FloatVector b0 = FloatVector.fromArray(F, b, bAt + k * W);
            FloatVector b1 = FloatVector.fromArray(F, b, bAt + k * W + L);
            FloatVector a0 = FloatVector.broadcast(F, a[aAt + k * W]);
            c00 = a0.fma(b0, c00);
            c01 = a0.fma(b1, c01);
            FloatVector a1 = FloatVector.broadcast(F, a[aAt + k * W + 1]);
            c10 = a1.fma(b0, c10);
            c11 = a1.fma(b1, c11);
            FloatVector a2 = FloatVector.broadcast(F, a[aAt + k * W + 2]);
            c20 = a2.fma(b0, c20);
            c21 = a2.fma(b1, c21);
            FloatVector a3 = FloatVector.broadcast(F, a[aAt + k * W + 3]);
            c30 = a3.fma(b0, c30);
            c31 = a3.fma(b1, c31);
        }
        c00.intoArray(c, cAt);
        c01.intoArray(c, cAt + L);
        c10.intoArray(c, cAt + 2 * L);
        c11.intoArray(c, cAt + 3 * L);
        c20.intoArray(c, cAt + 4 * L);
        c21.intoArray(c, cAt + 5 * L);
        c30.intoArray(c, cAt + 6 * L);
        c31.intoArray(c, cAt + 7 * L);
    }
}
