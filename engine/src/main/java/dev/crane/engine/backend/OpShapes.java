package dev.crane.engine.backend;

import java.util.Arrays;

/** The shape rules of {@link Backend}'s ops, the same for every backend: each method throws {@link IllegalArgumentException} where they are broken. */
public final class OpShapes {
    private OpShapes() {
    }

    /** Throws unless {@code holds}; the message is the arguments one after another. */
    private static void require(boolean holds, String op, Object... what) {
        if (!holds)
            throw new IllegalArgumentException(op + ": " + String.join(", ", Arrays.stream(what).map(OpShapes::describe).toList()));
    }

    private static String describe(Object what) {
        return switch (what) {
            case null -> "none";
            case Tensor tensor -> tensor.rows() + " × " + tensor.columns();
            case Weight weight -> weight.name() + " [" + weight.out() + ", " + weight.in() + "]";
            case Segments segments -> segments.count() + " sequences of " + segments.rows() + " rows";
            default -> what.toString();
        };
    }

    private static boolean same(Tensor a, Tensor b) {
        return a.rows() == b.rows() && a.columns() == b.columns();
    }

    private static boolean is(Tensor a, int rows, int columns) {
        return a.rows() == rows && a.columns() == columns;
    }

    private static boolean vector(Weight w, int length) {
        return w.in() == 1 && w.out() == length;
    }

    private static void requireIndices(String op, String what, int[] indices, int bound) {
        for (int index : indices)
            if (index < 0 || index >= bound)
                throw new IllegalArgumentException(op + ": " + what + " " + index + " of " + bound);
    }

    private static void requireEdits(String op, Tensor x, Segments segments, UnitEdits edits) {
        if (edits == null)
            return;
        require(edits.ofSequence().length == segments.count(), op, "edits of " + edits.ofSequence().length + " sequences", segments);
        for (UnitEdits.Edit edit : edits.edits())
            require(edit.scale().length == x.columns() && edit.offset().length == x.columns() && edit.low().length == x.columns()
                    && edit.high().length == x.columns(), op, "an edit of " + edit.scale().length + " units", x);
    }

    /** Shapes of {@link Backend#embed}. */
    public static void embed(Weight table, int[] ids, Tensor out) {
        require(is(out, ids.length, table.in()), "embed", table, ids.length + " ids", out);
        requireIndices("embed", "id", ids, table.out());
    }

    /** Shapes of {@link Backend#copyRows}. */
    public static void copyRows(Tensor source, int sourceRow, Tensor target, int targetRow, int count) {
        require(source.columns() == target.columns() && sourceRow >= 0 && targetRow >= 0 && count >= 0
                && sourceRow + count <= source.rows() && targetRow + count <= target.rows(), "copyRows", source, "row " + sourceRow, target,
                "row " + targetRow, count + " rows");
    }

    /** Shapes of {@link Backend#gatherRows}. */
    public static void gatherRows(Tensor x, int[] rows, Tensor out) {
        require(is(out, rows.length, x.columns()), "gatherRows", x, rows.length + " rows", out);
        requireIndices("gatherRows", "row", rows, x.rows());
    }

    /** Shapes of {@link Backend#add}. */
    public static void add(Tensor x, Tensor delta) {
        require(same(x, delta), "add", x, delta);
    }

    /** Shapes of {@link Backend#edit}. */
    public static void edit(Tensor x, Segments segments, UnitEdits edits) {
        require(x.rows() == segments.rows(), "edit", x, segments);
        requireEdits("edit", x, segments, edits);
    }

    /** Shapes of {@link Backend#editBackward}. */
    public static void editBackward(Tensor gradient, Tensor edited, Segments segments, UnitEdits edits) {
        require(same(gradient, edited) && gradient.rows() == segments.rows(), "editBackward", gradient, edited, segments);
        requireEdits("editBackward", gradient, segments, edits);
    }

    /** Shapes of {@link Backend#linear}. */
    public static void linear(Weight w, Weight bias, Tensor x, Tensor z) {
        require(x.columns() == w.in() && is(z, x.rows(), w.out()) && (bias == null || vector(bias, w.out())), "linear", w, bias, x, z);
    }

    /** Shapes of {@link Backend#linearBackwardInput}. */
    public static void linearBackwardInput(Weight w, Tensor dz, Tensor dx) {
        require(dz.columns() == w.out() && is(dx, dz.rows(), w.in()), "linearBackwardInput", w, dz, dx);
    }

    /** Shapes of {@link Backend#linearRule}. */
    public static void linearRule(Tensor z, Tensor gradient) {
        require(same(z, gradient), "linearRule", z, gradient);
    }

    /** Shapes of {@link Backend#linearMagnitudes}. */
    public static void linearMagnitudes(Weight w, Tensor x, Tensor z) {
        require(x.columns() == w.in() && is(z, x.rows(), w.out()), "linearMagnitudes", w, x, z);
    }

    /** Shapes of {@link Backend#linearMagnitudesBackward}. */
    public static void linearMagnitudesBackward(Weight w, Tensor x, Tensor dz, Tensor dx) {
        require(dz.columns() == w.out() && is(dx, dz.rows(), w.in()) && same(x, dx), "linearMagnitudesBackward", w, x, dz, dx);
    }

    /** Shapes of {@link Backend#gammaRule}. */
    public static void gammaRule(Tensor z, Weight bias, Tensor gradient, Tensor magnitudes) {
        require(same(z, gradient) && same(z, magnitudes) && (bias == null || vector(bias, z.columns())), "gammaRule", z, bias, gradient,
                magnitudes);
    }

    /** Shapes of {@link Backend#rmsNorm}. */
    public static void rmsNorm(Tensor x, Tensor delta, Weight w, Tensor y, Tensor inverse) {
        require((delta == null || same(x, delta)) && vector(w, x.columns()) && same(x, y) && is(inverse, x.rows(), 1), "rmsNorm", x, delta,
                w,
                y, inverse);
    }

    /** Shapes of {@link Backend#rmsNormBackward}. */
    public static void rmsNormBackward(Tensor x, Weight w, Tensor inverse, Tensor dy, boolean detached, Tensor dx) {
        require((x == null ? detached : same(x, dy)) && vector(w, dy.columns()) && is(inverse, dy.rows(), 1) && same(dy, dx),
                "rmsNormBackward", x, w, inverse, dy, dx);
    }

    /** Shapes of {@link Backend#reshape}. */
    public static void reshape(Tensor tensor, int rows, int columns) {
        require(rows >= 0 && columns >= 0 && (long) rows * columns == tensor.elements(), "reshape", tensor, rows + " × " + columns);
    }

    /** Shapes of {@link Backend#layerNorm}. */
    public static void layerNorm(Tensor x, Tensor delta, Weight w, Weight bias, Tensor y, Tensor inverse) {
        require((delta == null || same(x, delta)) && vector(w, x.columns()) && (bias == null || vector(bias, x.columns())) && same(x, y)
                && is(inverse, x.rows(), 1), "layerNorm", x, delta, w, bias, y, inverse);
    }

    /** Shapes of {@link Backend#layerNormBackward}. */
    public static void layerNormBackward(Tensor x, Weight w, Tensor inverse, Tensor dy, boolean detached, Tensor dx) {
        require((x == null ? detached : same(x, dy)) && vector(w, dy.columns()) && is(inverse, dy.rows(), 1) && same(dy, dx),
                "layerNormBackward", x, w, inverse, dy, dx);
    }

    /** Shapes of {@link Backend#rope}. */
    public static void rope(Tensor x, int headDim, int[] positions, Tensor cos, Tensor sin) {
        require(headDim > 0 && x.columns() % headDim == 0 && 2 * cos.columns() <= headDim && same(cos, sin)
                && positions.length == x.rows(), "rope", x, "head dim " + headDim, positions.length + " positions", cos, sin);
        requireIndices("rope", "position", positions, cos.rows());
    }

    /** Shapes of {@link Backend#attention}. */
    public static void attention(Tensor q, Tensor k, Tensor v, AttentionShape shape, Segments queries, KeyRanges keys, Tensor out,
            Tensor logSumExp) {
        int kvWidth = shape.kvHeads() * shape.headDim();
        require(is(q, queries.rows(), shape.heads() * shape.headDim()) && k.columns() == kvWidth && v.columns() == kvWidth && same(q, out)
                && is(logSumExp, q.rows(), shape.heads()), "attention", shape, queries, q, k, v, out, logSumExp);
        require(keys.starts().length == queries.count() && keys.lengths().length == queries.count(), "attention", queries,
                keys.starts().length + " key ranges");
        for (int b = 0; b < queries.count(); b++)
            require(keys.starts()[b] >= 0 && keys.lengths()[b] >= queries.length(b)
                    && keys.starts()[b] + keys.lengths()[b] <= Math.min(k.rows(), v.rows()), "attention",
                    "sequence " + b + ": " + keys.lengths()[b] + " keys from row " + keys.starts()[b] + " for " + queries.length(b)
                            + " queries",
                    k, v);
    }

    /** Shapes of {@link Backend#attentionBackward}. */
    public static void attentionBackward(Tensor q, Tensor k, Tensor v, Tensor out, Tensor logSumExp, Tensor dOut, AttentionShape shape,
            Segments segments, Tensor dq, Tensor dk, Tensor dv) {
        attention(q, k, v, shape, segments, KeyRanges.same(segments), out, logSumExp);
        require(same(dOut, out) && same(dq, q) && same(dk, k) && same(dv, v), "attentionBackward", q, k, v, dOut, dq, dk, dv);
    }

    /** Shapes of {@link Backend#attentionProbabilities}. */
    public static void attentionProbabilities(Tensor q, Tensor k, Tensor logSumExp, AttentionShape shape, Segments segments, int b,
            Tensor out) {
        require(is(q, segments.rows(), shape.heads() * shape.headDim()) && is(k, segments.rows(), shape.kvHeads() * shape.headDim())
                && is(logSumExp, segments.rows(), shape.heads())
                && is(out, shape.heads() * segments.length(b), segments.length(b)), "attentionProbabilities", shape, segments,
                "sequence " + b, q, k, logSumExp, out);
    }

    /** Shapes of {@link Backend#activation}; of its backward with the two gradients in the place of {@code act}. */
    public static void activation(Tensor x, Segments segments, UnitEdits edits, Tensor... act) {
        for (Tensor other : act)
            require(same(x, other) && x.rows() == segments.rows(), "activation", x, other, segments);
        requireEdits("activation", x, segments, edits);
    }

    /** Shapes of {@link Backend#gatedActivation}. */
    public static void gatedActivation(Tensor gate, Tensor up, Segments segments, UnitEdits actEdits, UnitEdits neuronEdits, Tensor act,
            Tensor neuron) {
        require(same(gate, up) && same(gate, neuron) && (act == null || same(gate, act)) && gate.rows() == segments.rows(),
                "gatedActivation", gate, up, act, neuron, segments);
        requireEdits("gatedActivation", gate, segments, actEdits);
        requireEdits("gatedActivation", gate, segments, neuronEdits);
    }

    /** Shapes of {@link Backend#gatedActivationBackward}. */
    public static void gatedActivationBackward(Tensor gate, Tensor up, Segments segments, UnitEdits actEdits, UnitEdits neuronEdits,
            Tensor dNeuron, Tensor dGate, Tensor dUp) {
        gatedActivation(gate, up, segments, actEdits, neuronEdits, null, dNeuron);
        require(same(gate, dGate) && same(gate, dUp), "gatedActivationBackward", gate, dGate, dUp);
    }

    /** Shapes of {@link Backend#targetLogits}. */
    public static void targetLogits(Weight head, Tensor h, int[] rows, int[] tokens) {
        require(head.in() == h.columns() && rows.length == tokens.length, "targetLogits", head, h, rows.length + " rows",
                tokens.length + " tokens");
        requireIndices("targetLogits", "row", rows, h.rows());
        requireIndices("targetLogits", "token", tokens, head.out());
    }

    /** Shapes of {@link Backend#tokenLogprobs}; {@code perRow} are the lengths of the arrays with one element a row. */
    public static void rowTokens(String op, Tensor logits, int[] tokens, int... perRow) {
        require(logits.columns() > 0 && tokens.length == logits.rows() && Arrays.stream(perRow).allMatch(n -> n == logits.rows()), op,
                logits,
                tokens.length + " tokens", Arrays.toString(perRow));
        requireIndices(op, "token", tokens, logits.columns());
    }

    /** Shapes of {@link Backend#segmentDot}. */
    public static void segmentDot(Tensor z, Tensor delta, Segments segments, Tensor out) {
        require(same(z, delta), "segmentDot", z, delta);
        segmentReduce(z, segments, out);
    }

    /** Shapes of {@link Backend#segmentWeightedSum}. */
    public static void segmentWeightedSum(Tensor s, Tensor delta, Segments segments, Tensor out) {
        require(is(s, delta.rows(), 1), "segmentWeightedSum", s, delta);
        segmentReduce(delta, segments, out);
    }

    /** Shapes of {@link Backend#segmentReduce}. */
    public static void segmentReduce(Tensor x, Segments segments, Tensor out) {
        require(x.rows() == segments.rows() && is(out, segments.count(), x.columns()), "a reduction over segments", x, segments, out);
    }

    /** Shapes of {@link Backend#rowSums}. */
    public static void rowSums(Tensor x, Tensor out) {
        require(is(out, x.rows(), 1), "rowSums", x, out);
    }

    /** Shapes of {@link Backend#rowDots}. */
    public static void rowDots(Tensor x, Tensor y, Tensor out) {
        require(same(x, y) && is(out, x.rows(), 1), "rowDots", x, y, out);
    }
}
