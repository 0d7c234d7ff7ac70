package dev.crane.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;

import dev.crane.engine.relevance.Rule;

import static dev.crane.engine.backend.cpu.Lanes.F;
import static dev.crane.engine.backend.cpu.Lanes.L;

/** y = x / √(mean(x²) + eps) · (w + weightOffset), and the backward. Bound by memory: each row is read once from there, then from the cache. */
final class RmsNorm {
    private final TaskPool tasks;
    private final BufferPool buffers;

    RmsNorm(TaskPool tasks, BufferPool buffers) {
        this.tasks = tasks;
        this.buffers = buffers;
    }

    void forward(float[] x, float[] delta, int rows, int d, float[] w, float weightOffset, float eps, float[] y, float[] inverse) {
        tasks.rows(rows, d, (from, to) -> {
            for (int t = from; t < to; t++) {
                if (delta != null)
                    RowArithmetic.add(delta, t * d, x, t * d, d);
                float inv = (float) (1 / Math.sqrt(Lanes.squares(x, t * d, d) / d + eps));
                inverse[t] = inv;
                int i = 0;
                for (; i <= d - L; i += L)
                    FloatVector.fromArray(F, x, t * d + i).mul(inv).mul(FloatVector.fromArray(F, w, i).add(weightOffset))
                            .intoArray(y, t * d + i);
                for (; i < d; i++)
                    y[t * d + i] = x[t * d + i] * inv * (w[i] + weightOffset);
            }
        });
    }

    /** @param x the norm's input, or null where the rule does not read it */
    void backward(float[] x, int rows, int d, float[] w, float weightOffset, float[] inverse, float[] dy, Rule rule, float[] dx) {
        boolean known = rule.coefficients().isPresent();
        tasks.rows(rows, d, (from, to) -> {
            float[] g = buffers.take(d);
            float[] normalised = known || x == null ? null : buffers.take(d);
            for (int t = from; t < to; t++) {
                scaledByWeight(dy, t * d, w, weightOffset, g, d);
                float inv = inverse[t];
                if (!known) {
                    for (int i = 0; normalised != null && i < d; i++)
                        normalised[i] = x[t * d + i] * inv;
                    RuleRows.norm(rule, g, normalised, inv, 0, dx, t * d, d);
                    continue;
                }
                if (x != null) {
                    float share = (float) -((double) inv * inv * Lanes.dot(g, 0, x, t * d, d) / d);
                    RowArithmetic.addMultiple(share, x, t * d, g, 0, d);
                }
                RowArithmetic.addMultiple(inv, g, 0, dx, t * d, d);
            }
            buffers.give(g);
            if (normalised != null)
                buffers.give(normalised);
        });
    }

    private static void scaledByWeight(float[] dy, int at, float[] w, float weightOffset, float[] g, int d) {
        int i = 0;
        for (; i <= d - L; i += L)
            FloatVector.fromArray(F, w, i).add(weightOffset).mul(FloatVector.fromArray(F, dy, at + i)).intoArray(g, i);
        for (; i < d; i++)
            g[i] = (w[i] + weightOffset) * dy[at + i];
    }
}
