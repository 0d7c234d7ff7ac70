package dev.crane.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;

import dev.crane.engine.relevance.Rule;

import static dev.crane.engine.backend.cpu.Lanes.F;
import static dev.crane.engine.backend.cpu.Lanes.L;

/** y = (x − mean(x)) / √(var(x) + eps) · w + bias, and the backward. Bound by memory: each row is read once from there, then from the cache. */
final class LayerNorm {
    private final TaskPool tasks;
    private final BufferPool buffers;

    LayerNorm(TaskPool tasks, BufferPool buffers) {
        this.tasks = tasks;
        this.buffers = buffers;
    }

    void forward(float[] x, float[] delta, int rows, int d, float[] w, float[] bias, float eps, float[] y, float[] inverse) {
        tasks.rows(rows, d, (from, to) -> {
            for (int t = from; t < to; t++) {
                if (delta != null)
                    RowArithmetic.add(delta, t * d, x, t * d, d);
                center(x, t * d, y, t * d, d);
                float inv = (float) (1 / Math.sqrt(Lanes.squares(y, t * d, d) / d + eps));
                inverse[t] = inv;
                scale(y, t * d, inv, w, bias, d);
            }
        });
    }

    /** y = x − mean(x). */
    private static void center(float[] x, int xAt, float[] y, int yAt, int d) {
        float mean = (float) (Lanes.sum(x, xAt, 0, d) / d);
        int i = 0;
        for (; i <= d - L; i += L)
            FloatVector.fromArray(F, x, xAt + i).sub(mean).intoArray(y, yAt + i);
        for (; i < d; i++)
            y[yAt + i] = x[xAt + i] - mean;
    }

    private static void scale(float[] y, int at, float inv, float[] w, float[] bias, int d) {
        int i = 0;
        for (; i <= d - L; i += L) {
            FloatVector normed = FloatVector.fromArray(F, y, at + i).mul(inv);
            FloatVector weight = FloatVector.fromArray(F, w, i);
            if (bias == null)
                normed.mul(weight).intoArray(y, at + i);
            else
                normed.fma(weight, FloatVector.fromArray(F, bias, i)).intoArray(y, at + i);
        }
        for (; i < d; i++)
            y[at + i] = bias == null ? y[at + i] * inv * w[i] : Math.fma(y[at + i] * inv, w[i], bias[i]);
    }

    /** @param x the norm's input, or null where the rule does not read it */
    void backward(float[] x, int rows, int d, float[] w, float[] inverse, float[] dy, Rule rule, float[] dx) {
        boolean known = rule.coefficients().isPresent();
        tasks.rows(rows, d, (from, to) -> {
            float[] g = buffers.take(d);
            float[] centered = x == null ? null : buffers.take(d);
            for (int t = from; t < to; t++) {
                RowArithmetic.multiply(dy, t * d, 1, w, 0, g, 0, d);
                float inv = inverse[t];
                if (!known) {
                    if (x != null) {
                        center(x, t * d, centered, 0, d);
                        RowArithmetic.scale(centered, 0, inv, d);
                    }
                    RuleRows.norm(rule, g, centered, inv, (float) (Lanes.sum(g, 0, 0, d) / d), dx, t * d, d);
                    continue;
                }
                center(g, 0, g, 0, d);
                if (x != null) {
                    // The centred x sums to zero, so its product with g is the same before and after g lost its mean.
                    center(x, t * d, centered, 0, d);
                    float share = (float) -((double) inv * inv * Lanes.dot(g, 0, centered, 0, d) / d);
                    RowArithmetic.addMultiple(share, centered, 0, g, 0, d);
                }
                RowArithmetic.addMultiple(inv, g, 0, dx, t * d, d);
            }
            buffers.give(g);
            if (centered != null)
                buffers.give(centered);
        });
    }
}
