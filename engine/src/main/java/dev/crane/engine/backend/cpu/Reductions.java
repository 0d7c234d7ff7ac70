package dev.crane.engine.backend.cpu;

import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.backend.Segments;

import static dev.crane.engine.backend.cpu.Lanes.F;
import static dev.crane.engine.backend.cpu.Lanes.L;

/** Sums over the tokens of each sequence, unit by unit in ascending order of the tokens; and sums over the width of each row. */
final class Reductions {
    /** Units that a task handles: a strip of the result stays in the first-level cache while the tokens pass. */
    private static final int STRIP = 1024;

    private final TaskPool tasks;

    Reductions(TaskPool tasks) {
        this.tasks = tasks;
    }

    /** What is done to the units from {@code from} to {@code to} of sequence b. */
    private interface Strip {
        void accept(int b, int from, int to);
    }

    private void strips(Segments segments, int width, Strip strip) {
        int perSequence = (width + STRIP - 1) / STRIP;
        tasks.run(segments.count() * perSequence, i -> {
            int from = i % perSequence * STRIP;
            strip.accept(i / perSequence, from, Math.min(width, from + STRIP));
        });
    }

    void dot(float[] z, float[] delta, int width, Segments segments, float[] out) {
        strips(segments, width, (b, from, to) -> {
            Arrays.fill(out, b * width + from, b * width + to, 0);
            for (int t = segments.start(b); t < segments.start(b) + segments.length(b); t++)
                RowArithmetic.addProduct(z, t * width + from, delta, t * width + from, out, b * width + from, to - from);
        });
    }

    void weightedSum(float[] s, float[] delta, int width, Segments segments, float[] out) {
        strips(segments, width, (b, from, to) -> {
            Arrays.fill(out, b * width + from, b * width + to, 0);
            for (int t = segments.start(b); t < segments.start(b) + segments.length(b); t++)
                RowArithmetic.addMultiple(s[t], delta, t * width + from, out, b * width + from, to - from);
        });
    }

    void reduce(float[] x, int width, Segments segments, Reduction reduction, float[] out) {
        strips(segments, width, (b, from, to) -> {
            int at = b * width + from;
            int n = to - from;
            Arrays.fill(out, at, at + n, reduction == Reduction.MAX ? Float.NEGATIVE_INFINITY : 0);
            for (int t = segments.start(b); t < segments.start(b) + segments.length(b); t++) {
                int row = t * width + from;
                switch (reduction) {
                    case MEAN -> RowArithmetic.add(x, row, out, at, n);
                    case MEAN_ABS -> addAbsolute(x, row, out, at, n);
                    case MAX -> takeLarger(x, row, out, at, n);
                    case COUNT_POSITIVE -> countPositive(x, row, out, at, n);
                    case NORM -> RowArithmetic.addProduct(x, row, x, row, out, at, n);
                }
            }
            for (int i = at; i < at + n; i++)
                out[i] = switch (reduction) {
                    case MEAN, MEAN_ABS -> out[i] / segments.length(b);
                    case MAX, COUNT_POSITIVE -> out[i];
                    case NORM -> (float) Math.sqrt(out[i]);
                };
        });
    }

    private static void addAbsolute(float[] x, int at, float[] out, int outAt, int n) {
        int i = 0;
        for (; i <= n - L; i += L)
            FloatVector.fromArray(F, x, at + i).abs().add(FloatVector.fromArray(F, out, outAt + i)).intoArray(out, outAt + i);
        for (; i < n; i++)
            out[outAt + i] += Math.abs(x[at + i]);
    }

    private static void takeLarger(float[] x, int at, float[] out, int outAt, int n) {
        int i = 0;
        for (; i <= n - L; i += L)
            FloatVector.fromArray(F, x, at + i).max(FloatVector.fromArray(F, out, outAt + i)).intoArray(out, outAt + i);
        for (; i < n; i++)
            out[outAt + i] = Math.max(out[outAt + i], x[at + i]);
    }

    private static void countPositive(float[] x, int at, float[] out, int outAt, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector count = FloatVector.fromArray(F, out, outAt + i);
            count.add(1f, FloatVector.fromArray(F, x, at + i).compare(VectorOperators.GT, 0f)).intoArray(out, outAt + i);
        }
        for (; i < n; i++)
            out[outAt + i] += x[at + i] > 0 ? 1 : 0;
    }

    void rowSums(float[] x, int rows, int columns, float[] out) {
        tasks.rows(rows, columns, (from, to) -> {
            for (int t = from; t < to; t++)
                out[t] = (float) sum(x, t * columns, columns);
        });
    }

    void rowDots(float[] x, float[] y, int rows, int columns, float[] out) {
        tasks.rows(rows, columns, (from, to) -> {
            for (int t = from; t < to; t++)
                out[t] = (float) dot(x, y, t * columns, columns);
        });
    }

    // In f64, four partial sums: value i goes to the partial sum i mod 4.

    private static double sum(float[] x, int at, int n) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = at;
        for (; i <= at + n - 4; i += 4) {
            s0 += x[i];
            s1 += x[i + 1];
            s2 += x[i + 2];
            s3 += x[i + 3];
        }
        for (; i < at + n; i++)
            s0 += x[i];
        return s0 + s1 + (s2 + s3);
    }

    private static double dot(float[] x, float[] y, int at, int n) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = at;
        for (; i <= at + n - 4; i += 4) {
            s0 += (double) x[i] * y[i];
            s1 += (double) x[i + 1] * y[i + 1];
            s2 += (double) x[i + 2] * y[i + 2];
            s3 += (double) x[i + 3] * y[i + 3];
        }
        for (; i < at + n; i++)
            s0 += (double) x[i] * y[i];
        return s0 + s1 + (s2 + s3);
    }
}
