package dev.crane.engine.backend.cpu;

import java.lang.invoke.VarHandle;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The innermost loops of the matrix product: a few rows of A times one panel of B, added to C, with the whole tile of C in registers.
 *
 * <p>A lies as rows {@link #A_STRIDE} apart, B as a panel [depth][{@link #WIDTH}]. Each element is one chain of fused multiply-adds in ascending k
 * that starts at 0, and is added to C at the end; so its bits depend neither on the tile's height nor on the lanes of the machine's vectors.
 *
 * <p>Two vectors wide. C2 would load and broadcast the elements of A well ahead of the multiply-adds, and with 14 rows keep three accumulators in
 * memory for that; a fence before each row, which is no instruction, keeps the loads in their places. Measured with B in the second-level cache on a
 * busy machine, GFLOP/s of one core, AVX-512 (32 registers, about 200 at best): 14×2 vectors 172 with fences and 142 without, 12×2 168 and 135, 8×3 160,
 * 6×4 160, 10×2 155, 8×2 151. AVX2 (16 registers, 97 at best): 4×2 vectors 94, 6×2 67, 8×2 58, 4×3 60. The
 * methods exceed C2's limit of nodes for ordinary inlining (NodeCountInliningCutoff), so they call nothing but methods of the Vector API, which are
 * exempt from it: with a method of our own for the additions to C, C2 leaves it a call, boxes every accumulator, and the product is 30 times slower.
 */
final class Tile {
    static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    static final int LANES = SPECIES.length();

    /** Columns of a tile. */
    static final int WIDTH = 2 * LANES;

    /** Largest number of products in a chain; longer sums are the sum of the chains, in ascending order. Changing it changes bits. */
    static final int DEPTH = 256;

    /** Floats between the rows of A: a cache line more than a row, so that the rows of a tile do not share a set of the cache. */
    static final int A_STRIDE = DEPTH + 16;

    /** Rows of the tallest tile: 28 accumulators of the 32 registers that come with vectors of 512 bits, 8 of 16 otherwise. */
    static final int HEIGHT = LANES >= 16 ? 14 : 4;

    private Tile() {
    }

    /** Rows of the tile that takes {@code rows} rows with the fewest left unused: {@link #HEIGHT}, 8 or 4. */
    static int height(int rows) {
        return HEIGHT == 4 || rows <= 4 ? 4 : rows <= 8 ? 8 : HEIGHT;
    }

    /**
     * C = old + A · B on a tile of {@code height} rows, which is what {@link #height(int)} gave. All of {@code old}, which may be C, is read before C is
     * written: a load behind a store whose address has the same lower 12 bits, as the rows of C often have, would wait for it.
     */
    static void add(int height, float[] a, int ao, float[] b, int bo, int depth, float[] old, int from, int fromStride, float[] c, int co,
            int stride) {
        switch (height) {
            case 4 -> add4(a, ao, b, bo, depth, old, from, fromStride, c, co, stride);
            case 8 -> add8(a, ao, b, bo, depth, old, from, fromStride, c, co, stride);
            default -> add14(a, ao, b, bo, depth, old, from, fromStride, c, co, stride);
        }
    }

    /** 14 rows: 28 accumulators. */
    static void add14(float[] a, int ao, float[] b, int bo, int depth, float[] old, int from, int fromStride, float[] c, int co,
            int stride) {
        FloatVector c0l = FloatVector.zero(SPECIES);
        FloatVector c0r = FloatVector.zero(SPECIES);
        FloatVector c1l = FloatVector.zero(SPECIES);
        FloatVector c1r = FloatVector.zero(SPECIES);
        FloatVector c2l = FloatVector.zero(SPECIES);
        FloatVector c2r = FloatVector.zero(SPECIES);
        FloatVector c3l = FloatVector.zero(SPECIES);
        FloatVector c3r = FloatVector.zero(SPECIES);
        FloatVector c4l = FloatVector.zero(SPECIES);
        FloatVector c4r = FloatVector.zero(SPECIES);
        FloatVector c5l = FloatVector.zero(SPECIES);
        FloatVector c5r = FloatVector.zero(SPECIES);
        FloatVector c6l = FloatVector.zero(SPECIES);
        FloatVector c6r = FloatVector.zero(SPECIES);
        FloatVector c7l = FloatVector.zero(SPECIES);
        FloatVector c7r = FloatVector.zero(SPECIES);
        FloatVector c8l = FloatVector.zero(SPECIES);
        FloatVector c8r = FloatVector.zero(SPECIES);
        FloatVector c9l = FloatVector.zero(SPECIES);
        FloatVector c9r = FloatVector.zero(SPECIES);
        FloatVector c10l = FloatVector.zero(SPECIES);
        FloatVector c10r = FloatVector.zero(SPECIES);
        FloatVector c11l = FloatVector.zero(SPECIES);
        FloatVector c11r = FloatVector.zero(SPECIES);
        FloatVector c12l = FloatVector.zero(SPECIES);
        FloatVector c12r = FloatVector.zero(SPECIES);
        FloatVector c13l = FloatVector.zero(SPECIES);
        FloatVector c13r = FloatVector.zero(SPECIES);
        for (int k = 0; k < depth; k++) {
            FloatVector l = FloatVector.fromArray(SPECIES, b, bo + k * WIDTH);
            FloatVector r = FloatVector.fromArray(SPECIES, b, bo + k * WIDTH + LANES);
            FloatVector x = FloatVector.broadcast(SPECIES, a[ao + k]);
            c0l = x.fma(l, c0l);
            c0r = x.fma(r, c0r);
            VarHandle.loadLoadFence();
            x = FloatVector.broadcast(SPECIES, a[ao + k + A_STRIDE]);
            c1l = x.fma(l, c1l);
            c1r = x.fma(r, c1r);
            VarHandle.loadLoadFence();
            x = FloatVector.broadcast(SPECIES, a[ao + k + 2 * A_STRIDE]);
            c2l = x.fma(l, c2l);
            c2r = x.fma(r, c2r);
            VarHandle.loadLoadFence();
            x = FloatVector.broadcast(SPECIES, a[ao + k + 3 * A_STRIDE]);
            c3l = x.fma(l, c3l);
            c3r = x.fma(r, c3r);
            VarHandle.loadLoadFence();
            x = FloatVector.broadcast(SPECIES, a[ao + k + 4 * A_STRIDE]);
            c4l = x.fma(l, c4l);
            c4r = x.fma(r, c4r);
            VarHandle.loadLoadFence();
            x = FloatVector.broadcast(SPECIES, a[ao + k + 5 * A_STRIDE]);
            c5l = x.fma(l, c5l);
            c5r = x.fma(r, c5r);
            VarHandle.loadLoadFence();
            x = FloatVector.broadcast(SPECIES, a[ao + k + 6 * A_STRIDE]);
            c6l = x.fma(l, c6l);
            c6r = x.fma(r, c6r);
            VarHandle.loadLoadFence();
            x = FloatVector.broadcast(SPECIES, a[ao + k + 7 * A_STRIDE]);
            c7l = x.fma(l, c7l);
            c7r = x.fma(r, c7r);
            VarHandle.loadLoadFence();
            x = FloatVector.broadcast(SPECIES, a[ao + k + 8 * A_STRIDE]);
            c8l = x.fma(l, c8l);
            c8r = x.fma(r, c8r);
            VarHandle.loadLoadFence();
            x = FloatVector.broadcast(SPECIES, a[ao + k + 9 * A_STRIDE]);
            c9l = x.fma(l, c9l);
            c9r = x.fma(r, c9r);
            VarHandle.loadLoadFence();
            x = FloatVector.broadcast(SPECIES, a[ao + k + 10 * A_STRIDE]);
            c10l = x.fma(l, c10l);
            c10r = x.fma(r, c10r);
            VarHandle.loadLoadFence();
            x = FloatVector.broadcast(SPECIES, a[ao + k + 11 * A_STRIDE]);
            c11l = x.fma(l, c11l);
            c11r = x.fma(r, c11r);
            VarHandle.loadLoadFence();
            x = FloatVector.broadcast(SPECIES, a[ao + k + 12 * A_STRIDE]);
            c12l = x.fma(l, c12l);
            c12r = x.fma(r, c12r);
            VarHandle.loadLoadFence();
            x = FloatVector.broadcast(SPECIES, a[ao + k + 13 * A_STRIDE]);
            c13l = x.fma(l, c13l);
            c13r = x.fma(r, c13r);
        }
        c0l = c0l.add(FloatVector.fromArray(SPECIES, old, from));
        c0r = c0r.add(FloatVector.fromArray(SPECIES, old, from + LANES));
        c1l = c1l.add(FloatVector.fromArray(SPECIES, old, from + fromStride));
        c1r = c1r.add(FloatVector.fromArray(SPECIES, old, from + fromStride + LANES));
        c2l = c2l.add(FloatVector.fromArray(SPECIES, old, from + 2 * fromStride));
        c2r = c2r.add(FloatVector.fromArray(SPECIES, old, from + 2 * fromStride + LANES));
        c3l = c3l.add(FloatVector.fromArray(SPECIES, old, from + 3 * fromStride));
        c3r = c3r.add(FloatVector.fromArray(SPECIES, old, from + 3 * fromStride + LANES));
        c4l = c4l.add(FloatVector.fromArray(SPECIES, old, from + 4 * fromStride));
        c4r = c4r.add(FloatVector.fromArray(SPECIES, old, from + 4 * fromStride + LANES));
        c5l = c5l.add(FloatVector.fromArray(SPECIES, old, from + 5 * fromStride));
        c5r = c5r.add(FloatVector.fromArray(SPECIES, old, from + 5 * fromStride + LANES));
        c6l = c6l.add(FloatVector.fromArray(SPECIES, old, from + 6 * fromStride));
        c6r = c6r.add(FloatVector.fromArray(SPECIES, old, from + 6 * fromStride + LANES));
        c7l = c7l.add(FloatVector.fromArray(SPECIES, old, from + 7 * fromStride));
        c7r = c7r.add(FloatVector.fromArray(SPECIES, old, from + 7 * fromStride + LANES));
        c8l = c8l.add(FloatVector.fromArray(SPECIES, old, from + 8 * fromStride));
        c8r = c8r.add(FloatVector.fromArray(SPECIES, old, from + 8 * fromStride + LANES));
        c9l = c9l.add(FloatVector.fromArray(SPECIES, old, from + 9 * fromStride));
        c9r = c9r.add(FloatVector.fromArray(SPECIES, old, from + 9 * fromStride + LANES));
        c10l = c10l.add(FloatVector.fromArray(SPECIES, old, from + 10 * fromStride));
        c10r = c10r.add(FloatVector.fromArray(SPECIES, old, from + 10 * fromStride + LANES));
        c11l = c11l.add(FloatVector.fromArray(SPECIES, old, from + 11 * fromStride));
        c11r = c11r.add(FloatVector.fromArray(SPECIES, old, from + 11 * fromStride + LANES));
        c12l = c12l.add(FloatVector.fromArray(SPECIES, old, from + 12 * fromStride));
        c12r = c12r.add(FloatVector.fromArray(SPECIES, old, from + 12 * fromStride + LANES));
        c13l = c13l.add(FloatVector.fromArray(SPECIES, old, from + 13 * fromStride));
        c13r = c13r.add(FloatVector.fromArray(SPECIES, old, from + 13 * fromStride + LANES));
        c0l.intoArray(c, co);
        c0r.intoArray(c, co + LANES);
        c1l.intoArray(c, co + stride);
        c1r.intoArray(c, co + stride + LANES);
        c2l.intoArray(c, co + 2 * stride);
        c2r.intoArray(c, co + 2 * stride + LANES);
        c3l.intoArray(c, co + 3 * stride);
        c3r.intoArray(c, co + 3 * stride + LANES);
        c4l.intoArray(c, co + 4 * stride);
        c4r.intoArray(c, co + 4 * stride + LANES);
        c5l.intoArray(c, co + 5 * stride);
        c5r.intoArray(c, co + 5 * stride + LANES);
        c6l.intoArray(c, co + 6 * stride);
        c6r.intoArray(c, co + 6 * stride + LANES);
        c7l.intoArray(c, co + 7 * stride);
        c7r.intoArray(c, co + 7 * stride + LANES);
        c8l.intoArray(c, co + 8 * stride);
        c8r.intoArray(c, co + 8 * stride + LANES);
        c9l.intoArray(c, co + 9 * stride);
        c9r.intoArray(c, co + 9 * stride + LANES);
        c10l.intoArray(c, co + 10 * stride);
        c10r.intoArray(c, co + 10 * stride + LANES);
        c11l.intoArray(c, co + 11 * stride);
        c11r.intoArray(c, co + 11 * stride + LANES);
        c12l.intoArray(c, co + 12 * stride);
        c12r.intoArray(c, co + 12 * stride + LANES);
        c13l.intoArray(c, co + 13 * stride);
        c13r.intoArray(c, co + 13 * stride + LANES);
    }

    /** 8 rows: 16 accumulators. */
    static void add8(float[] a, int ao, float[] b, int bo, int depth, float[] old, int from, int fromStride, float[] c, int co,
            int stride) {
        FloatVector c0l = FloatVector.zero(SPECIES);
        FloatVector c0r = FloatVector.zero(SPECIES);
        FloatVector c1l = FloatVector.zero(SPECIES);
        FloatVector c1r = FloatVector.zero(SPECIES);
        FloatVector c2l = FloatVector.zero(SPECIES);
        FloatVector c2r = FloatVector.zero(SPECIES);
        FloatVector c3l = FloatVector.zero(SPECIES);
        FloatVector c3r = FloatVector.zero(SPECIES);
        FloatVector c4l = FloatVector.zero(SPECIES);
        FloatVector c4r = FloatVector.zero(SPECIES);
        FloatVector c5l = FloatVector.zero(SPECIES);
        FloatVector c5r = FloatVector.zero(SPECIES);
        FloatVector c6l = FloatVector.zero(SPECIES);
        FloatVector c6r = FloatVector.zero(SPECIES);
        FloatVector c7l = FloatVector.zero(SPECIES);
        FloatVector c7r = FloatVector.zero(SPECIES);
        for (int k = 0; k < depth; k++) {
            FloatVector l = FloatVector.fromArray(SPECIES, b, bo + k * WIDTH);
            FloatVector r = FloatVector.fromArray(SPECIES, b, bo + k * WIDTH + LANES);
            FloatVector x = FloatVector.broadcast(SPECIES, a[ao + k]);
            c0l = x.fma(l, c0l);
            c0r = x.fma(r, c0r);
            x = FloatVector.broadcast(SPECIES, a[ao + k + A_STRIDE]);
            c1l = x.fma(l, c1l);
            c1r = x.fma(r, c1r);
            x = FloatVector.broadcast(SPECIES, a[ao + k + 2 * A_STRIDE]);
            c2l = x.fma(l, c2l);
            c2r = x.fma(r, c2r);
            x = FloatVector.broadcast(SPECIES, a[ao + k + 3 * A_STRIDE]);
            c3l = x.fma(l, c3l);
            c3r = x.fma(r, c3r);
            x = FloatVector.broadcast(SPECIES, a[ao + k + 4 * A_STRIDE]);
            c4l = x.fma(l, c4l);
            c4r = x.fma(r, c4r);
            x = FloatVector.broadcast(SPECIES, a[ao + k + 5 * A_STRIDE]);
            c5l = x.fma(l, c5l);
            c5r = x.fma(r, c5r);
            x = FloatVector.broadcast(SPECIES, a[ao + k + 6 * A_STRIDE]);
            c6l = x.fma(l, c6l);
            c6r = x.fma(r, c6r);
            x = FloatVector.broadcast(SPECIES, a[ao + k + 7 * A_STRIDE]);
            c7l = x.fma(l, c7l);
            c7r = x.fma(r, c7r);
        }
        c0l = c0l.add(FloatVector.fromArray(SPECIES, old, from));
        c0r = c0r.add(FloatVector.fromArray(SPECIES, old, from + LANES));
        c1l = c1l.add(FloatVector.fromArray(SPECIES, old, from + fromStride));
        c1r = c1r.add(FloatVector.fromArray(SPECIES, old, from + fromStride + LANES));
        c2l = c2l.add(FloatVector.fromArray(SPECIES, old, from + 2 * fromStride));
        c2r = c2r.add(FloatVector.fromArray(SPECIES, old, from + 2 * fromStride + LANES));
        c3l = c3l.add(FloatVector.fromArray(SPECIES, old, from + 3 * fromStride));
        c3r = c3r.add(FloatVector.fromArray(SPECIES, old, from + 3 * fromStride + LANES));
        c4l = c4l.add(FloatVector.fromArray(SPECIES, old, from + 4 * fromStride));
        c4r = c4r.add(FloatVector.fromArray(SPECIES, old, from + 4 * fromStride + LANES));
        c5l = c5l.add(FloatVector.fromArray(SPECIES, old, from + 5 * fromStride));
        c5r = c5r.add(FloatVector.fromArray(SPECIES, old, from + 5 * fromStride + LANES));
        c6l = c6l.add(FloatVector.fromArray(SPECIES, old, from + 6 * fromStride));
        c6r = c6r.add(FloatVector.fromArray(SPECIES, old, from + 6 * fromStride + LANES));
        c7l = c7l.add(FloatVector.fromArray(SPECIES, old, from + 7 * fromStride));
        c7r = c7r.add(FloatVector.fromArray(SPECIES, old, from + 7 * fromStride + LANES));
        c0l.intoArray(c, co);
        c0r.intoArray(c, co + LANES);
        c1l.intoArray(c, co + stride);
        c1r.intoArray(c, co + stride + LANES);
        c2l.intoArray(c, co + 2 * stride);
        c2r.intoArray(c, co + 2 * stride + LANES);
        c3l.intoArray(c, co + 3 * stride);
        c3r.intoArray(c, co + 3 * stride + LANES);
        c4l.intoArray(c, co + 4 * stride);
        c4r.intoArray(c, co + 4 * stride + LANES);
        c5l.intoArray(c, co + 5 * stride);
        c5r.intoArray(c, co + 5 * stride + LANES);
        c6l.intoArray(c, co + 6 * stride);
        c6r.intoArray(c, co + 6 * stride + LANES);
        c7l.intoArray(c, co + 7 * stride);
        c7r.intoArray(c, co + 7 * stride + LANES);
    }

    /** 4 rows: 8 accumulators. */
    static void add4(float[] a, int ao, float[] b, int bo, int depth, float[] old, int from, int fromStride, float[] c, int co,
            int stride) {
        FloatVector c0l = FloatVector.zero(SPECIES);
        FloatVector c0r = FloatVector.zero(SPECIES);
        FloatVector c1l = FloatVector.zero(SPECIES);
        FloatVector c1r = FloatVector.zero(SPECIES);
        FloatVector c2l = FloatVector.zero(SPECIES);
        FloatVector c2r = FloatVector.zero(SPECIES);
        FloatVector c3l = FloatVector.zero(SPECIES);
        FloatVector c3r = FloatVector.zero(SPECIES);
        for (int k = 0; k < depth; k++) {
            FloatVector l = FloatVector.fromArray(SPECIES, b, bo + k * WIDTH);
            FloatVector r = FloatVector.fromArray(SPECIES, b, bo + k * WIDTH + LANES);
            FloatVector x = FloatVector.broadcast(SPECIES, a[ao + k]);
            c0l = x.fma(l, c0l);
            c0r = x.fma(r, c0r);
            x = FloatVector.broadcast(SPECIES, a[ao + k + A_STRIDE]);
            c1l = x.fma(l, c1l);
            c1r = x.fma(r, c1r);
            x = FloatVector.broadcast(SPECIES, a[ao + k + 2 * A_STRIDE]);
            c2l = x.fma(l, c2l);
            c2r = x.fma(r, c2r);
            x = FloatVector.broadcast(SPECIES, a[ao + k + 3 * A_STRIDE]);
            c3l = x.fma(l, c3l);
            c3r = x.fma(r, c3r);
        }
        c0l = c0l.add(FloatVector.fromArray(SPECIES, old, from));
        c0r = c0r.add(FloatVector.fromArray(SPECIES, old, from + LANES));
        c1l = c1l.add(FloatVector.fromArray(SPECIES, old, from + fromStride));
        c1r = c1r.add(FloatVector.fromArray(SPECIES, old, from + fromStride + LANES));
        c2l = c2l.add(FloatVector.fromArray(SPECIES, old, from + 2 * fromStride));
        c2r = c2r.add(FloatVector.fromArray(SPECIES, old, from + 2 * fromStride + LANES));
        c3l = c3l.add(FloatVector.fromArray(SPECIES, old, from + 3 * fromStride));
        c3r = c3r.add(FloatVector.fromArray(SPECIES, old, from + 3 * fromStride + LANES));
        c0l.intoArray(c, co);
        c0r.intoArray(c, co + LANES);
        c1l.intoArray(c, co + stride);
        c1r.intoArray(c, co + stride + LANES);
        c2l.intoArray(c, co + 2 * stride);
        c2r.intoArray(c, co + 2 * stride + LANES);
        c3l.intoArray(c, co + 3 * stride);
        c3r.intoArray(c, co + 3 * stride + LANES);
    }
}
