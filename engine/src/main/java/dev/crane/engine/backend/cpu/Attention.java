package dev.crane.engine.backend.cpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import dev.crane.engine.backend.AttentionShape;
import dev.crane.engine.backend.KeyRanges;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.relevance.Rule;

/**
 * Attention in blocks of 32 rows of one key/value head's queries. First every head's keys are packed transposed and its values packed; then each
 * block computes all its scores, their softmax in two passes (largest score, then exponentials and their sum) and the weighted sum of values. A
 * query's result is a chain over its keys in ascending order, counted from the sequence's first key: it does not depend on which other queries are
 * in its block, so a pass that uses a key/value cache has the same bits as one that does not. The scores of a block take 32 · keys values.
 */
final class Attention {
    private final TaskPool tasks;
    private final BufferPool buffers;

    Attention(TaskPool tasks, BufferPool buffers) {
        this.tasks = tasks;
        this.buffers = buffers;
    }

    /** A block together with where its head group's packed keys and values begin. */
    private record Work(ScoreBlock block, int keysAt, int valuesAt) {}

    void forward(float[] q, float[] k, float[] v, AttentionShape shape, Segments queries, KeyRanges ranges, float[] out,
            float[] logSumExp) {
        List<HeadGroup> groups = groups(shape, queries, ranges);
        int d = shape.headDim();
        int[] keysAt = offsets(groups, d);
        int[] valuesAt = offsets(groups, Panels.padded(d));
        float[] keys = buffers.take(keysAt[groups.size()]);
        float[] values = buffers.take(valuesAt[groups.size()]);
        tasks.run(groups.size(), g -> {
            HeadGroup group = groups.get(g);
            Panels.packTransposed(k, group.key(), group.keyStride(), group.keys(), d, keys, keysAt[g]);
            Panels.pack(v, group.key(), group.keyStride(), group.keys(), d, 1, values, valuesAt[g], Panels.padded(group.keys()), 0);
        });
        List<Work> work = new ArrayList<>();
        for (int g = 0; g < groups.size(); g++)
            for (int i = 0; i < ScoreBlock.count(groups.get(g)); i++)
                work.add(new Work(new ScoreBlock(groups.get(g), i), keysAt[g], valuesAt[g]));
        tasks.run(work.size(), i -> forward(work.get(i), q, keys, values, out, logSumExp));
        buffers.give(keys);
        buffers.give(values);
    }

    private void forward(Work work, float[] q, float[] keys, float[] values, float[] out, float[] logSumExp) {
        ScoreBlock block = work.block;
        AttentionShape shape = block.heads().shape();
        int width = HeadGroup.BLOCK * Panels.padded(shape.headDim());
        float[] packed = buffers.take(width);
        float[] scores = buffers.take(block.size());
        block.pack(q, shape.scale(), packed);
        block.products(packed, keys, work.keysAt, scores);
        if (shape.softcap() > 0)
            block.softcap(scores, shape.softcap(), null, null);
        float[] max = new float[HeadGroup.BLOCK];
        double[] sum = new double[HeadGroup.BLOCK];
        if (shape.alibi())
            block.alibi(scores);
        block.softmax(scores, max, sum);
        block.weightedSum(scores, values, work.valuesAt, Panels.padded(block.heads().keys()), packed);
        for (int r = 0; r < block.rows(); r++) {
            block.unpack(packed, r, (float) (1 / sum[r]), out);
            logSumExp[block.heads().perHead(block.first() + r)] = (float) (max[r] + StrictMath.log(sum[r]));
        }
        buffers.give(packed);
        buffers.give(scores);
    }

    void probabilities(float[] q, float[] k, float[] logSumExp, AttentionShape shape, Segments segments, int b, float[] out) {
        int d = shape.headDim();
        int length = segments.length(b);
        List<HeadGroup> groups = groups(shape, segments, KeyRanges.same(segments)).subList(b * shape.kvHeads(), (b + 1) * shape.kvHeads());
        tasks.run(groups.size(), g -> {
            HeadGroup group = groups.get(g);
            float[] keys = buffers.take(Panels.padded(length) * d);
            float[] packed = buffers.take(HeadGroup.BLOCK * Panels.padded(d));
            Panels.packTransposed(k, group.key(), group.keyStride(), length, d, keys, 0);
            for (int i = 0; i < ScoreBlock.count(group); i++) {
                ScoreBlock block = new ScoreBlock(group, i);
                float[] scores = buffers.take(block.size());
                block.pack(q, shape.scale(), packed);
                block.products(packed, keys, 0, scores);
                if (shape.softcap() > 0)
                    block.softcap(scores, shape.softcap(), null, null);
                if (shape.alibi())
                    block.alibi(scores);
                block.probabilities(scores, logSumExp);
                for (int r = 0; r < block.rows(); r++) {
                    int row = block.first() + r;
                    int at = (group.head(row) * length + row / group.group()) * length;
                    Arrays.fill(out, at, at + length, 0);
                    for (int key = block.begin(r); key < block.end(r); key++)
                        out[at + key] = scores[block.at(r, key) + key % Panels.W];
                }
                buffers.give(scores);
            }
            buffers.give(keys);
            buffers.give(packed);
        });
    }

    void backward(float[] q, float[] k, float[] v, float[] out, float[] logSumExp, float[] dOut, AttentionShape shape, Segments segments,
            Rule rule, float[] dq, float[] dk, float[] dv) {
        List<HeadGroup> groups = groups(shape, segments, KeyRanges.same(segments));
        tasks.run(groups.size(),
                g -> new AttentionBackward(groups.get(g), rule, buffers).run(q, k, v, out, logSumExp, dOut, dq, dk, dv));
    }

    /** The head groups of all sequences that have queries. */
    private static List<HeadGroup> groups(AttentionShape shape, Segments queries, KeyRanges ranges) {
        List<HeadGroup> groups = new ArrayList<>();
        for (int b = 0; b < queries.count(); b++)
            for (int head = 0; head < shape.kvHeads(); head++)
                groups.add(new HeadGroup(shape, queries.start(b), queries.length(b), ranges.starts()[b], ranges.lengths()[b], head));
        return groups;
    }

    /** Where each group's packed keys or values of {@code width} begin, and where the last ones end. */
    private static int[] offsets(List<HeadGroup> groups, int width) {
        int[] offsets = new int[groups.size() + 1];
        for (int g = 0; g < groups.size(); g++)
            offsets[g + 1] = Math.addExact(offsets[g], Math.multiplyExact(Panels.padded(groups.get(g).keys()), width));
        return offsets;
    }
}
