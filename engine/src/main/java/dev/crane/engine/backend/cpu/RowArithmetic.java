package dev.crane.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;

import static dev.crane.engine.backend.cpu.Lanes.F;
import static dev.crane.engine.backend.cpu.Lanes.L;

/** Sums and products of rows of n values. Each value is computed by itself, so the last ones, one at a time, get the same bits as the others. */
final class RowArithmetic {
    private RowArithmetic() {
    }

    /** y += x. */
    static void add(float[] x, int xAt, float[] y, int yAt, int n) {
        int i = 0;
        for (; i <= n - L; i += L)
            FloatVector.fromArray(F, y, yAt + i).add(FloatVector.fromArray(F, x, xAt + i)).intoArray(y, yAt + i);
        for (; i < n; i++)
            y[yAt + i] += x[xAt + i];
    }

    /** y += factor · x. */
    static void addMultiple(float factor, float[] x, int xAt, float[] y, int yAt, int n) {
        FloatVector f = FloatVector.broadcast(F, factor);
        int i = 0;
        for (; i <= n - L; i += L)
            f.fma(FloatVector.fromArray(F, x, xAt + i), FloatVector.fromArray(F, y, yAt + i)).intoArray(y, yAt + i);
        for (; i < n; i++)
            y[yAt + i] = Math.fma(factor, x[xAt + i], y[yAt + i]);
    }

    /** c += a · b. */
    static void addProduct(float[] a, int aAt, float[] b, int bAt, float[] c, int cAt, int n) {
        int i = 0;
        for (; i <= n - L; i += L)
            FloatVector.fromArray(F, a, aAt + i).fma(FloatVector.fromArray(F, b, bAt + i), FloatVector.fromArray(F, c, cAt + i))
                    .intoArray(c, cAt + i);
        for (; i < n; i++)
            c[cAt + i] = Math.fma(a[aAt + i], b[bAt + i], c[cAt + i]);
    }

    /** c = a · factor · b, from the left; c may be a or b. */
    static void multiply(float[] a, int aAt, float factor, float[] b, int bAt, float[] c, int cAt, int n) {
        int i = 0;
        for (; i <= n - L; i += L)
            FloatVector.fromArray(F, a, aAt + i).mul(factor).mul(FloatVector.fromArray(F, b, bAt + i)).intoArray(c, cAt + i);
        for (; i < n; i++)
            c[cAt + i] = a[aAt + i] * factor * b[bAt + i];
    }

    /** x *= factor. */
    static void scale(float[] x, int at, float factor, int n) {
        for (int i = at; i < at + n; i++)
            x[i] *= factor;
    }
}
