package dev.crane.engine.check;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

import dev.crane.engine.backend.Activation;
import dev.crane.engine.backend.AttentionShape;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.KeyRanges;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.backend.Weight;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;

/**
 * An op whose backward a rule changes, on random inputs: two sequences of 5 and 4 tokens, rows of {@link #WIDTH}.
 *
 * @param name the op
 * @param forward gives the output from the inputs
 * @param backward gives, by the name of each input, its gradient from the inputs, the forward's results and the gradient of the output
 * @param inputs for each input, a tensor [9, {@link #width}], the functions of the rule that its gradient rests on
 */
record RuleOp(String name, Forward forward, Backward backward, Map<String, String> inputs) {
    /** Values of a row: no whole number of vectors. */
    static final int WIDTH = 37;
    private static final Segments SEGMENTS = new Segments(new int[]{0, 5, 9});
    private static final int TOKENS = 9;
    private static final String OUTPUT = "output";

    /** Runs forward: the results by name, the output as {@link #OUTPUT}. */
    interface Forward {
        Map<String, Tensor> run(Backend backend, Map<String, Tensor> inputs, int width);
    }

    /** Runs backward. */
    interface Backward {
        Map<String, Tensor> run(Backend backend, Rule rule, Map<String, Tensor> values, Tensor upstream, int width);
    }

    /** Rows of this op: attention's are heads of a width. */
    int width() {
        return name.startsWith("attention") ? 32 : WIDTH;
    }

    static List<RuleOp> all() {
        List<RuleOp> ops = new ArrayList<>();
        ops.add(new RuleOp("RMS norm", (backend, in, width) -> {
            Tensor y = backend.allocate(TOKENS, width);
            Tensor inverse = backend.allocate(TOKENS, 1);
            backend.rmsNorm(in.get("x"), null, weight(backend, width), 1, 1e-6f, y, inverse);
            return results(y, "inverse", inverse);
        }, (backend, rule, v, upstream, width) -> {
            Tensor dx = zeros(backend, width);
            backend.rmsNormBackward(v.get("x"), weight(backend, width), 1, v.get("inverse"), upstream, rule, dx);
            return Map.of("x", dx);
        }, Map.of("x", "norm")));
        ops.add(new RuleOp("layer norm", (backend, in, width) -> {
            Tensor y = backend.allocate(TOKENS, width);
            Tensor inverse = backend.allocate(TOKENS, 1);
            backend.layerNorm(in.get("x"), null, weight(backend, width), null, 1e-6f, y, inverse);
            return results(y, "inverse", inverse);
        }, (backend, rule, v, upstream, width) -> {
            Tensor dx = zeros(backend, width);
            backend.layerNormBackward(v.get("x"), weight(backend, width), v.get("inverse"), upstream, rule, dx);
            return Map.of("x", dx);
        }, Map.of("x", "norm")));
        for (Activation activation : Activation.values()) {
            ops.add(new RuleOp("activation " + activation, (backend, in, width) -> {
                Tensor y = backend.allocate(TOKENS, width);
                backend.activation(in.get("x"), activation, SEGMENTS, null, y);
                return results(y, "", y);
            }, (backend, rule, v, upstream, width) -> {
                Tensor dx = backend.allocate(TOKENS, width);
                backend.activationBackward(v.get("x"), activation, SEGMENTS, null, rule, upstream, dx);
                return Map.of("x", dx);
            }, Map.of("x", "activation")));
        }
        ops.add(new RuleOp("gate × up", (backend, in, width) -> {
            Tensor y = backend.allocate(TOKENS, width);
            backend.gatedActivation(in.get("gate"), in.get("up"), Activation.SILU, SEGMENTS, null, null, null, y);
            return results(y, "", y);
        }, (backend, rule, v, upstream, width) -> {
            Tensor dGate = backend.allocate(TOKENS, width);
            Tensor dUp = backend.allocate(TOKENS, width);
            backend.gatedActivationBackward(v.get("gate"), v.get("up"), Activation.SILU, SEGMENTS, null, null, rule, upstream, dGate, dUp);
            return Map.of("gate", dGate, "up", dUp);
        }, Map.of("gate", "gate or activation", "up", "up")));
        ops.add(attention("attention", 0, ""));
        ops.add(attention("attention with softcap", 2, "softcap, "));
        return ops;
    }

    private static RuleOp attention(String name, float softcap, String more) {
        AttentionShape shape = new AttentionShape(2, 2, 16, 0.25f, softcap, 0);
        return new RuleOp(name, (backend, in, width) -> {
            Tensor out = backend.allocate(TOKENS, width);
            Tensor logSumExp = backend.allocate(TOKENS, shape.heads());
            backend.attention(in.get("query"), in.get("key"), in.get("value"), shape, SEGMENTS, KeyRanges.same(SEGMENTS), out, logSumExp);
            return results(out, "logSumExp", logSumExp);
        }, (backend, rule, v, upstream, width) -> {
            Tensor dq = backend.allocate(TOKENS, width);
            Tensor dk = backend.allocate(TOKENS, width);
            Tensor dv = backend.allocate(TOKENS, width);
            backend.attentionBackward(v.get("query"), v.get("key"), v.get("value"), v.get(OUTPUT), v.get("logSumExp"), upstream, shape,
                    SEGMENTS, rule, dq, dk, dv);
            return Map.of("query", dq, "key", dk, "value", dv);
        }, Map.of("query", more + "attention_query", "key", more + "attention_key", "value", "attention_value"));
    }

    /** The gradient of a linear layer's output as the rule changes it; its forward is the identity. */
    static RuleOp linear() {
        return new RuleOp("linear layer", (backend, in, width) -> results(in.get("x"), "", in.get("x")),
                (backend, rule, v, upstream, width) -> {
                    backend.linearRule(v.get("x"), rule, upstream);
                    return Map.of("x", upstream);
                }, Map.of("x", "linear"));
    }

    /** A whole linear layer, square and without a bias, under a rule's γ. */
    static RuleOp gamma() {
        return new RuleOp("linear layer with γ", (backend, in, width) -> {
            Tensor z = backend.allocate(TOKENS, width);
            backend.linear(matrix(backend, width), null, in.get("x"), z);
            return results(z, "", z);
        }, (backend, rule, v, upstream, width) -> {
            Weight w = matrix(backend, width);
            Tensor magnitudes = backend.allocate(TOKENS, width);
            Tensor dx = backend.allocate(TOKENS, width);
            backend.linearMagnitudes(w, v.get("x"), magnitudes);
            backend.gammaRule(v.get(OUTPUT), null, rule.gamma(), upstream, magnitudes);
            backend.linearBackwardInput(w, upstream, dx, false);
            backend.linearMagnitudesBackward(w, v.get("x"), magnitudes, dx);
            return Map.of("x", dx);
        }, Map.of("x", "gamma"));
    }

    private static Map<String, Tensor> results(Tensor output, String name, Tensor other) {
        Map<String, Tensor> results = new LinkedHashMap<>();
        results.put(OUTPUT, output);
        results.put(name, other);
        return results;
    }

    private static Tensor zeros(Backend backend, int width) {
        return backend.upload(new float[TOKENS * width], TOKENS, width);
    }

    /** Random values in [−2, 2), the first of each row 0. */
    float[] random(String of) {
        SplittableRandom random = new SplittableRandom(of.hashCode());
        float[] values = new float[TOKENS * width()];
        for (int i = 0; i < values.length; i++)
            values[i] = i % width() == 0 && !of.equals("upstream") ? 0 : (float) (4 * random.nextDouble() - 2);
        return values;
    }

    private static Weight weight(Backend backend, int width) {
        return weight(backend, 0, width);
    }

    private static Weight matrix(Backend backend, int width) {
        return weight(backend, -1, width, width);
    }

    /** Random values from {@code least} to 1. */
    private static Weight weight(Backend backend, double least, long... shape) {
        SplittableRandom random = new SplittableRandom(7);
        int count = (int) LongStream.of(shape).reduce(1, Math::multiplyExact);
        MemorySegment data = MemorySegment.ofArray(new byte[4 * count]);
        for (int i = 0; i < count; i++)
            data.set(ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 4L * i,
                    (float) (least + (1 - least) * random.nextDouble()));
        return backend.weight(new StoredTensor("weight", DType.F32, shape, data));
    }

    /** Inputs given by name, or random ones. */
    private Map<String, Tensor> upload(Backend backend, Map<String, float[]> given) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (String input : inputs.keySet())
            tensors.put(input, backend.upload(given.getOrDefault(input, random(input)), TOKENS, width()));
        return tensors;
    }

    /** The output for some inputs, the others random. */
    float[] output(Backend backend, Map<String, float[]> given) {
        return backend.download(forward.run(backend, upload(backend, given), width()).get(OUTPUT));
    }

    /** The gradients of all inputs under a rule, by name. */
    Map<String, float[]> gradients(Backend backend, Rule rule) {
        Map<String, Tensor> values = upload(backend, Map.of());
        values.putAll(forward.run(backend, Map.copyOf(values), width()));
        Map<String, float[]> gradients = new LinkedHashMap<>();
        Map<String, Tensor> tensors = backward.run(backend, rule, values, backend.upload(random("upstream"), TOKENS, width()), width());
        inputs.keySet().stream().sorted().forEach(input -> gradients.put(input, backend.download(tensors.get(input))));
        return gradients;
    }
}
