package dev.crane.engine.backend.cpu;

import java.util.Arrays;

import dev.crane.engine.backend.AttentionShape;
import dev.crane.engine.relevance.Rule;

/**
 * Backward of attention for one key/value head of one sequence. The blocks of its rows come one after another, so that the gradients of keys and values
 * are sums over queries in ascending order and, for each query, over the heads of the group; probabilities are computed again from q, k and the saved
 * log-sum-exp.
 *
 * @param group the rows
 * @param rule factors on the gradients of q, k and v, and the softcap's derivative
 * @param buffers memory to work in
 */
record AttentionBackward(HeadGroup group, Rule rule, BufferPool buffers) {

    void run(float[] q, float[] k, float[] v, float[] out, float[] logSumExp, float[] dOut, float[] dq, float[] dk, float[] dv) {
        AttentionShape shape = group.shape();
        int d = shape.headDim();
        int keyRows = Panels.padded(group.keys());
        int keySize = keyRows * Panels.padded(d);
        boolean detached = rule.detachesScores();
        float[] keysTransposed = buffers.take(keyRows * d);
        Panels.packTransposed(k, group.key(), group.keyStride(), group.keys(), d, keysTransposed, 0);
        float[] sumDv = zeros(keySize);
        float[] sumDk = detached ? null : zeros(keySize);
        float[] keys = detached ? null : buffers.take(keySize);
        float[] valuesTransposed = detached ? null : buffers.take(keyRows * d);
        if (!detached) {
            Panels.pack(k, group.key(), group.keyStride(), group.keys(), d, 1, keys, 0, keyRows, 0);
            Panels.packTransposed(v, group.key(), group.keyStride(), group.keys(), d, valuesTransposed, 0);
        }
        float[] packedQ = buffers.take(HeadGroup.BLOCK * Panels.padded(d));
        float[] packedDOut = buffers.take(HeadGroup.BLOCK * Panels.padded(d));
        float[] packedDq = detached ? null : buffers.take(HeadGroup.BLOCK * Panels.padded(d));
        for (int i = 0; i < ScoreBlock.count(group); i++) {
            ScoreBlock block = new ScoreBlock(group, i);
            float[] scores = buffers.take(block.size());
            float[] factors = shape.softcap() > 0 && !detached ? buffers.take(block.size()) : null;
            block.pack(q, shape.scale(), packedQ);
            block.pack(dOut, 1, packedDOut);
            block.products(packedQ, keysTransposed, 0, scores);
            if (shape.softcap() > 0)
                block.softcap(scores, shape.softcap(), rule, factors);
            if (shape.alibi())
                block.alibi(scores);
            block.probabilities(scores, logSumExp);
            block.addTransposed(scores, packedDOut, sumDv, 0, keyRows);
            if (detached) {
                for (int r = 0; r < block.rows(); r++)
                    Arrays.fill(dq, group.query(block.first() + r), group.query(block.first() + r) + d, 0);
            } else {
                float[] dScores = buffers.take(block.size());
                block.products(packedDOut, valuesTransposed, 0, dScores);
                block.softmaxBackward(scores, dScores, outputDots(block, dOut, out), factors);
                block.weightedSum(dScores, keys, 0, keyRows, packedDq);
                for (int r = 0; r < block.rows(); r++)
                    block.unpack(packedDq, r, rule.attentionQuery() * shape.scale(), dq);
                block.addTransposed(dScores, packedQ, sumDk, 0, keyRows);
                buffers.give(dScores);
            }
            buffers.give(scores);
            if (factors != null)
                buffers.give(factors);
        }
        Panels.unpack(sumDv, 0, keyRows, 0, group.keys(), d, rule.attentionValue(), dv, group.key(), group.keyStride());
        if (detached) {
            for (int key = 0; key < group.keys(); key++)
                Arrays.fill(dk, group.key() + key * group.keyStride(), group.key() + key * group.keyStride() + d, 0);
        } else { // q was packed with the scale on it
            Panels.unpack(sumDk, 0, keyRows, 0, group.keys(), d, rule.attentionKey(), dk, group.key(), group.keyStride());
            buffers.give(sumDk);
            buffers.give(keys);
            buffers.give(valuesTransposed);
            buffers.give(packedDq);
        }
        buffers.give(sumDv);
        buffers.give(keysTransposed);
        buffers.give(packedQ);
        buffers.give(packedDOut);
    }

    private float[] zeros(int size) {
        float[] array = buffers.take(size);
        Arrays.fill(array, 0, size, 0);
        return array;
    }

    private float[] outputDots(ScoreBlock block, float[] dOut, float[] out) {
        float[] dots = new float[HeadGroup.BLOCK];
        for (int r = 0; r < block.rows(); r++) {
            int at = group.query(block.first() + r);
            dots[r] = (float) Lanes.dot(dOut, at, out, at, group.shape().headDim());
        }
        return dots;
    }
}
