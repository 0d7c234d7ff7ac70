package dev.crane.engine.backend.cpu;

import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

import static dev.crane.engine.backend.cpu.Lanes.F;
import static dev.crane.engine.backend.cpu.Lanes.L;
import static dev.crane.engine.backend.cpu.Lanes.PARTIAL;

/** Log-softmax of rows of logits at given tokens, and its backward. Exponentials are summed in the order of {@link Lanes}. */
final class Logprobs {
    private final TaskPool tasks;

    Logprobs(TaskPool tasks) {
        this.tasks = tasks;
    }

    void forward(float[] logits, int rows, int v, int[] tokens, float[] logprobs, int[] greedy) {
        tasks.rows(rows, v, (from, to) -> {
            for (int t = from; t < to; t++) {
                int at = t * v;
                greedy[t] = argmax(logits, at, v);
                float max = logits[at + greedy[t]];
                logprobs[t] = (float) ((double) logits[at + tokens[t]] - max - StrictMath.log(exponentials(logits, at, v, max)));
            }
        });
    }

    /** The other tokens' exponentials are summed without the target's: 1 − softmax of a token that is nearly certain must not cancel. */
    void backward(float[] logits, int rows, int v, int[] tokens, float[] coefficients) {
        tasks.rows(rows, v, (from, to) -> {
            for (int t = from; t < to; t++) {
                int at = t * v;
                float max = logits[at + argmax(logits, at, v)];
                float target = logits[at + tokens[t]] - max;
                logits[at + tokens[t]] = Float.NEGATIVE_INFINITY;
                double others = exponentials(logits, at, v, max);
                double sum = others + StrictMath.exp(target);
                scaledExponentials(logits, at, v, max, (float) (-coefficients[t] / sum));
                logits[at + tokens[t]] = (float) (coefficients[t] * (others / sum));
            }
        });
    }

    /** Index of the first largest value; NaN is never larger; 0 where nothing is above −∞. */
    private static int argmax(float[] a, int at, int n) {
        FloatVector max = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector v = FloatVector.fromArray(F, a, at + i);
            max = max.blend(v, v.compare(VectorOperators.GT, max));
        }
        float largest = max.reduceLanes(VectorOperators.MAX);
        for (; i < n; i++)
            largest = a[at + i] > largest ? a[at + i] : largest;
        if (largest == Float.NEGATIVE_INFINITY)
            return 0;
        for (i = 0; i <= n - L; i += L) {
            VectorMask<Float> found = FloatVector.fromArray(F, a, at + i).compare(VectorOperators.EQ, largest);
            if (found.anyTrue())
                return i + found.firstTrue();
        }
        while (a[at + i] != largest)
            i++;
        return i;
    }

    /** Σ e^(a − shift). */
    private static double exponentials(float[] a, int at, int n, float shift) {
        double total = 0;
        int whole = n / PARTIAL * PARTIAL;
        for (int chunk = 0; chunk < whole; chunk += Lanes.CHUNK)
            total += chunk(a, at + chunk, Math.min(Lanes.CHUNK, whole - chunk), shift);
        float[] rest = new float[PARTIAL];
        Arrays.fill(rest, Float.NEGATIVE_INFINITY);
        System.arraycopy(a, at + whole, rest, 0, n - whole);
        return whole == n ? total : total + chunk(rest, 0, PARTIAL, shift);
    }

    private static float chunk(float[] a, int at, int n, float shift) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int i = at; i < at + n; i += PARTIAL) {
            s0 = s0.add(VectorMath.exp(FloatVector.fromArray(F, a, i).sub(shift)));
            if (L < 16)
                s1 = s1.add(VectorMath.exp(FloatVector.fromArray(F, a, i + L).sub(shift)));
            if (L < 8) {
                s2 = s2.add(VectorMath.exp(FloatVector.fromArray(F, a, i + 2 * L).sub(shift)));
                s3 = s3.add(VectorMath.exp(FloatVector.fromArray(F, a, i + 3 * L).sub(shift)));
            }
        }
        return Lanes.total(s0, s1, s2, s3);
    }

    /** In place factor · e^(a − shift). */
    private static void scaledExponentials(float[] a, int at, int n, float shift, float factor) {
        int i = 0;
        for (; i <= n - L; i += L)
            VectorMath.exp(FloatVector.fromArray(F, a, at + i).sub(shift)).mul(factor).intoArray(a, at + i);
        if (i < n) {
            VectorMask<Float> rest = Lanes.first(n - i);
            VectorMath.exp(FloatVector.fromArray(F, a, at + i, rest).sub(shift)).mul(factor).intoArray(a, at + i, rest);
        }
    }
}
