package dev.crane.engine.profile;

import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

import dev.crane.engine.backend.Activation;
import dev.crane.engine.backend.AttentionShape;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.KeyRanges;
import dev.crane.engine.backend.OpTimer;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.backend.UnitEdits;
import dev.crane.engine.backend.Weight;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.tensor.StoredTensor;

/**
 * Another backend with every op timed and its {@link Work} counted. It computes nothing itself, so results have the same bits. What the values of a tensor
 * cost on their way to or from the host is counted as the ops {@code upload} and {@code download}; making weights ready is not.
 */
public final class ProfilingBackend implements Backend {
    private final Backend inner;
    private final OpTimer timer;
    private final OpLog log;
    private final Consumer<OpLog> atEnd;
    private String site = "";
    private int layer = -1;

    /**
     * @param inner what computes; closed with this
     * @param atEnd is given what was seen when this and {@code inner} are closed
     */
    public ProfilingBackend(Backend inner, Consumer<OpLog> atEnd) {
        this.inner = inner;
        this.atEnd = atEnd;
        timer = inner.timer();
        log = new OpLog(inner.description());
    }

    /** What was seen so far. */
    public OpLog log() {
        timer.settle();
        return log;
    }

    private void timed(String op, Runnable call, Supplier<Work> work) {
        timed(op, () -> {
            call.run();
            return null;
        }, nothing -> work.get());
    }

    /** What the op is costs the profile, not the op: the work is counted when it is over. */
    private <T> T timed(String op, Supplier<T> call, WorkOf<T> work) {
        String at = site;
        int in = layer;
        timer.begin(in < 0 ? at + " " + op : in + " " + at + " " + op);
        T result = call.get();
        timer.end();
        Work done = work.of(result);
        timer.tell(timing -> log.add(new OpRun(op, at, in, done, timing)));
        return result;
    }

    private interface WorkOf<T> {
        Work of(T result);
    }

    @Override
    public void close() {
        try {
            timer.close();
        } finally {
            inner.close();
        }
        atEnd.accept(log);
    }

    @Override
    public OpTimer timer() {
        return inner.timer();
    }

    @Override
    public void enter(String site, int layer) {
        this.site = site;
        this.layer = layer;
        inner.enter(site, layer);
    }

    // ---- what is handed on as it is ----

    @Override
    public String name() {
        return inner.name();
    }

    @Override
    public String description() {
        return inner.description();
    }

    @Override
    public Weight weight(StoredTensor stored) {
        return inner.weight(stored);
    }

    @Override
    public Tensor allocate(int rows, int columns) {
        return inner.allocate(rows, columns);
    }

    @Override
    public Tensor allocateF32(int rows, int columns) {
        return inner.allocateF32(rows, columns);
    }

    @Override
    public void release(Tensor tensor) {
        inner.release(tensor);
    }

    @Override
    public long allocatedBytes() {
        return inner.allocatedBytes();
    }

    @Override
    public Tensor reshape(Tensor tensor, int rows, int columns) {
        return inner.reshape(tensor, rows, columns);
    }

    @Override
    public long takePeakBytes() {
        return inner.takePeakBytes();
    }

    @Override
    public OptionalLong activationBytes() {
        return inner.activationBytes();
    }

    @Override
    public RuntimeException explained(RuntimeException failure) {
        return inner.explained(failure);
    }

    // ---- ops ----

    @Override
    public Tensor upload(float[] values, int rows, int columns) {
        return timed("upload", () -> inner.upload(values, rows, columns), OpWork::transfer);
    }

    @Override
    public float[] download(Tensor tensor) {
        return timed("download", () -> inner.download(tensor), values -> OpWork.transfer(tensor));
    }

    @Override
    public Supplier<float[]> downloadLater(Tensor tensor) {
        return timed("download", () -> inner.downloadLater(tensor), later -> OpWork.transfer(tensor));
    }

    @Override
    public void embed(Weight table, int[] ids, float scale, Tensor out) {
        timed("embed", () -> inner.embed(table, ids, scale, out), () -> OpWork.embed(table, ids, out));
    }

    @Override
    public void copyRows(Tensor source, int sourceRow, Tensor target, int targetRow, int count) {
        timed("copyRows", () -> inner.copyRows(source, sourceRow, target, targetRow, count), () -> OpWork.copyRows(source, target, count));
    }

    @Override
    public void gatherRows(Tensor x, int[] rows, Tensor out) {
        timed("gatherRows", () -> inner.gatherRows(x, rows, out), () -> OpWork.gatherRows(x, rows, out));
    }

    @Override
    public void add(Tensor x, Tensor delta) {
        timed("add", () -> inner.add(x, delta), () -> OpWork.add(x, delta));
    }

    @Override
    public void fill(Tensor x, float value) {
        timed("fill", () -> inner.fill(x, value), () -> OpWork.fill(x));
    }

    @Override
    public void edit(Tensor x, Segments segments, UnitEdits edits) {
        timed("edit", () -> inner.edit(x, segments, edits), () -> OpWork.edit(x, segments, edits));
    }

    @Override
    public void editBackward(Tensor gradient, Tensor edited, Segments segments, UnitEdits edits) {
        timed("editBackward", () -> inner.editBackward(gradient, edited, segments, edits),
                () -> OpWork.editBackward(gradient, edited, segments, edits));
    }

    @Override
    public int firstNonFinite(Tensor x) {
        return timed("firstNonFinite", () -> inner.firstNonFinite(x), row -> OpWork.firstNonFinite(x));
    }

    @Override
    public IntSupplier firstNonFiniteLater(Tensor x) {
        return timed("firstNonFinite", () -> inner.firstNonFiniteLater(x), later -> OpWork.firstNonFinite(x));
    }

    @Override
    public void linear(Weight w, Weight bias, Tensor x, Tensor z) {
        timed("linear", () -> inner.linear(w, bias, x, z), () -> OpWork.linear(w, bias, x, z));
    }

    @Override
    public void linearBackwardInput(Weight w, Tensor dz, Tensor dx, boolean accumulate) {
        timed("linearBackwardInput", () -> inner.linearBackwardInput(w, dz, dx, accumulate),
                () -> OpWork.linearBackwardInput(w, dz, dx, accumulate));
    }

    @Override
    public void linearRule(Tensor z, Rule rule, Tensor gradient) {
        timed("linearRule", () -> inner.linearRule(z, rule, gradient), () -> OpWork.linearRule(z, gradient));
    }

    @Override
    public void linearMagnitudes(Weight w, Tensor x, Tensor z) {
        timed("linearMagnitudes", () -> inner.linearMagnitudes(w, x, z), () -> OpWork.linearMagnitudes(w, x, z));
    }

    @Override
    public void linearMagnitudesBackward(Weight w, Tensor x, Tensor dz, Tensor dx) {
        timed("linearMagnitudesBackward", () -> inner.linearMagnitudesBackward(w, x, dz, dx),
                () -> OpWork.linearMagnitudesBackward(w, x, dz, dx));
    }

    @Override
    public void gammaRule(Tensor z, Weight bias, float gamma, Tensor gradient, Tensor magnitudes) {
        timed("gammaRule", () -> inner.gammaRule(z, bias, gamma, gradient, magnitudes),
                () -> OpWork.gammaRule(z, bias, gradient, magnitudes));
    }

    @Override
    public void rmsNorm(Tensor x, Tensor delta, Weight w, float weightOffset, float eps, Tensor y, Tensor inverse) {
        timed("rmsNorm", () -> inner.rmsNorm(x, delta, w, weightOffset, eps, y, inverse), () -> OpWork.rmsNorm(x, delta, w, y, inverse));
    }

    @Override
    public void rmsNormBackward(Tensor x, Weight w, float weightOffset, Tensor inverse, Tensor dy, Rule rule, Tensor dx) {
        timed("rmsNormBackward", () -> inner.rmsNormBackward(x, w, weightOffset, inverse, dy, rule, dx),
                () -> OpWork.rmsNormBackward(x, w, inverse, dy, rule, dx));
    }

    @Override
    public void layerNorm(Tensor x, Tensor delta, Weight w, Weight bias, float eps, Tensor y, Tensor inverse) {
        timed("layerNorm", () -> inner.layerNorm(x, delta, w, bias, eps, y, inverse),
                () -> OpWork.layerNorm(x, delta, w, bias, y, inverse));
    }

    @Override
    public void layerNormBackward(Tensor x, Weight w, Tensor inverse, Tensor dy, Rule rule, Tensor dx) {
        timed("layerNormBackward", () -> inner.layerNormBackward(x, w, inverse, dy, rule, dx),
                () -> OpWork.layerNormBackward(x, w, inverse, dy, rule, dx));
    }

    @Override
    public void rope(Tensor x, int headDim, int[] positions, Tensor cos, Tensor sin, boolean inverse) {
        timed("rope", () -> inner.rope(x, headDim, positions, cos, sin, inverse), () -> OpWork.rope(x, headDim, cos));
    }

    @Override
    public void attention(Tensor q, Tensor k, Tensor v, AttentionShape shape, Segments queries, KeyRanges keys, Tensor out,
            Tensor logSumExp) {
        timed("attention", () -> inner.attention(q, k, v, shape, queries, keys, out, logSumExp),
                () -> OpWork.attention(q, k, v, shape, queries, keys, out, logSumExp));
    }

    @Override
    public void attentionBackward(Tensor q, Tensor k, Tensor v, Tensor out, Tensor logSumExp, Tensor dOut, AttentionShape shape,
            Segments segments, Rule rule, Tensor dq, Tensor dk, Tensor dv) {
        timed("attentionBackward", () -> inner.attentionBackward(q, k, v, out, logSumExp, dOut, shape, segments, rule, dq, dk, dv),
                () -> OpWork.attentionBackward(q, k, v, out, logSumExp, dOut, shape, segments, rule, dq, dk, dv));
    }

    @Override
    public void attentionProbabilities(Tensor q, Tensor k, Tensor logSumExp, AttentionShape shape, Segments segments, int b, Tensor out) {
        timed("attentionProbabilities", () -> inner.attentionProbabilities(q, k, logSumExp, shape, segments, b, out),
                () -> OpWork.attentionProbabilities(q, k, logSumExp, shape, segments, b, out));
    }

    @Override
    public void activation(Tensor x, Activation activation, Segments segments, UnitEdits edits, Tensor act) {
        timed("activation", () -> inner.activation(x, activation, segments, edits, act), () -> OpWork.activation(x, segments, edits, act));
    }

    @Override
    public void activationBackward(Tensor x, Activation activation, Segments segments, UnitEdits edits, Rule rule, Tensor dAct, Tensor dx) {
        timed("activationBackward", () -> inner.activationBackward(x, activation, segments, edits, rule, dAct, dx),
                () -> OpWork.activationBackward(x, segments, edits, dAct, dx));
    }

    @Override
    public void gatedActivation(Tensor gate, Tensor up, Activation activation, Segments segments, UnitEdits actEdits,
            UnitEdits neuronEdits, Tensor act, Tensor neuron) {
        timed("gatedActivation", () -> inner.gatedActivation(gate, up, activation, segments, actEdits, neuronEdits, act, neuron),
                () -> OpWork.gatedActivation(gate, up, segments, actEdits, neuronEdits, act, neuron));
    }

    @Override
    public void gatedActivationBackward(Tensor gate, Tensor up, Activation activation, Segments segments, UnitEdits actEdits,
            UnitEdits neuronEdits, Rule rule, Tensor dNeuron, Tensor dGate, Tensor dUp) {
        timed("gatedActivationBackward",
                () -> inner.gatedActivationBackward(gate, up, activation, segments, actEdits, neuronEdits, rule, dNeuron, dGate, dUp),
                () -> OpWork.gatedActivationBackward(gate, up, segments, actEdits, neuronEdits, dNeuron, dGate, dUp));
    }

    @Override
    public float[] targetLogits(Weight head, Tensor h, int[] rows, int[] tokens) {
        return timed("targetLogits", () -> inner.targetLogits(head, h, rows, tokens), logits -> OpWork.targetLogits(head, h, rows));
    }

    @Override
    public void targetLogitsBackward(Weight head, int[] rows, int[] tokens, float[] coefficients, Tensor dh) {
        timed("targetLogitsBackward", () -> inner.targetLogitsBackward(head, rows, tokens, coefficients, dh),
                () -> OpWork.targetLogitsBackward(head, rows, dh));
    }

    @Override
    public void tokenLogprobs(Tensor logits, int[] tokens, float[] logprobs, int[] greedy) {
        timed("tokenLogprobs", () -> inner.tokenLogprobs(logits, tokens, logprobs, greedy), () -> OpWork.tokenLogprobs(logits));
    }

    @Override
    public void logprobBackward(Tensor logits, int[] tokens, float[] coefficients) {
        timed("logprobBackward", () -> inner.logprobBackward(logits, tokens, coefficients), () -> OpWork.logprobBackward(logits));
    }

    @Override
    public void softcap(Tensor x, float cap) {
        timed("softcap", () -> inner.softcap(x, cap), () -> OpWork.softcap(x));
    }

    @Override
    public void segmentDot(Tensor z, Tensor delta, Segments segments, Tensor out) {
        timed("segmentDot", () -> inner.segmentDot(z, delta, segments, out), () -> OpWork.segmentDot(z, delta, out));
    }

    @Override
    public void segmentWeightedSum(Tensor s, Tensor delta, Segments segments, Tensor out) {
        timed("segmentWeightedSum", () -> inner.segmentWeightedSum(s, delta, segments, out),
                () -> OpWork.segmentWeightedSum(s, delta, out));
    }

    @Override
    public void segmentReduce(Tensor x, Segments segments, Reduction reduction, Tensor out) {
        timed("segmentReduce", () -> inner.segmentReduce(x, segments, reduction, out), () -> OpWork.segmentReduce(x, reduction, out));
    }

    @Override
    public void rowSums(Tensor x, Tensor out) {
        timed("rowSums", () -> inner.rowSums(x, out), () -> OpWork.rowSums(x, out));
    }

    @Override
    public void rowDots(Tensor x, Tensor y, Tensor out) {
        timed("rowDots", () -> inner.rowDots(x, y, out), () -> OpWork.rowDots(x, y, out));
    }
}
