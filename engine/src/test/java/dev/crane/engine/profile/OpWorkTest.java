package dev.crane.engine.profile;

import java.lang.foreign.MemorySegment;
import java.util.List;

import org.junit.jupiter.api.Test;

import dev.crane.engine.backend.AttentionShape;
import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.backend.KeyRanges;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.backend.UnitEdits;
import dev.crane.engine.backend.Weight;
import dev.crane.engine.backend.host.HostTensor;
import dev.crane.engine.backend.host.HostWeight;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** Counts made by hand on small shapes: N = 3 tokens, width 5; f32 activations, bf16 matrices. */
class OpWorkTest {
    private static final Segments SEGMENTS = new Segments(new int[]{0, 1, 3});
    private static final int[] IDS = {2, 0, 2};

    private static Tensor tensor(int rows, int columns) {
        return new HostTensor(new float[rows * columns], rows, columns);
    }

    private static Weight matrix(int out, int in) {
        return new HostWeight(new StoredTensor("w", DType.BF16, new long[]{out, in}, MemorySegment.ofArray(new byte[2 * out * in])));
    }

    private static Weight vector(int length) {
        return new HostWeight(new StoredTensor("v", DType.F32, new long[]{length}, MemorySegment.ofArray(new byte[4 * length])));
    }

    private static void check(long bytes, long flop, Work work) {
        assertEquals(new Work(bytes, flop), work);
    }

    @Test
    void rows() {
        check(3 * 5 * 2 + 3 * 4 + 60, 15, OpWork.embed(matrix(7, 5), IDS, tensor(3, 5)));
        check(2 * 2 * 20, 0, OpWork.copyRows(tensor(4, 5), tensor(9, 5), 2));
        check(60 + 12 + 60, 0, OpWork.gatherRows(tensor(8, 5), IDS, tensor(3, 5)));
        check(60 + 60 + 60, 15, OpWork.add(tensor(3, 5), tensor(3, 5)));
        check(60, 0, OpWork.fill(tensor(3, 5)));
        check(60, 0, OpWork.firstNonFinite(tensor(3, 5)));
        check(120, 0, OpWork.transfer(tensor(3, 5)));
    }

    /** The second sequence, of two tokens, has an edit: ten values of four arrays of five. */
    @Test
    void edits() {
        UnitEdits edits = new UnitEdits(List.of(new UnitEdits.Edit(new float[5], new float[5], new float[5], new float[5])),
                new int[]{-1, 0});
        check(2 * 40 + 4 * 5 * 4, 4 * 10, OpWork.edit(tensor(3, 5), SEGMENTS, edits));
        check(3 * 40 + 80, 3 * 10, OpWork.editBackward(tensor(3, 5), tensor(3, 5), SEGMENTS, edits));
        check(120 + 80, 4 * 15 + 4 * 10, OpWork.activation(tensor(3, 5), SEGMENTS, edits, tensor(3, 5)));
    }

    @Test
    void matrixProducts() {
        check(2 * 20 + 4 * 15 + 4 * 12, 2 * 3 * 5 * 4, OpWork.linear(matrix(4, 5), null, tensor(3, 5), tensor(3, 4)));
        check(40 + 16 + 60 + 48, 120 + 12, OpWork.linear(matrix(4, 5), vector(4), tensor(3, 5), tensor(3, 4)));
        check(40 + 48 + 60, 120, OpWork.linearBackwardInput(matrix(4, 5), tensor(3, 4), tensor(3, 5), false));
        check(40 + 48 + 120, 120 + 15, OpWork.linearBackwardInput(matrix(4, 5), tensor(3, 4), tensor(3, 5), true));
        check(60 + 120, 15, OpWork.linearRule(tensor(3, 5), tensor(3, 5)));
        check(40 + 60 + 48, 120 + 15, OpWork.linearMagnitudes(matrix(4, 5), tensor(3, 5), tensor(3, 4)));
        check(40 + 60 + 48 + 120, 120 + 30,
                OpWork.linearMagnitudesBackward(matrix(4, 5), tensor(3, 5), tensor(3, 4), tensor(3, 5)));
        check(16 + 48 + 2 * 96, 120, OpWork.gammaRule(tensor(3, 4), vector(4), tensor(3, 4), tensor(3, 4)));
    }

    @Test
    void norms() {
        check(60 + 60 + 12 + 20, 4 * 15, OpWork.rmsNorm(tensor(3, 5), null, vector(5), tensor(3, 5), tensor(3, 1)));
        check(120 + 60 + 60 + 12 + 20, 5 * 15, OpWork.rmsNorm(tensor(3, 5), tensor(3, 5), vector(5), tensor(3, 5), tensor(3, 1)));
        check(60 + 60 + 12 + 40, 8 * 15, OpWork.layerNorm(tensor(3, 5), null, vector(5), vector(5), tensor(3, 5), tensor(3, 1)));
        check(20 + 12 + 60 + 120, 3 * 15,
                OpWork.rmsNormBackward(tensor(3, 5), vector(5), tensor(3, 1), tensor(3, 5), Rule.ATTNLRP, tensor(3, 5)));
        check(60 + 20 + 12 + 60 + 120, 8 * 15,
                OpWork.rmsNormBackward(tensor(3, 5), vector(5), tensor(3, 1), tensor(3, 5), Rule.GRADIENT, tensor(3, 5)));
        check(60 + 20 + 12 + 60 + 120, 12 * 15,
                OpWork.layerNormBackward(tensor(3, 5), vector(5), tensor(3, 1), tensor(3, 5), Rule.GRADIENT, tensor(3, 5)));
    }

    /** Two heads of width 4, of which the first two components, one pair, are rotated: 3 · 2 pairs. */
    @Test
    void rotation() {
        check(2 * 2 * 6 * 4 + 2 * 3 * 4 + 12, 6 * 6, OpWork.rope(tensor(3, 8), 4, tensor(10, 1)));
    }

    /** Two query heads of width 4 on one key/value head; sequences of 1 and 2 tokens: 1 + 3 pairs. */
    @Test
    void attention() {
        AttentionShape shape = new AttentionShape(2, 1, 4, 0.5f, 0, 0);
        Tensor q = tensor(3, 8);
        Tensor k = tensor(3, 4);
        long forward = 96 + 48 + 48 + 96 + 24; // q, k, v, out, logSumExp
        check(forward, 4 * 2 * 4 * 4, OpWork.attention(q, k, k, shape, SEGMENTS, KeyRanges.same(SEGMENTS), q, tensor(3, 2)));
        check(forward + 96 + 96 + 48 + 48, 10 * 2 * 4 * 4,
                OpWork.attentionBackward(q, k, k, q, tensor(3, 2), q, shape, SEGMENTS, Rule.ATTNLRP, q, k, k));
        check(96 + 48 + 24 + 96 + 96 + 48 + 48, 4 * 2 * 4 * 4,
                OpWork.attentionBackward(q, k, k, q, tensor(3, 2), q, shape, SEGMENTS, Rule.CP_LRP, q, k, k));
        check(2 * 32 + 2 * 16 + 2 * 8 + 4 * 2 * 4, 2 * 2 * 4 * 3,
                OpWork.attentionProbabilities(q, k, tensor(3, 2), shape, SEGMENTS, 1, tensor(4, 2)));
    }

    /** Against counting one by one. */
    @Test
    void pairsOfQueryAndKey() {
        for (int window : new int[]{0, 1, 2, 5, 9})
            for (int queries = 1; queries < 9; queries++)
                for (int keys = queries; keys < 12; keys++) {
                    long counted = 0;
                    for (int p = keys - queries; p < keys; p++)
                        for (int k = 0; k <= p; k++)
                            if (window == 0 || k > p - window)
                                counted++;
                    AttentionShape shape = new AttentionShape(1, 1, 4, 1, 0, window);
                    assertEquals(counted,
                            OpWork.pairs(shape, new Segments(new int[]{0, queries}), new KeyRanges(new int[]{0}, new int[]{keys})),
                            queries + " of " + keys + ", window " + window);
                }
    }

    @Test
    void activations() {
        Tensor t = tensor(3, 5);
        check(120, 60, OpWork.activation(t, SEGMENTS, null, t));
        check(180, 75, OpWork.activationBackward(t, SEGMENTS, null, t, t));
        check(180, 75, OpWork.gatedActivation(t, t, SEGMENTS, null, null, null, t));
        check(240, 75, OpWork.gatedActivation(t, t, SEGMENTS, null, null, t, t));
        check(300, 13 * 15, OpWork.gatedActivationBackward(t, t, SEGMENTS, null, null, t, t, t));
    }

    @Test
    void targetsAndReductions() {
        Tensor t = tensor(3, 5);
        check(2 * 10 + 2 * 20 + 3 * 8, 2 * 2 * 5, OpWork.targetLogits(matrix(7, 5), t, new int[]{0, 2}));
        check(2 * 10 + 60 + 3 * 8, 20, OpWork.targetLogitsBackward(matrix(7, 5), new int[]{0, 2}, t));
        check(60 + 36, 7 * 15, OpWork.tokenLogprobs(t));
        check(120 + 24, 9 * 15, OpWork.logprobBackward(t));
        check(120, 6 * 15, OpWork.softcap(t));
        check(120 + 40, 30, OpWork.segmentDot(t, t, tensor(2, 5)));
        check(12 + 60 + 40, 30, OpWork.segmentWeightedSum(tensor(3, 1), t, tensor(2, 5)));
        check(60 + 40, 15, OpWork.segmentReduce(t, Reduction.MEAN, tensor(2, 5)));
        check(60 + 40, 30, OpWork.segmentReduce(t, Reduction.NORM, tensor(2, 5)));
        check(60 + 12, 15, OpWork.rowSums(t, tensor(3, 1)));
        check(120 + 12, 30, OpWork.rowDots(t, t, tensor(3, 1)));
    }

    @Test
    void leastTime() {
        Roofline roofline = new Roofline(1e9, 1e8); // ten operations a byte
        assertEquals(10, roofline.ridge());
        assertEquals(1000, roofline.leastMicros(new Work(100_000, 1)), 1e-9);
        assertEquals(3000, roofline.leastMicros(new Work(100_000, 3_000_000)), 1e-9);
        assertEquals(true, roofline.boundByMemory(new Work(100_000, 999_999)));
        assertEquals(false, roofline.boundByMemory(new Work(100_000, 1_000_001)));
    }
}
