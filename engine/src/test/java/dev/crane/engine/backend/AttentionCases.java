package dev.crane.engine.backend;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import dev.crane.engine.backend.OpCase.Rows;
import dev.crane.engine.backend.OpCase.Run;
import dev.crane.engine.backend.reference.ReferenceBackend;
import dev.crane.engine.relevance.Rule;

/** Attention: one token, one head, groups of heads, head dims away from vector lengths, windows, softcaps, sequences longer than a block of rows. */
final class AttentionCases {
    /** A name, a shape and the lengths of the sequences. */
    record Setting(String name, AttentionShape shape, int... lengths) {
        int width() {
            return shape.heads() * shape.headDim();
        }

        int kvWidth() {
            return shape.kvHeads() * shape.headDim();
        }
    }

    private AttentionCases() {
    }

    private static AttentionShape shape(int heads, int kvHeads, int headDim, float softcap, int window) {
        return new AttentionShape(heads, kvHeads, headDim, (float) (1 / Math.sqrt(headDim)), softcap, window);
    }

    static List<Setting> settings() {
        return List.of(new Setting("1 head, 1 token", shape(1, 1, 4, 0, 0), 1), new Setting("heads of width 1", shape(2, 1, 1, 0, 0), 6, 1),
                new Setting("groups of 3", shape(6, 2, 32, 0, 0), 40, 23, 1, 9),
                new Setting("no groups, head dim 20", shape(3, 3, 20, 0, 0), 7, 33),
                new Setting("1 key head, head dim 80", shape(5, 1, 80, 0, 0), 13, 2),
                new Setting("longer than a chunk of keys", shape(1, 1, 8, 0, 0), 1100, 3),
                new Setting("window 8", shape(4, 2, 24, 0, 8), 70, 5, 8), new Setting("window 1", shape(2, 2, 16, 0, 1), 9, 1),
                new Setting("window longer than the sequences", shape(2, 1, 16, 0, 100), 9, 40),
                new Setting("softcap", shape(4, 2, 24, 2, 0), 21, 6), new Setting("softcap and window", shape(3, 1, 16, 0.5f, 5), 40, 4),
                // 12 heads: 8 slopes and 4 of those between; the longest sequence crosses a chunk of keys
                new Setting("alibi", new AttentionShape(12, 12, 8, 0.35f, 0, 0, true), 45, 1, 7),
                new Setting("alibi, one head, long", new AttentionShape(1, 1, 8, 0.35f, 0, 0, true), 1100, 3),
                new Setting("alibi, groups, softcap and window", new AttentionShape(4, 2, 16, 0.25f, 1, 6, true), 40, 4));
    }

    static List<OpCase> all() {
        List<OpCase> cases = new ArrayList<>();
        for (Setting setting : settings()) {
            cases.add(new OpCase("attention, " + setting.name(), setting.lengths(), true, run -> forward(run, setting)));
            for (Rule rule : OpCases.RULES)
                cases.add(new OpCase("attentionBackward, " + setting.name() + ", " + rule.name(), setting.lengths(), true,
                        run -> backward(run, setting, rule)));
            if (setting.lengths().length > 1)
                cases.add(new OpCase("attentionProbabilities, " + setting.name(), new int[]{setting.lengths()[1]}, true,
                        run -> probabilities(run, setting)));
        }
        for (Setting setting : settings())
            cases.add(cached(setting));
        return cases;
    }

    static void forward(Run run, Setting setting) {
        run.backend().attention(run.input("q", setting.width()), run.input("k", setting.kvWidth()), run.input("v", setting.kvWidth()),
                setting.shape(), run.segments(), KeyRanges.same(run.segments()), run.output("out", setting.width()),
                run.output("logSumExp", setting.shape().heads()));
    }

    static void backward(Run run, Setting setting, Rule rule) {
        backward(run, setting, rule, "dOut");
    }

    static void backward(Run run, Setting setting, Rule rule, String upstream) {
        Tensor q = run.input("q", setting.width());
        Tensor k = run.input("k", setting.kvWidth());
        Tensor v = run.input("v", setting.kvWidth());
        float[][] outputs = referenceOutputs(run, setting);
        run.backend().attentionBackward(q, k, v, run.constant(outputs[0], run.tokens(), setting.width()),
                run.constant(outputs[1], run.tokens(), setting.shape().heads()), run.input(upstream, setting.width()), setting.shape(),
                run.segments(), rule, run.output("dq", setting.width()), run.output("dk", setting.kvWidth()),
                run.output("dv", setting.kvWidth()));
    }

    private static void probabilities(Run run, Setting setting) {
        int length = run.segments().length(0);
        run.backend().attentionProbabilities(run.input("q", setting.width()), run.input("k", setting.kvWidth()),
                run.constant(referenceOutputs(run, setting)[1], run.tokens(), setting.shape().heads()), setting.shape(), run.segments(), 0,
                run.output("probabilities", Rows.OTHER, setting.shape().heads() * length, length));
    }

    /** out and logSumExp of the forward pass, the same for every backend. */
    private static float[][] referenceOutputs(Run run, Setting setting) {
        try (ReferenceBackend reference = new ReferenceBackend()) {
            int n = run.tokens();
            Tensor out = reference.allocate(n, setting.width());
            Tensor logSumExp = reference.allocate(n, setting.shape().heads());
            reference.attention(reference.upload(run.random("q", setting.width()), n, setting.width()),
                    reference.upload(run.random("k", setting.kvWidth()), n, setting.kvWidth()),
                    reference.upload(run.random("v", setting.kvWidth()), n, setting.kvWidth()), setting.shape(), run.segments(),
                    KeyRanges.same(run.segments()), out, logSumExp);
            return new float[][]{reference.download(out), reference.download(logSumExp)};
        }
    }

    /** The last queries of each sequence against a cache that holds all its keys, at rows of its own, between rows that must not be read. */
    static OpCase cached(Setting setting) {
        return new OpCase("attention with a cache, " + setting.name(), setting.lengths(), true, run -> {
            int sequences = run.segments().count();
            int[] offsets = new int[sequences + 1];
            int[] starts = new int[sequences];
            int[] lengths = new int[sequences];
            int capacity = 2;
            for (int b = 0; b < sequences; b++) {
                lengths[b] = run.segments().length(b);
                offsets[b + 1] = offsets[b] + cachedQueries(lengths[b]);
                starts[b] = capacity;
                capacity += lengths[b] + 3;
            }
            float[] q = lastRows(run, run.random("q", setting.width()), setting.width());
            Tensor k = run.constant(spread(run, "k", setting.kvWidth(), starts, capacity), capacity, setting.kvWidth());
            Tensor v = run.constant(spread(run, "v", setting.kvWidth(), starts, capacity), capacity, setting.kvWidth());
            Segments queries = new Segments(offsets);
            run.backend().attention(run.constant(q, queries.rows(), setting.width()), k, v, setting.shape(), queries,
                    new KeyRanges(starts, lengths), run.output("out", Rows.OTHER, queries.rows(), setting.width()),
                    run.output("logSumExp", Rows.OTHER, queries.rows(), setting.shape().heads()));
        });
    }

    /** Queries of a sequence in the cases with a cache. */
    static int cachedQueries(int length) {
        return Math.min(length, 1 + length / 3);
    }

    /** The rows, of a tensor with a row a token, that belong to the queries of the cases with a cache. */
    static float[] lastRows(Run run, float[] values, int width) {
        return lastRows(run.segments(), values, width);
    }

    static float[] lastRows(Segments segments, float[] values, int width) {
        float[] last = new float[values.length];
        int rows = 0;
        for (int b = 0; b < segments.count(); b++) {
            int count = cachedQueries(segments.length(b));
            System.arraycopy(values, (segments.start(b) + segments.length(b) - count) * width, last, rows * width, count * width);
            rows += count;
        }
        return Arrays.copyOf(last, rows * width);
    }

    private static float[] spread(Run run, String name, int width, int[] starts, int capacity) {
        float[] values = run.random(name, width);
        float[] spread = new float[capacity * width];
        Arrays.fill(spread, Float.NaN);
        for (int b = 0; b < starts.length; b++)
            System.arraycopy(values, run.segments().start(b) * width, spread, starts[b] * width, run.segments().length(b) * width);
        return spread;
    }
}
