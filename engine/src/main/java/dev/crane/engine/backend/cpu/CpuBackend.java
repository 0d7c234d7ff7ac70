package dev.crane.engine.backend.cpu;

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

/**
 * The embedded backend: needs nothing but the JDK. Weights are read where they are stored; activations and what ops need to work in come from a pool of
 * arrays, and {@link #allocatedBytes} counts both.
 */
public final class CpuBackend implements Backend {
    private final CpuThreads threads;
    private final BufferPool buffers = new BufferPool();
    private final MatrixProduct product;
    private final TaskPool tasks;
    private final Attention attention;
    private final Elementwise elementwise;
    private final GatedActivation gatedActivation;
    private final LayerNorm layerNorm;
    private final Logprobs logprobs;
    private final PlainActivation plainActivation;
    private final Reductions reductions;
    private final RmsNorm rmsNorm;
    private final Rows rows;

    /** @param threads how many threads work at once, the caller included */
    public CpuBackend(int threads) {
        this.threads = new CpuThreads(threads);
        product = new MatrixProduct(this.threads);
        tasks = this.threads::run;
        attention = new Attention(tasks, buffers);
        elementwise = new Elementwise(tasks);
        gatedActivation = new GatedActivation(tasks, buffers);
        layerNorm = new LayerNorm(tasks, buffers);
        logprobs = new Logprobs(tasks, buffers);
        plainActivation = new PlainActivation(tasks, buffers);
        reductions = new Reductions(tasks);
        rmsNorm = new RmsNorm(tasks, buffers);
        rows = new Rows(tasks, buffers);
    }

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public String description() {
        int count = threads.count();
        return "CPU, " + count + (count == 1 ? " thread, " : " threads, ") + Lanes.F.vectorBitSize() + "-bit vectors";
    }

    // ---- memory ----

    @Override
    public Weight weight(StoredTensor stored) {
        return new HostWeight(stored);
    }

    @Override
    public Tensor allocate(int rows, int columns) {
        return new HostTensor(buffers.take(Math.multiplyExact(rows, columns)), rows, columns);
    }

    @Override
    public void release(Tensor tensor) {
        buffers.give(host(tensor).detach());
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
        return buffers.heldBytes();
    }

    @Override
    public Tensor reshape(Tensor tensor, int rows, int columns) {
        OpShapes.reshape(tensor, rows, columns);
        return new HostTensor(data(tensor), rows, columns);
    }

    @Override
    public long takePeakBytes() {
        return buffers.takePeak();
    }

    @Override
    public void close() {
        threads.close();
        buffers.clear();
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
        rows.embed(host(table), ids, scale, data(out));
    }

    @Override
    public void copyRows(Tensor source, int sourceRow, Tensor target, int targetRow, int count) {
        OpShapes.copyRows(source, sourceRow, target, targetRow, count);
        System.arraycopy(data(source), sourceRow * source.columns(), data(target), targetRow * target.columns(), count * source.columns());
    }

    @Override
    public void gatherRows(Tensor x, int[] rows, Tensor out) {
        OpShapes.gatherRows(x, rows, out);
        this.rows.gather(data(x), x.columns(), rows, data(out));
    }

    @Override
    public void add(Tensor x, Tensor delta) {
        OpShapes.add(x, delta);
        elementwise.add(data(x), data(delta), x.elements());
    }

    @Override
    public void fill(Tensor x, float value) {
        Arrays.fill(data(x), 0, x.elements(), value);
    }

    @Override
    public void edit(Tensor x, Segments segments, UnitEdits edits) {
        OpShapes.edit(x, segments, edits);
        RowEdits.apply(tasks, data(x), x.columns(), segments, edits);
    }

    @Override
    public void editBackward(Tensor gradient, Tensor edited, Segments segments, UnitEdits edits) {
        OpShapes.editBackward(gradient, edited, segments, edits);
        RowEdits.backward(tasks, data(gradient), data(edited), gradient.columns(), segments, edits);
    }

    @Override
    public int firstNonFinite(Tensor x) {
        return elementwise.firstNonFinite(data(x), x.rows(), x.columns());
    }

    // ---- linear, norm, rotation ----

    @Override
    public void linear(Weight w, Weight bias, Tensor x, Tensor z) {
        OpShapes.linear(w, bias, x, z);
        product.linear(host(w).stored(), bias == null ? null : host(bias).vector(), x.rows(), data(x), 0, x.columns(), data(z), 0,
                z.columns());
    }

    @Override
    public void linearBackwardInput(Weight w, Tensor dz, Tensor dx, boolean accumulate) {
        OpShapes.linearBackwardInput(w, dz, dx);
        product.linearBackwardInput(host(w).stored(), dz.rows(), data(dz), 0, dz.columns(), data(dx), 0, dx.columns(), accumulate);
    }

    @Override
    public void linearRule(Tensor z, Rule rule, Tensor gradient) {
        OpShapes.linearRule(z, gradient);
        elementwise.linear(rule, data(z), data(gradient), z.elements());
    }

    @Override
    public void linearMagnitudes(Weight w, Tensor x, Tensor z) {
        OpShapes.linearMagnitudes(w, x, z);
        float[] magnitudes = buffers.take(x.elements());
        elementwise.absolute(data(x), magnitudes, x.elements());
        product.linearMagnitudes(host(w).stored(), x.rows(), magnitudes, x.columns(), data(z), z.columns());
        buffers.give(magnitudes);
    }

    @Override
    public void linearMagnitudesBackward(Weight w, Tensor x, Tensor dz, Tensor dx) {
        OpShapes.linearMagnitudesBackward(w, x, dz, dx);
        float[] unsigned = buffers.take(dx.elements());
        product.linearMagnitudesBackward(host(w).stored(), dz.rows(), data(dz), dz.columns(), unsigned, dx.columns());
        elementwise.addSigned(data(x), unsigned, data(dx), dx.elements());
        buffers.give(unsigned);
    }

    @Override
    public void gammaRule(Tensor z, Weight bias, float gamma, Tensor gradient, Tensor magnitudes) {
        OpShapes.gammaRule(z, bias, gradient, magnitudes);
        elementwise.gamma(data(z), z.rows(), z.columns(), bias == null ? null : host(bias).vector(), gamma, data(gradient),
                data(magnitudes));
    }

    @Override
    public void rmsNorm(Tensor x, Tensor delta, Weight w, float weightOffset, float eps, Tensor y, Tensor inverse) {
        OpShapes.rmsNorm(x, delta, w, y, inverse);
        rmsNorm.forward(data(x), delta == null ? null : data(delta), x.rows(), x.columns(), host(w).vector(), weightOffset, eps, data(y),
                data(inverse));
    }

    @Override
    public void rmsNormBackward(Tensor x, Weight w, float weightOffset, Tensor inverse, Tensor dy, Rule rule, Tensor dx) {
        OpShapes.rmsNormBackward(x, w, inverse, dy, !rule.normReadsInput(), dx);
        rmsNorm.backward(rule.normReadsInput() ? data(x) : null, dy.rows(), dy.columns(), host(w).vector(), weightOffset, data(inverse),
                data(dy), rule, data(dx));
    }

    @Override
    public void layerNorm(Tensor x, Tensor delta, Weight w, Weight bias, float eps, Tensor y, Tensor inverse) {
        OpShapes.layerNorm(x, delta, w, bias, y, inverse);
        layerNorm.forward(data(x), delta == null ? null : data(delta), x.rows(), x.columns(), host(w).vector(),
                bias == null ? null : host(bias).vector(), eps, data(y), data(inverse));
    }

    @Override
    public void layerNormBackward(Tensor x, Weight w, Tensor inverse, Tensor dy, Rule rule, Tensor dx) {
        OpShapes.layerNormBackward(x, w, inverse, dy, !rule.normReadsInput(), dx);
        layerNorm.backward(rule.normReadsInput() ? data(x) : null, dy.rows(), dy.columns(), host(w).vector(), data(inverse), data(dy), rule,
                data(dx));
    }

    @Override
    public void rope(Tensor x, int headDim, int[] positions, Tensor cos, Tensor sin, boolean inverse) {
        OpShapes.rope(x, headDim, positions, cos, sin);
        Rotation.rotate(tasks, data(x), x.rows(), x.columns(), headDim, positions, data(cos), data(sin), cos.columns(), inverse);
    }

    // ---- attention ----

    @Override
    public void attention(Tensor q, Tensor k, Tensor v, AttentionShape shape, Segments queries, KeyRanges keys, Tensor out,
            Tensor logSumExp) {
        OpShapes.attention(q, k, v, shape, queries, keys, out, logSumExp);
        attention.forward(data(q), data(k), data(v), shape, queries, keys, data(out), data(logSumExp));
    }

    @Override
    public void attentionBackward(Tensor q, Tensor k, Tensor v, Tensor out, Tensor logSumExp, Tensor dOut, AttentionShape shape,
            Segments segments, Rule rule, Tensor dq, Tensor dk, Tensor dv) {
        OpShapes.attentionBackward(q, k, v, out, logSumExp, dOut, shape, segments, dq, dk, dv);
        attention.backward(data(q), data(k), data(v), data(out), data(logSumExp), data(dOut), shape, segments, rule, data(dq), data(dk),
                data(dv));
    }

    @Override
    public void attentionProbabilities(Tensor q, Tensor k, Tensor logSumExp, AttentionShape shape, Segments segments, int b, Tensor out) {
        OpShapes.attentionProbabilities(q, k, logSumExp, shape, segments, b, out);
        attention.probabilities(data(q), data(k), data(logSumExp), shape, segments, b, data(out));
    }

    // ---- activation ----

    @Override
    public void activation(Tensor x, Activation activation, Segments segments, UnitEdits edits, Tensor act) {
        OpShapes.activation(x, segments, edits, act);
        plainActivation.forward(data(x), x.columns(), activation, segments, edits, data(act));
    }

    @Override
    public void activationBackward(Tensor x, Activation activation, Segments segments, UnitEdits edits, Rule rule, Tensor dAct, Tensor dx) {
        OpShapes.activation(x, segments, edits, dAct, dx);
        plainActivation.backward(data(x), x.columns(), activation, segments, edits, rule, data(dAct), data(dx));
    }

    // ---- gated activation ----

    @Override
    public void gatedActivation(Tensor gate, Tensor up, Activation activation, Segments segments, UnitEdits actEdits,
            UnitEdits neuronEdits, Tensor act, Tensor neuron) {
        OpShapes.gatedActivation(gate, up, segments, actEdits, neuronEdits, act, neuron);
        gatedActivation.forward(data(gate), data(up), gate.columns(), activation, segments, actEdits, neuronEdits,
                act == null ? null : data(act), data(neuron));
    }

    @Override
    public void gatedActivationBackward(Tensor gate, Tensor up, Activation activation, Segments segments, UnitEdits actEdits,
            UnitEdits neuronEdits, Rule rule, Tensor dNeuron, Tensor dGate, Tensor dUp) {
        OpShapes.gatedActivationBackward(gate, up, segments, actEdits, neuronEdits, dNeuron, dGate, dUp);
        gatedActivation.backward(data(gate), data(up), gate.columns(), activation, segments, actEdits, neuronEdits, rule, data(dNeuron),
                data(dGate), data(dUp));
    }

    // ---- targets ----

    @Override
    public float[] targetLogits(Weight head, Tensor h, int[] rows, int[] tokens) {
        OpShapes.targetLogits(head, h, rows, tokens);
        return this.rows.targetLogits(host(head), data(h), rows, tokens);
    }

    @Override
    public void targetLogitsBackward(Weight head, int[] rows, int[] tokens, float[] coefficients, Tensor dh) {
        OpShapes.targetLogits(head, dh, rows, tokens);
        this.rows.targetLogitsBackward(host(head), rows, tokens, coefficients, data(dh), dh.rows());
    }

    @Override
    public void tokenLogprobs(Tensor logits, int[] tokens, float[] logprobs, int[] greedy) {
        OpShapes.rowTokens("tokenLogprobs", logits, tokens, logprobs.length, greedy.length);
        this.logprobs.forward(data(logits), logits.rows(), logits.columns(), tokens, logprobs, greedy);
    }

    @Override
    public void logprobBackward(Tensor logits, int[] tokens, float[] coefficients) {
        OpShapes.rowTokens("logprobBackward", logits, tokens, coefficients.length);
        logprobs.backward(data(logits), logits.rows(), logits.columns(), tokens, coefficients);
    }

    @Override
    public void softcap(Tensor x, float cap) {
        elementwise.softcap(data(x), x.elements(), cap);
    }

    // ---- reductions ----

    @Override
    public void segmentDot(Tensor z, Tensor delta, Segments segments, Tensor out) {
        OpShapes.segmentDot(z, delta, segments, out);
        reductions.dot(data(z), data(delta), z.columns(), segments, data(out));
    }

    @Override
    public void segmentWeightedSum(Tensor s, Tensor delta, Segments segments, Tensor out) {
        OpShapes.segmentWeightedSum(s, delta, segments, out);
        reductions.weightedSum(data(s), data(delta), delta.columns(), segments, data(out));
    }

    @Override
    public void segmentReduce(Tensor x, Segments segments, Reduction reduction, Tensor out) {
        OpShapes.segmentReduce(x, segments, out);
        reductions.reduce(data(x), x.columns(), segments, reduction, data(out));
    }

    @Override
    public void rowSums(Tensor x, Tensor out) {
        OpShapes.rowSums(x, out);
        reductions.rowSums(data(x), x.rows(), x.columns(), data(out));
    }

    @Override
    public void rowDots(Tensor x, Tensor y, Tensor out) {
        OpShapes.rowDots(x, y, out);
        reductions.rowDots(data(x), data(y), x.rows(), x.columns(), data(out));
    }
}
