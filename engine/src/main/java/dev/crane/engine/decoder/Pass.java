package dev.crane.engine.decoder;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntSupplier;
import java.util.stream.IntStream;

import dev.crane.engine.NonFiniteException;
import dev.crane.engine.backend.AttentionShape;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.backend.UnitEdits;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;

/**
 * One run over a packed batch: its tokens, what is changed, read and kept at the hook points on the way, and the tensors it holds. Closing it gives
 * back all of them.
 */
final class Pass implements AutoCloseable {
    final PackedBatch batch;
    final Segments segments;
    /** How the rows fall into runs of one edit each: what ops that apply edits take. */
    final Segments runs;
    final Workspace tensors;
    /** The tokens before those of this pass, or null where it begins with the first ones. */
    final EarlierTokens earlier;
    final Keep keep;
    /** For the final norm's backward: its input and 1/σ; null unless kept. */
    Tensor finalInput;
    Tensor finalInverse;
    /** 1/σ of the norm of the embedding; null unless kept. */
    Tensor embeddingInverse;

    private final Backend backend;
    private final PassEdits edits;
    private final CaptureSheet captures;
    private final List<LayerActivations> layers;
    private final boolean again;
    private final boolean tracing;
    private final List<Check> checks = new ArrayList<>();

    /** Where a value that is not finite was looked for; the row is −1 if there is none. */
    private record Check(IntSupplier row, HookPoint point, boolean backward) {}

    /** @param earlier the tokens before those of the batch, or null */
    Pass(DecoderSpec spec, Backend backend, PackedBatch batch, PassEdits edits, CaptureSheet captures, Keep keep,
            EarlierTokens earlier) {
        this(backend, batch, new Workspace(backend), edits, captures, keep, activations(spec.layers()), earlier, false, false);
    }

    private Pass(Backend backend, PackedBatch batch, Workspace tensors, PassEdits edits, CaptureSheet captures, Keep keep,
            List<LayerActivations> layers, EarlierTokens earlier, boolean again, boolean tracing) {
        this.backend = backend;
        this.batch = batch;
        this.segments = batch.segments();
        this.tensors = tensors;
        this.edits = edits;
        this.runs = edits.runs();
        this.captures = captures;
        this.keep = keep;
        this.layers = layers;
        this.earlier = earlier;
        this.again = again;
        this.tracing = tracing;
    }

    /** Runs single layers of this pass again from their checkpoints, keeping what backward needs; shares this pass's tensors. */
    Pass again(Keep whole) {
        return new Pass(backend, batch, tensors, edits, captures, whole, activations(layers.size()), null, true, false);
    }

    /** The same pass over sequence b alone, which stops at the first hook point with a value that is not finite. */
    Pass tracing(int b) {
        int from = segments.start(b);
        int[] ids = Arrays.copyOfRange(batch.ids(), from, from + segments.length(b));
        return new Pass(backend, PackedBatch.of(List.of(ids)), new Workspace(backend), edits.alone(b, segments),
                new CaptureSheet(backend, List.of()), Keep.NOTHING, activations(layers.size()), null, false, true);
    }

    /** Number of tokens N. */
    int tokens() {
        return batch.tokens();
    }

    /** Position of each sequence's first token. */
    int[] past() {
        return earlier == null ? new int[segments.count()] : earlier.past();
    }

    /** What is kept of a layer. */
    LayerActivations layer(int layer) {
        return layers.get(layer);
    }

    /** The edits at a point, or null. */
    UnitEdits edits(Site site, int layer) {
        return edits.at().get(point(site, layer));
    }

    /** Whether a tensor that the pass itself does not need is wanted at a point. */
    boolean wants(Site site, int layer) {
        return tracing || captures.wants(point(site, layer));
    }

    /** The hook points that the residual stream passes on entering a layer; {@code layers} stands for the end. A layer run again starts behind them. */
    List<HookPoint> entry(int layer) {
        List<HookPoint> points = new ArrayList<>();
        if (!again && layer > 0)
            points.add(new HookPoint(Site.RESID_POST, layer - 1));
        if (layer < layers.size())
            points.add(new HookPoint(Site.RESID_PRE, layer));
        return points;
    }

    /** Whether the stream is changed at one of these points. */
    boolean changesStream(List<HookPoint> points) {
        return points.stream().anyMatch(point -> edits.at().containsKey(point) && !(again && point.site() == Site.RESID_PRE));
    }

    /** x has been made at a hook point: it is changed there, then read. */
    void at(Site site, int layer, Tensor x) {
        UnitEdits changes = edits(site, layer);
        if (changes != null && !(again && site == Site.RESID_PRE))
            backend.edit(x, runs, changes);
        read(site, layer, x);
    }

    /** x, changed already, is read: kept for backward, captured, checked. */
    void read(Site site, int layer, Tensor x) {
        if (keep.sites().contains(site))
            layer(layer).values.put(site, isStream(site) ? tensors.copy(x) : tensors.hold(x));
        HookPoint point = point(site, layer);
        if (tracing)
            checkFinite(point, x, false);
        if (!again)
            captures.read(point, x, segments, tensors);
    }

    /** The input of a linear layer is at hand. */
    void readInput(Site site, int layer, Tensor x) {
        if (!keep.inputSums().contains(site))
            return;
        Tensor sums = tensors.allocate(x.rows(), 1);
        backend.rowSums(x, sums);
        layer(layer).inputSums.put(site, sums);
    }

    /** Attention probabilities can be had from these. */
    void readProbabilities(int layer, Tensor q, Tensor k, Tensor logSumExp, AttentionShape shape) {
        HookPoint point = point(Site.ATTN_PROBS, layer);
        if (!again && captures.wants(point))
            captures.readProbabilities(point, q, k, logSumExp, shape, segments, tensors);
    }

    /** One more hold on x where the backward pass needs it, else null. */
    Tensor keepForBackward(Tensor x) {
        return keep.backward() ? tensors.hold(x) : null;
    }

    boolean isTracing() {
        return tracing;
    }

    /** Looks for a value that is not finite; {@link #settle} tells of it, so that the device need not be waited for. A layer run again was looked at before. */
    void checkFinite(HookPoint point, Tensor x, boolean backward) {
        if (again)
            return;
        checks.add(new Check(backend.firstNonFiniteLater(x), point, backward));
        if (tracing)
            settle();
    }

    /** Throws for the first value so far that is not finite. */
    void settle() {
        for (Check check : checks) {
            int row = check.row.getAsInt();
            if (row >= 0) {
                int b = segments.of(row);
                throw new NonFiniteException(b, check.point, row - segments.start(b), check.backward);
            }
        }
        checks.clear();
    }

    @Override
    public void close() {
        tensors.close();
    }

    private static boolean isStream(Site site) {
        return site == Site.RESID_PRE || site == Site.RESID_MID || site == Site.RESID_POST;
    }

    private static HookPoint point(Site site, int layer) {
        return new HookPoint(site, layer);
    }

    private static List<LayerActivations> activations(int layers) {
        return IntStream.range(0, layers).mapToObj(l -> new LayerActivations()).toList();
    }
}
