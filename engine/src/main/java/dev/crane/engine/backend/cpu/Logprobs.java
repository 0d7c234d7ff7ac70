package dev.crane.engine.backend.cpu;

import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

import static dev.crane.engine.backend.cpu.Lanes.F;
import static dev.crane.engine.backend.cpu.Lanes.L;

/** Log-softmax of rows of logits at given tokens, and its backward. Exponentials are summed in the order of {@link Lanes}. */
final class Logprobs {
    private final TaskPool tasks;
    private final BufferPool buffers;

    Logprobs(TaskPool tasks, BufferPool buffers) {
        this.tasks = tasks;
        this.buffers = buffers;
    }

    void forward(float[] logits, int rows, int v, int[] tokens, float[] logprobs, int[] greedy) {
        tasks.rows(rows, v, (from, to) -> {
            float[] scratch = buffers.take(Lanes.CHUNK);
            for (int t = from; t < to; t++) {
                int at = t * v;
                greedy[t] = argmax(logits, at, v);
                float max = logits[at + greedy[t]];
                logprobs[t] = (float) ((double) logits[at + tokens[t]] - max
                        - StrictMath.log(sumOfExponentials(logits, at, v, max, scratch)));
            }
            buffers.give(scratch);
        });
    }

    /** The other tokens' exponentials are summed without the target's: 1 − softmax of a token that is nearly certain must not cancel. */
    void backward(float[] logits, int rows, int v, int[] tokens, float[] coefficients) {
        tasks.rows(rows, v, (from, to) -> {
            float[] scratch = buffers.take(Lanes.CHUNK);
            for (int t = from; t < to; t++) {
                int at = t * v;
                float max = logits[at + argmax(logits, at, v)];
                float target = logits[at + tokens[t]] - max;
                logits[at + tokens[t]] = Float.NEGATIVE_INFINITY;
                double others = sumOfExponentials(logits, at, v, max, scratch);
                double sum = others + StrictMath.exp(target);
                for (int i = 0; i < v; i += Lanes.CHUNK) {
                    int count = Math.min(Lanes.CHUNK, v - i);
                    exponentials(logits, at + i, count, max, scratch);
                    RowArithmetic.scale(scratch, 0, (float) (-coefficients[t] / sum), count);
                    System.arraycopy(scratch, 0, logits, at + i, count);
                }
                logits[at + tokens[t]] = (float) (coefficients[t] * (others / sum));
            }
            buffers.give(scratch);
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
        for (i = 0; i <= n - L; i += L)
            if (FloatVector.fromArray(F, a, at + i).compare(VectorOperators.EQ, largest).anyTrue())
                break;
        while (a[at + i] != largest)
            i++;
        return i;
    }

    /** Σ e^(a − shift); {@code scratch} holds a chunk of {@link Lanes}. */
    private static double sumOfExponentials(float[] a, int at, int n, float shift, float[] scratch) {
        double total = 0;
        for (int chunk = 0; chunk < n; chunk += Lanes.CHUNK) {
            int count = Math.min(Lanes.CHUNK, n - chunk);
            exponentials(a, at + chunk, count, shift, scratch);
            total += Lanes.sum(scratch, 0, 0, count);
        }
        return total;
    }

    /** result[i] = e^(a[at + i] − shift) for i &lt; n, at most a chunk. */
    private static void exponentials(float[] a, int at, int n, float shift, float[] result) {
        System.arraycopy(a, at, result, 0, n);
        int whole = (n + L - 1) / L * L;
        Arrays.fill(result, n, whole, 0);
        VectorMath.exponentials(result, 0, whole, shift);
    }
}
