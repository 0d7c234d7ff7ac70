package dev.crane.engine.backend.cpu;

import java.util.concurrent.atomic.AtomicInteger;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

import dev.crane.engine.relevance.Rule;

import static dev.crane.engine.backend.cpu.Lanes.F;
import static dev.crane.engine.backend.cpu.Lanes.L;

/** Sums of tensors, what rules do element by element, the softcap and the check for what is not finite. */
final class Elementwise {
    private final TaskPool tasks;

    Elementwise(TaskPool tasks) {
        this.tasks = tasks;
    }

    void add(float[] x, float[] delta, int count) {
        tasks.rows(count, 1, (from, to) -> RowArithmetic.add(delta, from, x, from, to - from));
    }

    void linear(Rule rule, float[] z, float[] gradient, int count) {
        tasks.rows(count, 1, (from, to) -> RuleRows.linear(rule, z, gradient, from, to));
    }

    void absolute(float[] x, float[] out, int count) {
        tasks.rows(count, 1, (from, to) -> {
            for (int i = from; i < to; i++)
                out[i] = Math.abs(x[i]);
        });
    }

    /** sum += sign(x) · value. */
    void addSigned(float[] x, float[] value, float[] sum, int count) {
        tasks.rows(count, 1, (from, to) -> {
            for (int i = from; i < to; i++)
                sum[i] += Math.signum(x[i]) * value[i];
        });
    }

    /** {@link dev.crane.engine.backend.Backend#gammaRule}. */
    void gamma(float[] z, int rows, int columns, float[] bias, float gamma, float[] gradient, float[] magnitudes) {
        tasks.rows(rows, columns, (from, to) -> {
            for (int i = from * columns; i < to * columns; i++) {
                float sign = z[i] < 0 ? -1 : 1;
                float size = Math.abs(z[i]);
                float ofItsSign = Math.max(0, 0.5f * (sign * (bias == null ? z[i] : z[i] - bias[i % columns]) + magnitudes[i]));
                float c = gradient[i] * (size == 0 ? 0 : size / (size + gamma * ofItsSign));
                gradient[i] = (1 + 0.5f * gamma) * c;
                magnitudes[i] = sign * (0.5f * gamma) * c;
            }
        });
    }

    int firstNonFinite(float[] x, int rows, int columns) {
        AtomicInteger first = new AtomicInteger(Integer.MAX_VALUE);
        tasks.rows(rows, columns, (from, to) -> {
            for (int t = from; t < to; t++)
                if (!finite(x, t * columns, columns)) {
                    first.accumulateAndGet(t, Math::min);
                    return;
                }
        });
        return first.get() == Integer.MAX_VALUE ? -1 : first.get();
    }

    private static boolean finite(float[] x, int at, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector v = FloatVector.fromArray(F, x, at + i);
            if (v.sub(v).compare(VectorOperators.NE, 0f).anyTrue()) // ∞ − ∞ and NaN − NaN are NaN
                return false;
        }
        for (; i < n; i++)
            if (!Float.isFinite(x[at + i]))
                return false;
        return true;
    }

    void softcap(float[] x, int count, float cap) {
        tasks.rows(count, 1, (from, to) -> {
            for (int i = from; i < to; i++)
                x[i] /= cap;
            UnaryFunction.TANH.apply(x, from, x, from, to - from, new float[UnaryFunction.SCRATCH]);
            RowArithmetic.scale(x, from, cap, to - from);
        });
    }
}
