package dev.crane.kernels;

import java.util.Arrays;

/** Edits of a test: rows take edit 0, edit 1 or none in turn, and each edit zeroes, scales, shifts and clamps some units. */
final class TestEdits {
    private static final int EDITS = 2;

    private final int rows;
    private final int width;
    private final float[] scale;
    private final float[] offset;
    private final float[] low;
    private final float[] high;

    TestEdits(int rows, int width) {
        this.rows = rows;
        this.width = width;
        scale = new float[EDITS * width];
        offset = new float[EDITS * width];
        low = new float[EDITS * width];
        high = new float[EDITS * width];
        Arrays.fill(scale, 1);
        Arrays.fill(low, Float.NEGATIVE_INFINITY);
        Arrays.fill(high, Float.POSITIVE_INFINITY);
        for (int i = 0; i < EDITS * width; i++)
            switch (i % 7) {
                case 0 -> scale[i] = 0;
                case 2 -> {
                    scale[i] = -1.5f;
                    offset[i] = 0.25f;
                }
                case 3 -> low[i] = 1000;
                case 5 -> {
                    low[i] = -0.5f;
                    high[i] = 0.5f;
                }
                default -> { // as it was
                }
            }
    }

    private int of(int row) {
        return row % 3 - 1;
    }

    /** Its tables on the device; or only what they zero, as bitmaps. */
    Edits upload(KernelTest test, boolean bitmaps) {
        int[] ofRow = new int[rows];
        Arrays.setAll(ofRow, this::of);
        if (!bitmaps)
            return new Edits(test.ints(ofRow), 0, test.floats(scale), test.floats(offset), test.floats(low), test.floats(high));
        int words = Math.ceilDiv(width, 32);
        int[] bits = new int[EDITS * words];
        for (int i = 0; i < EDITS * width; i++)
            if (scale[i] == 0)
                bits[i / width * words + i % width / 32] |= 1 << i % width % 32;
        return Edits.zeroing(test.ints(ofRow), test.ints(bits));
    }

    double value(double x, int row, int unit, boolean bitmaps) {
        if (of(row) < 0)
            return x;
        int i = of(row) * width + unit;
        if (bitmaps)
            return scale[i] == 0 ? 0 : x;
        return Math.min(Math.max(scale[i] * x + offset[i], low[i]), high[i]);
    }

    double gradient(double gradient, double edited, int row, int unit, boolean bitmaps) {
        if (of(row) < 0)
            return gradient;
        int i = of(row) * width + unit;
        if (bitmaps)
            return scale[i] == 0 ? 0 : gradient;
        return edited == low[i] || edited == high[i] ? 0 : gradient * scale[i];
    }
}
