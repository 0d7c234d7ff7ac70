package dev.crane.kernels;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.cuda.ElementType;

import static dev.crane.cuda.ElementType.BF16;
import static dev.crane.cuda.ElementType.F32;

/** Attention, its probabilities and its backward under each rule, against loops over every pair of query and key. */
class AttentionKernelsTest extends KernelTest {
    /**
     * What is computed, on how long sequences.
     *
     * @param cached how many of each sequence's tokens, at its end, are queries: all, or 1 + length/3
     */
    record Setting(String name, int heads, int kvHeads, int headDim, int window, float softcap, boolean alibi, boolean cached,
            int... lengths) {
        @Override
        public String toString() {
            return name;
        }

        int queries(int b) {
            return cached ? Math.min(lengths[b], 1 + lengths[b] / 3) : lengths[b];
        }

        float scale() {
            return 1 / (float) Math.sqrt(headDim);
        }

        double slope(int head) {
            return alibi ? Math.pow(2, -1.0 - head) : 0;
        }

        boolean sees(int position, int key) {
            return key <= position && (window == 0 || key > position - window);
        }
    }

    private static final Setting[] SETTINGS = {new Setting("one token, one head, one component", 1, 1, 1, 0, 0, false, false, 1),
            new Setting("tiles begun and full", 2, 1, 64, 0, 0, false, false, 64, 3, 65),
            new Setting("more tiles than one", 1, 1, 32, 0, 0, false, false, 200),
            new Setting("groups", 6, 2, 20, 0, 0, false, false, 17, 5),
            new Setting("window", 2, 2, 16, 9, 0, false, false, 80, 4),
            new Setting("narrow window over many tiles", 1, 1, 16, 3, 0, false, false, 150),
            new Setting("softcap", 2, 1, 24, 0, 0.7f, false, false, 33), new Setting("ALiBi", 2, 2, 16, 0, 0, true, false, 40, 7),
            new Setting("width 128", 2, 1, 128, 0, 0, false, false, 70), new Setting("width 100, odd", 1, 1, 99, 0, 0, false, false, 35),
            new Setting("width 256", 1, 1, 256, 5, 2, false, false, 40), new Setting("cache", 4, 2, 32, 0, 0, false, true, 90, 1, 13),
            new Setting("cache and window", 2, 2, 16, 20, 0, true, true, 100)};

    static Stream<Arguments> forward() {
        return Stream.of(F32, BF16).flatMap(type -> Arrays.stream(SETTINGS).map(s -> Arguments.of(type, s)));
    }

    static Stream<Arguments> backward() {
        return RuleTwin.ALL.stream().flatMap(rule -> forward().filter(a -> !((Setting) a.get()[1]).cached).map(a -> Arguments.of(a.get()[0],
                a.get()[1], rule)));
    }

    /** A setting's data: where queries and keys lie, and what comes out. */
    private final class Data {
        final Setting s;
        final int[] offsets;
        final int[] keyStarts;
        final int[] keyLengths;
        final int rows;
        final int keyRows;
        final float[] q;
        final float[] k;
        final float[] v;
        final double[] out;
        final double[] lse;
        final AttentionGeometry geometry;
        final int longest;

        Data(Setting s) {
            this.s = s;
            int sequences = s.lengths.length;
            offsets = new int[sequences + 1];
            keyStarts = new int[sequences];
            keyLengths = s.lengths;
            int at = s.cached ? 2 : 0; // the cache has rows between the sequences
            for (int b = 0; b < sequences; b++) {
                offsets[b + 1] = offsets[b] + s.queries(b);
                keyStarts[b] = at;
                at += s.lengths[b] + (s.cached ? 3 : 0);
            }
            rows = offsets[sequences];
            keyRows = at;
            longest = IntStream.range(0, sequences).map(s::queries).max().orElseThrow();
            q = random("q", rows * s.heads * s.headDim);
            k = random("k", keyRows * s.kvHeads * s.headDim);
            v = random("v", keyRows * s.kvHeads * s.headDim);
            out = new double[q.length];
            lse = new double[rows * s.heads];
            float[] slopes = new float[s.heads];
            for (int h = 0; h < s.heads; h++)
                slopes[h] = (float) s.slope(h);
            geometry = new AttentionGeometry(s.heads, s.kvHeads, s.headDim, s.window, s.scale(), s.softcap, s.alibi ? floats(slopes) : 0);
            for (int b = 0; b < sequences; b++)
                for (int t = 0; t < s.queries(b); t++)
                    for (int h = 0; h < s.heads; h++)
                        attend(b, t, h);
        }

        int query(int b, int t, int h) {
            return ((offsets[b] + t) * s.heads + h) * s.headDim;
        }

        int key(int b, int j, int h) {
            return ((keyStarts[b] + j) * s.kvHeads + h / (s.heads / s.kvHeads)) * s.headDim;
        }

        int position(int b, int t) {
            return s.lengths[b] - s.queries(b) + t;
        }

        double raw(int b, int t, int h, int j) {
            double dot = 0;
            for (int i = 0; i < s.headDim; i++)
                dot += (double) q[query(b, t, h) + i] * k[key(b, j, h) + i];
            return s.scale() * dot;
        }

        double score(int b, int t, int h, int j) {
            double raw = raw(b, t, h, j);
            return (s.softcap > 0 ? s.softcap * Math.tanh(raw / s.softcap) : raw) + s.slope(h) * (j - position(b, t));
        }

        private void attend(int b, int t, int h) {
            double sum = 0;
            int at = query(b, t, h);
            for (int j = 0; j < s.lengths[b]; j++)
                if (s.sees(position(b, t), j)) {
                    double weight = Math.exp(score(b, t, h, j));
                    sum += weight;
                    for (int i = 0; i < s.headDim; i++)
                        out[at + i] += weight * v[key(b, j, h) + i];
                }
            for (int i = 0; i < s.headDim; i++)
                out[at + i] /= sum;
            lse[(offsets[b] + t) * s.heads + h] = Math.log(sum);
        }

        Matrix queries(ElementType type, float[] values) {
            return matrix(type, rows, s.heads * s.headDim, values);
        }

        Matrix keys(ElementType type, float[] values) {
            float[] spread = values.clone();
            boolean[] owned = new boolean[keyRows];
            for (int b = 0; b < s.lengths.length; b++)
                Arrays.fill(owned, keyStarts[b], keyStarts[b] + s.lengths[b], true);
            int width = s.kvHeads * s.headDim;
            for (int row = 0; row < keyRows; row++)
                if (!owned[row])
                    Arrays.fill(spread, row * width, (row + 1) * width, Float.NaN); // must not be read
            return matrix(type, keyRows, width, spread);
        }
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("forward")
    void attention(ElementType type, Setting s) {
        Data d = new Data(s);
        Matrix out = output(type, d.rows, s.heads * s.headDim);
        Matrix lse = output(F32, d.rows, s.heads);
        long starts = s.cached ? ints(d.keyStarts) : 0;
        long lengths = s.cached ? ints(d.keyLengths) : 0;
        new Attention(library).launch(stream, d.queries(type, d.q), d.keys(type, d.k), d.keys(type, d.v), d.geometry, ints(d.offsets),
                starts,
                lengths, s.lengths.length, d.longest, out, lse.address());
        assertClose(d.out, out, "out");
        // In bf16 the exponentials come from the hardware's 2^x, good to 2⁻²².
        assertClose(d.lse, read(lse), 1e-5, "logSumExp");
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("forward")
    void probabilities(ElementType type, Setting s) {
        if (s.cached)
            return;
        Data d = new Data(s);
        int b = s.lengths.length - 1;
        int length = s.lengths[b];
        double[] expected = new double[s.heads * length * length];
        for (int h = 0; h < s.heads; h++)
            for (int t = 0; t < length; t++)
                for (int j = 0; j < length; j++)
                    expected[(h * length + t) * length + j] = s.sees(t, j)
                            ? Math.exp(d.score(b, t, h, j) - d.lse[(d.offsets[b] + t) * s.heads + h])
                            : 0;
        float[] lse = new float[d.lse.length];
        for (int i = 0; i < lse.length; i++)
            lse[i] = (float) d.lse[i];
        Matrix out = output(F32, s.heads * length, length);
        new AttentionProbabilities(library).launch(stream, d.queries(type, d.q), d.keys(type, d.k), floats(lse), d.geometry, d.offsets[b],
                length,
                out);
        assertClose(expected, out, "probabilities");
    }

    @ParameterizedTest(name = "{0}, {1}, {2}")
    @MethodSource("backward")
    void gradients(ElementType type, Setting s, RuleTwin rule) {
        Data d = new Data(s);
        float[] dOut = random("dOut", d.q.length);
        double[] delta = new double[d.rows * s.heads];
        double[] dq = new double[d.q.length];
        double[] dk = new double[d.k.length];
        double[] dv = new double[d.v.length];
        for (int i = 0; i < dOut.length; i++)
            delta[i / s.headDim] += dOut[i] * d.out[i];
        for (int b = 0; b < s.lengths.length; b++)
            for (int t = 0; t < s.lengths[b]; t++)
                for (int h = 0; h < s.heads; h++)
                    for (int j = 0; j < s.lengths[b]; j++)
                        if (s.sees(t, j))
                            addGradient(d, rule, b, t, h, j, dOut, delta, dq, dk, dv);

        float[] values = new float[d.out.length];
        for (int i = 0; i < values.length; i++)
            values[i] = (float) d.out[i];
        Matrix q = d.queries(type, d.q);
        Matrix k = d.keys(type, d.k);
        Matrix v = d.keys(type, d.v);
        Matrix gradient = d.queries(type, dOut);
        Matrix deltas = output(F32, d.rows, s.heads);
        new AttentionDelta(library).launch(stream, d.queries(type, values), gradient, s.headDim, deltas.address());
        assertClose(delta, read(deltas), tolerance(type), "delta");
        float[] lse = new float[d.lse.length];
        for (int i = 0; i < lse.length; i++)
            lse[i] = (float) d.lse[i];
        long logSumExp = floats(lse);
        long offsets = ints(d.offsets);
        int sequences = s.lengths.length;
        Matrix dK = output(type, d.keyRows, s.kvHeads * s.headDim);
        Matrix dV = output(type, d.keyRows, s.kvHeads * s.headDim);
        new AttentionBackwardKey(library, rule.name()).launch(stream, q, k, v, gradient, logSumExp, deltas.address(), d.geometry, offsets,
                sequences,
                d.longest, dK, dV);
        assertClose(dv, dV, "dv");
        if (rule.key() != 0)
            assertClose(dk, dK, "dk");
        if (rule.query() != 0) {
            Matrix dQ = output(type, d.rows, s.heads * s.headDim);
            new AttentionBackwardQuery(library, rule.name()).launch(stream, q, k, v, gradient, logSumExp, deltas.address(), d.geometry,
                    offsets,
                    sequences, d.longest, dQ);
            assertClose(dq, dQ, "dq");
        }
    }

    private static void addGradient(Data d, RuleTwin rule, int b, int t, int h, int j, float[] dOut, double[] delta, double[] dq,
            double[] dk,
            double[] dv) {
        Setting s = d.s;
        int query = d.query(b, t, h);
        int key = d.key(b, j, h);
        int row = (d.offsets[b] + t) * s.heads + h;
        double p = Math.exp(d.score(b, t, h, j) - d.lse[row]);
        double dp = 0;
        for (int i = 0; i < s.headDim; i++)
            dp += (double) dOut[query + i] * d.v[key + i];
        double ds = p * (dp - delta[row]);
        if (s.softcap > 0) {
            double raw = d.raw(b, t, h, j);
            double tanh = Math.tanh(raw / s.softcap);
            ds *= !rule.ratio() ? 1 - tanh * tanh : raw == 0 ? 1 : s.softcap * tanh / raw;
        }
        for (int i = 0; i < s.headDim; i++) {
            dq[query + i] += rule.query() * s.scale() * ds * d.k[key + i];
            dk[key + i] += rule.key() * s.scale() * ds * d.q[query + i];
            dv[key + i] += rule.value() * p * dOut[query + i];
        }
    }
}
