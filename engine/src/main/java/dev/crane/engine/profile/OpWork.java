package dev.crane.engine.profile;

import java.util.Arrays;
import java.util.stream.Stream;

import dev.crane.engine.backend.AttentionShape;
import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.backend.KeyRanges;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.backend.UnitEdits;
import dev.crane.engine.backend.Weight;
import dev.crane.engine.relevance.Rule;

/**
 * The {@link Work} of each op of {@link dev.crane.engine.backend.Backend}, from its arguments after it ran, when all tensors have their types. Additions,
 * multiplications, divisions, comparisons and square roots are one operation each; an exponential, a tanh, an activation function and what stands for its
 * derivative are {@value #FUNCTION}. Of attention the matrix products alone are counted, over the pairs of query and key that the mask leaves.
 */
final class OpWork {
    /** Operations of an exponential and the like: what the shortest usual polynomial takes is more, what a special unit takes less. */
    private static final int FUNCTION = 4;

    private OpWork() {
    }

    private static long bytes(Tensor... tensors) {
        return Arrays.stream(tensors).filter(tensor -> tensor != null).mapToLong(Tensor::bytes).sum();
    }

    private static long bytes(Weight... weights) {
        return Arrays.stream(weights).filter(weight -> weight != null).mapToLong(Weight::bytes).sum();
    }

    private static long indices(long count) {
        return count * Integer.BYTES;
    }

    /** Bytes of some rows. */
    private static long rows(Tensor tensor, long count) {
        return tensor.rows() == 0 ? 0 : tensor.bytes() / tensor.rows() * count;
    }

    private static long rows(Weight weight, long count) {
        return weight.bytes() / weight.out() * count;
    }

    static Work embed(Weight table, int[] ids, Tensor out) {
        return new Work(rows(table, ids.length) + indices(ids.length) + bytes(out), out.elements());
    }

    static Work copyRows(Tensor source, Tensor target, int count) {
        return new Work(rows(source, count) + rows(target, count), 0);
    }

    static Work gatherRows(Tensor x, int[] rows, Tensor out) {
        return new Work(rows(x, rows.length) + indices(rows.length) + bytes(out), 0);
    }

    static Work add(Tensor x, Tensor delta) {
        return new Work(2 * bytes(x) + bytes(delta), x.elements());
    }

    static Work fill(Tensor x) {
        return new Work(bytes(x), 0);
    }

    /** Scale, offset and two bounds, in the sequences that have an edit. */
    static Work edit(Tensor x, Segments segments, UnitEdits edits) {
        long rows = editedRows(segments, edits);
        return new Work(2 * rows(x, rows) + tables(edits), 4 * rows * x.columns());
    }

    /** A factor, and two bounds to look at. */
    static Work editBackward(Tensor gradient, Tensor edited, Segments segments, UnitEdits edits) {
        long rows = editedRows(segments, edits);
        return new Work(2 * rows(gradient, rows) + rows(edited, rows) + tables(edits), 3 * rows * gradient.columns());
    }

    private static long editedRows(Segments segments, UnitEdits edits) {
        long rows = 0;
        for (int b = 0; edits != null && b < segments.count(); b++)
            if (edits.of(b) != null)
                rows += segments.length(b);
        return rows;
    }

    /** Bytes of the edits themselves. */
    private static long tables(UnitEdits edits) {
        return edits == null ? 0 : edits.edits().stream().mapToLong(edit -> 4L * Float.BYTES * edit.scale().length).sum();
    }

    private static Work edits(Segments segments, int columns, UnitEdits... all) {
        return Stream.of(all).map(edits -> new Work(tables(edits), 4 * editedRows(segments, edits) * columns)).reduce(Work.NONE,
                Work::plus);
    }

    /** Its bits are looked at: nothing is computed. */
    static Work firstNonFinite(Tensor x) {
        return new Work(bytes(x), 0);
    }

    /** 2 · N · in · out. */
    static Work linear(Weight w, Weight bias, Tensor x, Tensor z) {
        return new Work(bytes(w, bias) + bytes(x, z), 2L * x.elements() * w.out() + (bias == null ? 0 : z.elements()));
    }

    static Work linearBackwardInput(Weight w, Tensor dz, Tensor dx, boolean accumulate) {
        return new Work(bytes(w) + bytes(dz) + (accumulate ? 2 : 1) * bytes(dx),
                2L * dz.elements() * w.in() + (accumulate ? dx.elements() : 0));
    }

    /** A rule's own function counts as one operation. */
    static Work linearRule(Tensor z, Tensor gradient) {
        return new Work(bytes(z) + 2 * bytes(gradient), gradient.elements());
    }

    /** As a product, and a sign taken off each value of x. */
    static Work linearMagnitudes(Weight w, Tensor x, Tensor z) {
        return new Work(bytes(w) + bytes(x, z), 2L * x.elements() * w.out() + x.elements());
    }

    /** As a product, and sign(x) · and + for each element of dx. */
    static Work linearMagnitudesBackward(Weight w, Tensor x, Tensor dz, Tensor dx) {
        return new Work(bytes(w) + bytes(x, dz) + 2 * bytes(dx), 2L * dz.elements() * w.in() + 2L * dx.elements());
    }

    /** z − b, times s, plus, half; times γ, plus, share; times the gradient; the two factors. */
    static Work gammaRule(Tensor z, Weight bias, Tensor gradient, Tensor magnitudes) {
        return new Work(bytes(bias) + bytes(z) + 2 * bytes(gradient, magnitudes), 10L * z.elements());
    }

    /** Square and sum, times 1/σ, times weight. */
    static Work rmsNorm(Tensor x, Tensor delta, Weight w, Tensor y, Tensor inverse) {
        return norm(x, delta, bytes(w), y, inverse, 4);
    }

    /** The mean; difference, square and sum; difference, times 1/σ, times weight, plus bias. */
    static Work layerNorm(Tensor x, Tensor delta, Weight w, Weight bias, Tensor y, Tensor inverse) {
        return norm(x, delta, bytes(w, bias), y, inverse, bias == null ? 7 : 8);
    }

    private static Work norm(Tensor x, Tensor delta, long parameters, Tensor y, Tensor inverse, int flop) {
        int summed = delta == null ? 0 : 1;
        return new Work((1 + summed) * bytes(x) + bytes(delta, y, inverse) + parameters, (long) (flop + summed) * x.elements());
    }

    /** dy · weight, times 1/σ, added; where the rule reads the input also x̂, its product with g summed, and the difference. */
    static Work rmsNormBackward(Tensor x, Weight w, Tensor inverse, Tensor dy, Rule rule, Tensor dx) {
        return normBackward(x, w, inverse, dy, rule, dx, 3, 5);
    }

    /** As {@link #rmsNormBackward}, with the mean of g and, where the rule reads the input, that of x. */
    static Work layerNormBackward(Tensor x, Weight w, Tensor inverse, Tensor dy, Rule rule, Tensor dx) {
        return normBackward(x, w, inverse, dy, rule, dx, 5, 7);
    }

    private static Work normBackward(Tensor x, Weight w, Tensor inverse, Tensor dy, Rule rule, Tensor dx, int flop, int ofInput) {
        boolean reads = x != null && rule.normReadsInput();
        return new Work((reads ? bytes(x) : 0) + bytes(w) + bytes(inverse, dy) + 2 * bytes(dx),
                (long) (flop + (reads ? ofInput : 0)) * dy.elements());
    }

    /** Four products and two sums a pair. */
    static Work rope(Tensor x, int headDim, Tensor cos) {
        long pairs = (long) x.elements() / headDim * cos.columns();
        long bytesOfElement = x.elements() == 0 ? 0 : x.bytes() / x.elements();
        return new Work(2 * 2 * pairs * bytesOfElement + 2 * rows(cos, x.rows()) + indices(x.rows()), 6 * pairs);
    }

    /** Pairs of a query and a key that causality and window leave, of all sequences. */
    static long pairs(AttentionShape shape, Segments queries, KeyRanges keys) {
        long pairs = 0;
        for (int b = 0; b < queries.count(); b++)
            pairs += pairs(shape, queries.length(b), keys.lengths()[b]);
        return pairs;
    }

    private static long pairs(AttentionShape shape, long queries, long keys) {
        long first = keys - queries + 1; // keys that the first query sees
        if (shape.window() == 0 || keys <= shape.window())
            return queries * (first + keys) / 2;
        if (first >= shape.window())
            return queries * shape.window();
        long growing = shape.window() - first; // queries before the window is full
        return growing * (first + shape.window() - 1) / 2 + (queries - growing) * shape.window();
    }

    /** q·k and probability · v. */
    static Work attention(Tensor q, Tensor k, Tensor v, AttentionShape shape, Segments queries, KeyRanges keys, Tensor out,
            Tensor logSumExp) {
        long keyRows = Arrays.stream(keys.lengths()).asLongStream().sum();
        return new Work(bytes(q, out, logSumExp) + rows(k, keyRows) + rows(v, keyRows),
                4L * shape.heads() * shape.headDim() * pairs(shape, queries, keys));
    }

    /** Five products, each over the pairs: q·k again, dOut·v, dS·k, dS·q, P·dOut; the first and the last alone where the probabilities are constants. */
    static Work attentionBackward(Tensor q, Tensor k, Tensor v, Tensor out, Tensor logSumExp, Tensor dOut, AttentionShape shape,
            Segments segments, Rule rule, Tensor dq, Tensor dk, Tensor dv) {
        boolean detached = rule.detachesScores();
        return new Work(bytes(q, k, logSumExp, dOut, dq, dk, dv) + (detached ? 0 : bytes(v, out)),
                (detached ? 4L : 10L) * shape.heads() * shape.headDim() * pairs(shape, segments, KeyRanges.same(segments)));
    }

    static Work attentionProbabilities(Tensor q, Tensor k, Tensor logSumExp, AttentionShape shape, Segments segments, int b, Tensor out) {
        int length = segments.length(b);
        return new Work(rows(q, length) + rows(k, length) + rows(logSumExp, length) + bytes(out),
                2L * shape.heads() * shape.headDim() * pairs(shape, length, length));
    }

    static Work activation(Tensor x, Segments segments, UnitEdits edits, Tensor act) {
        return new Work(bytes(x, act), (long) FUNCTION * x.elements()).plus(edits(segments, x.columns(), edits));
    }

    static Work activationBackward(Tensor x, Segments segments, UnitEdits edits, Tensor dAct, Tensor dx) {
        return new Work(bytes(x, dAct, dx), (FUNCTION + 1L) * x.elements()).plus(edits(segments, x.columns(), edits));
    }

    static Work gatedActivation(Tensor gate, Tensor up, Segments segments, UnitEdits actEdits, UnitEdits neuronEdits, Tensor act,
            Tensor neuron) {
        return new Work(bytes(gate, up, act, neuron), (FUNCTION + 1L) * gate.elements())
                .plus(edits(segments, gate.columns(), actEdits, neuronEdits));
    }

    /** The activation, what stands for its derivative, three products for the gate and two for the up side. */
    static Work gatedActivationBackward(Tensor gate, Tensor up, Segments segments, UnitEdits actEdits, UnitEdits neuronEdits,
            Tensor dNeuron,
            Tensor dGate, Tensor dUp) {
        return new Work(bytes(gate, up, dNeuron, dGate, dUp), (2L * FUNCTION + 5) * gate.elements())
                .plus(edits(segments, gate.columns(), actEdits, neuronEdits));
    }

    static Work targetLogits(Weight head, Tensor h, int[] rows) {
        return new Work(rows(head, rows.length) + rows(h, rows.length) + 3 * indices(rows.length), 2L * rows.length * head.in());
    }

    static Work targetLogitsBackward(Weight head, int[] rows, Tensor dh) {
        return new Work(rows(head, rows.length) + bytes(dh) + 3 * indices(rows.length), 2L * rows.length * head.in());
    }

    /** Largest, difference, exponential, sum. */
    static Work tokenLogprobs(Tensor logits) {
        return new Work(bytes(logits) + 3 * indices(logits.rows()), (FUNCTION + 3L) * logits.elements());
    }

    /** The same, and softmax times coefficient. */
    static Work logprobBackward(Tensor logits) {
        return new Work(2 * bytes(logits) + 2 * indices(logits.rows()), (FUNCTION + 5L) * logits.elements());
    }

    static Work softcap(Tensor x) {
        return new Work(2 * bytes(x), (FUNCTION + 2L) * x.elements());
    }

    static Work segmentDot(Tensor z, Tensor delta, Tensor out) {
        return new Work(bytes(z, delta, out), 2L * z.elements());
    }

    static Work segmentWeightedSum(Tensor s, Tensor delta, Tensor out) {
        return new Work(bytes(s, delta, out), 2L * delta.elements());
    }

    static Work segmentReduce(Tensor x, Reduction reduction, Tensor out) {
        int flop = switch (reduction) {
            case MEAN, MAX -> 1;
            case MEAN_ABS, COUNT_POSITIVE, NORM -> 2;
        };
        return new Work(bytes(x, out), (long) flop * x.elements());
    }

    static Work rowSums(Tensor x, Tensor out) {
        return new Work(bytes(x, out), x.elements());
    }

    static Work rowDots(Tensor x, Tensor y, Tensor out) {
        return new Work(bytes(x, y, out), 2L * x.elements());
    }

    /** Across the bus, or from one array to another. */
    static Work transfer(Tensor tensor) {
        return new Work(bytes(tensor) + (long) tensor.elements() * Float.BYTES, 0);
    }
}
