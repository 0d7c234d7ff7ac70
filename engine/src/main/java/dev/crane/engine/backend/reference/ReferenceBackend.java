package dev.crane.engine.backend.reference;

import java.util.Arrays;

import dev.crane.engine.backend.Activation;
import dev.crane.engine.backend.AttentionShape;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.KeyRanges;
import dev.crane.engine.backend.OpShapes;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.backend.UnitEdits;
import dev.crane.engine.backend.Weight;
import dev.crane.engine.backend.host.HostTensor;
import dev.crane.engine.backend.host.HostWeight;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.tensor.StoredTensor;

/** Plain scalar Java on one thread. New tensors are full of NaN, so that reading what nobody wrote shows. */
public final class ReferenceBackend implements Backend {
    private long allocated;
    private long peak;

    /** A backend with nothing allocated. */
    public ReferenceBackend() {
    }

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public String description() {
        return "scalar Java, one thread";
    }

    @Override
    public Weight weight(StoredTensor stored) {
        return new HostWeight(stored);
    }

    @Override
    public Tensor allocate(int rows, int columns) {
        float[] data = new float[Math.multiplyExact(rows, columns)];
        Arrays.fill(data, Float.NaN);
        allocated += (long) data.length * Float.BYTES;
        peak = Math.max(peak, allocated);
        return new HostTensor(data, rows, columns);
    }

    @Override
    public void release(Tensor tensor) {
        float[] data = ((HostTensor) tensor).detach();
        Arrays.fill(data, Float.NaN);
        allocated -= (long) data.length * Float.BYTES;
    }

    @Override
    public Tensor upload(float[] values, int rows, int columns) {
        if (values.length != Math.multiplyExact(rows, columns))
            throw new IllegalArgumentException(values.length + " values for " + rows + " × " + columns);
        Tensor tensor = allocate(rows, columns);
        System.arraycopy(values, 0, data(tensor), 0, values.length);
        return tensor;
    }

    @Override
    public float[] download(Tensor tensor) {
        return Arrays.copyOf(data(tensor), tensor.elements());
    }

    @Override
    public long allocatedBytes() {
        return allocated;
    }

    @Override
    public Tensor reshape(Tensor tensor, int rows, int columns) {
        OpShapes.reshape(tensor, rows, columns);
        return new HostTensor(data(tensor), rows, columns);
    }

    @Override
    public long takePeakBytes() {
        long taken = peak;
        peak = allocated;
        return taken;
    }

    @Override
    public void close() {
    }

    private static HostTensor host(Tensor tensor) {
        return (HostTensor) tensor;
    }

    private static float[] data(Tensor tensor) {
        return host(tensor).data();
    }

    private static HostWeight host(Weight weight) {
        return (HostWeight) weight;
    }

    // ---- embedding, rows ----

    @Override
    public void embed(Weight table, int[] ids, float scale, Tensor out) {
        OpShapes.embed(table, ids, out);
        Rows.embed(host(table), ids, scale, host(out));
    }

    @Override
    public void copyRows(Tensor source, int sourceRow, Tensor target, int targetRow, int count) {
        OpShapes.copyRows(source, sourceRow, target, targetRow, count);
        System.arraycopy(data(source), sourceRow * source.columns(), data(target), targetRow * target.columns(), count * source.columns());
    }

    @Override
    public void gatherRows(Tensor x, int[] rows, Tensor out) {
        OpShapes.gatherRows(x, rows, out);
        Rows.gather(host(x), rows, host(out));
    }

    @Override
    public void add(Tensor x, Tensor delta) {
        OpShapes.add(x, delta);
        for (int i = 0; i < x.elements(); i++)
            data(x)[i] += data(delta)[i];
    }

    @Override
    public void fill(Tensor x, float value) {
        Arrays.fill(data(x), 0, x.elements(), value);
    }

    @Override
    public void edit(Tensor x, Segments segments, UnitEdits edits) {
        OpShapes.edit(x, segments, edits);
        Edits.apply(host(x), segments, edits);
    }

    @Override
    public void editBackward(Tensor gradient, Tensor edited, Segments segments, UnitEdits edits) {
        OpShapes.editBackward(gradient, edited, segments, edits);
        Edits.backward(host(gradient), host(edited), segments, edits);
    }

    @Override
    public int firstNonFinite(Tensor x) {
        for (int i = 0; i < x.elements(); i++)
            if (!Float.isFinite(data(x)[i]))
                return i / x.columns();
        return -1;
    }

    // ---- linear, norm, rotation ----

    @Override
    public void linear(Weight w, Weight bias, Tensor x, Tensor z) {
        OpShapes.linear(w, bias, x, z);
        Linear.forward(host(w), host(bias), host(x), host(z));
    }

    @Override
    public void linearBackwardInput(Weight w, Tensor dz, Tensor dx, boolean accumulate) {
        OpShapes.linearBackwardInput(w, dz, dx);
        Linear.backwardInput(host(w), host(dz), host(dx), accumulate);
    }

    @Override
    public void linearRule(Tensor z, Rule rule, Tensor gradient) {
        OpShapes.linearRule(z, gradient);
        float[] values = host(z).data();
        float[] gradients = host(gradient).data();
        for (int i = 0; i < z.elements(); i++)
            gradients[i] = rule.linear(values[i], gradients[i]);
    }

    @Override
    public void linearMagnitudes(Weight w, Tensor x, Tensor z) {
        OpShapes.linearMagnitudes(w, x, z);
        Linear.magnitudes(host(w), host(x), host(z));
    }

    @Override
    public void linearMagnitudesBackward(Weight w, Tensor x, Tensor dz, Tensor dx) {
        OpShapes.linearMagnitudesBackward(w, x, dz, dx);
        Linear.magnitudesBackward(host(w), host(x), host(dz), host(dx));
    }

    @Override
    public void gammaRule(Tensor z, Weight bias, float gamma, Tensor gradient, Tensor magnitudes) {
        OpShapes.gammaRule(z, bias, gradient, magnitudes);
        Linear.gammaRule(host(z), host(bias), gamma, host(gradient), host(magnitudes));
    }

    @Override
    public void rmsNorm(Tensor x, Tensor delta, Weight w, float weightOffset, float eps, Tensor y, Tensor inverse) {
        OpShapes.rmsNorm(x, delta, w, y, inverse);
        RmsNorm.forward(host(x), host(delta), host(w), weightOffset, eps, host(y), host(inverse));
    }

    @Override
    public void rmsNormBackward(Tensor x, Weight w, float weightOffset, Tensor inverse, Tensor dy, Rule rule, Tensor dx) {
        OpShapes.rmsNormBackward(x, w, inverse, dy, !rule.normReadsInput(), dx);
        RmsNorm.backward(host(x), host(w), weightOffset, host(inverse), host(dy), rule, host(dx));
    }

    @Override
    public void layerNorm(Tensor x, Tensor delta, Weight w, Weight bias, float eps, Tensor y, Tensor inverse) {
        OpShapes.layerNorm(x, delta, w, bias, y, inverse);
        LayerNorm.forward(host(x), host(delta), host(w), host(bias), eps, host(y), host(inverse));
    }

    @Override
    public void layerNormBackward(Tensor x, Weight w, Tensor inverse, Tensor dy, Rule rule, Tensor dx) {
        OpShapes.layerNormBackward(x, w, inverse, dy, !rule.normReadsInput(), dx);
        LayerNorm.backward(host(x), host(w), host(inverse), host(dy), rule, host(dx));
    }

    @Override
    public void rope(Tensor x, int headDim, int[] positions, Tensor cos, Tensor sin, boolean inverse) {
        OpShapes.rope(x, headDim, positions, cos, sin);
        Rotation.rotate(host(x), headDim, positions, host(cos), host(sin), inverse);
    }

    // ---- attention ----

    @Override
    public void attention(Tensor q, Tensor k, Tensor v, AttentionShape shape, Segments queries, KeyRanges keys, Tensor out,
            Tensor logSumExp) {
        OpShapes.attention(q, k, v, shape, queries, keys, out, logSumExp);
        Attention.forward(host(q), host(k), host(v), shape, queries, keys, host(out), host(logSumExp));
    }

    @Override
    public void attentionBackward(Tensor q, Tensor k, Tensor v, Tensor out, Tensor logSumExp, Tensor dOut, AttentionShape shape,
            Segments segments, Rule rule, Tensor dq, Tensor dk, Tensor dv) {
        OpShapes.attentionBackward(q, k, v, out, logSumExp, dOut, shape, segments, dq, dk, dv);
        Attention.backward(host(q), host(k), host(v), host(out), host(logSumExp), host(dOut), shape, segments, rule, host(dq), host(dk),
                host(dv));
    }

    @Override
    public void attentionProbabilities(Tensor q, Tensor k, Tensor logSumExp, AttentionShape shape, Segments segments, int b, Tensor out) {
        OpShapes.attentionProbabilities(q, k, logSumExp, shape, segments, b, out);
        Attention.probabilities(host(q), host(k), host(logSumExp), shape, segments, b, host(out));
    }

    // ---- activation ----

    @Override
    public void activation(Tensor x, Activation activation, Segments segments, UnitEdits edits, Tensor act) {
        OpShapes.activation(x, segments, edits, act);
        PlainActivation.forward(host(x), activation, segments, edits, host(act));
    }

    @Override
    public void activationBackward(Tensor x, Activation activation, Segments segments, UnitEdits edits, Rule rule, Tensor dAct, Tensor dx) {
        OpShapes.activation(x, segments, edits, dAct, dx);
        PlainActivation.backward(host(x), activation, segments, edits, rule, host(dAct), host(dx));
    }

    // ---- gated activation ----

    @Override
    public void gatedActivation(Tensor gate, Tensor up, Activation activation, Segments segments, UnitEdits actEdits,
            UnitEdits neuronEdits, Tensor act, Tensor neuron) {
        OpShapes.gatedActivation(gate, up, segments, actEdits, neuronEdits, act, neuron);
        GatedActivation.forward(host(gate), host(up), activation, segments, actEdits, neuronEdits, host(act), host(neuron));
    }

    @Override
    public void gatedActivationBackward(Tensor gate, Tensor up, Activation activation, Segments segments, UnitEdits actEdits,
            UnitEdits neuronEdits, Rule rule, Tensor dNeuron, Tensor dGate, Tensor dUp) {
        OpShapes.gatedActivationBackward(gate, up, segments, actEdits, neuronEdits, dNeuron, dGate, dUp);
        GatedActivation.backward(host(gate), host(up), activation, segments, actEdits, neuronEdits, rule, host(dNeuron), host(dGate),
                host(dUp));
    }

    // ---- targets ----

    @Override
    public float[] targetLogits(Weight head, Tensor h, int[] rows, int[] tokens) {
        OpShapes.targetLogits(head, h, rows, tokens);
        return Rows.targetLogits(host(head), host(h), rows, tokens);
    }

    @Override
    public void targetLogitsBackward(Weight head, int[] rows, int[] tokens, float[] coefficients, Tensor dh) {
        OpShapes.targetLogits(head, dh, rows, tokens);
        Rows.targetLogitsBackward(host(head), rows, tokens, coefficients, host(dh));
    }

    @Override
    public void tokenLogprobs(Tensor logits, int[] tokens, float[] logprobs, int[] greedy) {
        OpShapes.rowTokens("tokenLogprobs", logits, tokens, logprobs.length, greedy.length);
        Logprobs.forward(host(logits), tokens, logprobs, greedy);
    }

    @Override
    public void logprobBackward(Tensor logits, int[] tokens, float[] coefficients) {
        OpShapes.rowTokens("logprobBackward", logits, tokens, coefficients.length);
        Logprobs.backward(host(logits), tokens, coefficients);
    }

    @Override
    public void softcap(Tensor x, float cap) {
        Logprobs.softcap(host(x), cap);
    }

    // ---- reductions ----

    @Override
    public void segmentDot(Tensor z, Tensor delta, Segments segments, Tensor out) {
        OpShapes.segmentDot(z, delta, segments, out);
        Reductions.dot(host(z), host(delta), segments, host(out));
    }

    @Override
    public void segmentWeightedSum(Tensor s, Tensor delta, Segments segments, Tensor out) {
        OpShapes.segmentWeightedSum(s, delta, segments, out);
        Reductions.weightedSum(host(s), host(delta), segments, host(out));
    }

    @Override
    public void segmentReduce(Tensor x, Segments segments, Reduction reduction, Tensor out) {
        OpShapes.segmentReduce(x, segments, out);
        Reductions.reduce(host(x), segments, reduction, host(out));
    }

    @Override
    public void rowSums(Tensor x, Tensor out) {
        OpShapes.rowSums(x, out);
        Reductions.rowSums(host(x), host(out));
    }

    @Override
    public void rowDots(Tensor x, Tensor y, Tensor out) {
        OpShapes.rowDots(x, y, out);
        Reductions.rowDots(host(x), host(y), host(out));
    }
}
