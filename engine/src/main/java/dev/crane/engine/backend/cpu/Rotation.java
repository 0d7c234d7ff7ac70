package dev.crane.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;

import static dev.crane.engine.backend.cpu.Lanes.F;
import static dev.crane.engine.backend.cpu.Lanes.L;

/** Rotary positions, half-split: components i and i + r of a head are the two coordinates of one rotation. */
final class Rotation {
    private Rotation() {
    }

    static void rotate(TaskPool tasks, float[] x, int rows, int columns, int headDim, int[] positions, float[] cos, float[] sin, int r,
            boolean inverse) {
        tasks.rows(rows, columns, (from, to) -> {
            for (int t = from; t < to; t++)
                for (int head = t * columns; head < (t + 1) * columns; head += headDim)
                    rotate(x, head, cos, sin, positions[t] * r, r, inverse);
        });
    }

    private static void rotate(float[] x, int head, float[] cos, float[] sin, int at, int r, boolean inverse) {
        int i = 0;
        for (; i <= r - L; i += L) {
            FloatVector c = FloatVector.fromArray(F, cos, at + i);
            FloatVector s = FloatVector.fromArray(F, sin, at + i);
            s = inverse ? s.neg() : s;
            FloatVector first = FloatVector.fromArray(F, x, head + i);
            FloatVector second = FloatVector.fromArray(F, x, head + i + r);
            first.fma(c, second.mul(s).neg()).intoArray(x, head + i);
            second.fma(c, first.mul(s)).intoArray(x, head + i + r);
        }
        for (; i < r; i++) {
            float c = cos[at + i];
            float s = inverse ? -sin[at + i] : sin[at + i];
            float first = x[head + i];
            float second = x[head + i + r];
            x[head + i] = Math.fma(first, c, -(second * s));
            x[head + i + r] = Math.fma(second, c, first * s);
        }
    }
}
