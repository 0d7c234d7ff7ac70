package dev.crane.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;
import java.util.Random;

import dev.crane.engine.backend.cpu.MatrixProduct;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;

/** One linear layer with random weights and activations, ready to be multiplied forward or backward by the project's product or by OpenBLAS. */
final class LinearLayer implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final int rows;
    private final int in;
    private final int out;
    private final boolean backward;
    private final StoredTensor weight;
    private final float[] a;
    private final float[] c;
    private final MemorySegment nativeWeight;
    private final MemorySegment nativeA;
    private final MemorySegment nativeC;

    /**
     * @param rows tokens
     * @param type how the weights are stored for the project; OpenBLAS gets the same values in f32
     * @param backward whether the input's gradient is computed instead of the output
     */
    LinearLayer(int rows, int in, int out, DType type, boolean backward) {
        this.rows = rows;
        this.in = in;
        this.out = out;
        this.backward = backward;
        Random random = new Random(rows + 31L * in + 961L * out);
        long elements = (long) in * out;
        int bytes = type.bits() / 8;
        MemorySegment stored = arena.allocate(elements * bytes, 64);
        nativeWeight = arena.allocate(elements * Float.BYTES, 64);
        for (long i = 0; i < elements; i++) {
            // Values that each of the types holds exactly.
            float value = (random.nextInt(256) - 128) / 512f;
            nativeWeight.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
            switch (type) {
                case BF16 -> stored.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (Float.floatToIntBits(value) >>> 16));
                case F16 -> stored.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(value));
                default -> stored.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
            }
        }
        weight = new StoredTensor("w", type, new long[]{out, in}, stored);
        a = new float[rows * (backward ? out : in)];
        c = new float[rows * (backward ? in : out)];
        for (int i = 0; i < a.length; i++) {
            a[i] = (float) random.nextGaussian();
        }
        nativeA = arena.allocate((long) a.length * Float.BYTES, 64).copyFrom(MemorySegment.ofArray(a));
        nativeC = arena.allocate((long) c.length * Float.BYTES, 64);
    }

    /** Multiplications and additions of one product. */
    double flops() {
        return 2.0 * rows * in * out;
    }

    void multiply(MatrixProduct product) {
        if (backward) {
            product.linearBackwardInput(weight, rows, a, 0, out, c, 0, in, false);
        } else {
            product.linear(weight, null, rows, a, 0, in, c, 0, out);
        }
    }

    void multiply(OpenBlas blas) {
        if (backward) {
            blas.linearBackwardInput(rows, in, out, nativeA, nativeWeight, nativeC);
        } else {
            blas.linear(rows, in, out, nativeA, nativeWeight, nativeC);
        }
    }

    /**
     * The largest difference between the two results, relative to what the worst order of summation may bring: n roundings of 2⁻²⁴ of the sum of
     * the terms' magnitudes on either side, for n terms of mean magnitude 0.1 (0.8 · 1/8 for a normal and a uniform factor). Correct results come
     * far below 1.
     */
    double disagreement() {
        int n = backward ? out : in;
        double bound = 2.0 * n * 0x1p-24 * n * 0.1;
        double worst = 0;
        for (int i = 0; i < c.length; i++) {
            double difference = Math.abs((double) c[i] - nativeC.getAtIndex(ValueLayout.JAVA_FLOAT, i));
            worst = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(worst, difference);
        }
        return worst / bound;
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%dx%dx%d %s %s", rows, in, out, backward ? "backward" : "forward", weight.dtype());
    }

    @Override
    public void close() {
        arena.close();
    }
}
