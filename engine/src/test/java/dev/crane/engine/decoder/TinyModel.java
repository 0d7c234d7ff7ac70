package dev.crane.engine.decoder;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

import dev.crane.engine.Engine;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.backend.Activation;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.decoder.AttentionSpec.QkvRows;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;

/**
 * A random decoder small enough for finite differences that has everything the passes can do: grouped heads, biases on every linear layer, a sliding
 * window in one layer, scaled positions, softcaps, an embedding scale, a head of its own, widths that are no multiple of a vector's length.
 */
final class TinyModel {
    static final DecoderSpec SPEC = new DecoderSpec("tiny", 37, 20, 3, 64, new NormSpec(NormSpec.Kind.RMS, 1e-5f), NormSpec.Placement.PRE,
            new AttentionSpec(4, 2, 6, 0.5f, 5f, false, true, true), List.of(0, 3, 0), positions(),
            new MlpSpec(14, Activation.SILU, true, true), false, 1.5f, 4f, false);

    /** As GPT-NeoX and GPT-2 are: layer norms, attention and MLP in parallel, learned positions, no gate, fused rows head by head, a bias on the logits. */
    static final DecoderSpec PARALLEL = new DecoderSpec("parallel", 37, 20, 3, 64, new NormSpec(NormSpec.Kind.LAYER, 1e-5f),
            NormSpec.Placement.PRE, new AttentionSpec(3, 3, 6, 0.5f, 0, false, true, true, QkvRows.PER_HEAD), List.of(0, 0, 0),
            Collections.nCopies(3, new Positions.Learned(2)), new MlpSpec(14, Activation.GELU, false, true), true, 1, 0, false);
    /** As BLOOM is: layer norms, one of the embedding, positions by distance, no gate. */
    static final DecoderSpec DISTANCES = new DecoderSpec("distances", 37, 20, 3, 64, new NormSpec(NormSpec.Kind.LAYER, 1e-5f),
            NormSpec.Placement.PRE, new AttentionSpec(3, 3, 6, 0.5f, 0, false, true, true, QkvRows.PER_HEAD), List.of(0, 0, 0),
            Collections.nCopies(3, new Positions.Alibi()), new MlpSpec(14, Activation.GELU_TANH, false, true), false, 1, 0, false);
    /** As Gemma is: four norms a layer, (1 + w), norms of queries and keys, softcaps, fused rows one block after another. */
    static final DecoderSpec SANDWICH = new DecoderSpec("sandwich", 37, 20, 3, 64, new NormSpec(NormSpec.Kind.RMS_ONE_PLUS, 1e-5f),
            NormSpec.Placement.PRE_AND_POST, new AttentionSpec(4, 2, 6, 0.5f, 5f, true, true, true, QkvRows.BLOCKS), List.of(4, 0, 4),
            positions(), new MlpSpec(14, Activation.GELU_TANH, true, true, true), false, 4.5f, 4f, false);
    /**
     * Norms behind attention and MLP only, none at the end, no positions in one layer. Its epsilon keeps the norms of short vectors nearly straight,
     * as finite differences need them.
     */
    static final DecoderSpec BEHIND = new DecoderSpec("behind", 37, 20, 3, 64, new NormSpec(NormSpec.Kind.RMS, 0.3f),
            NormSpec.Placement.POST, new AttentionSpec(4, 2, 6, 0.5f, 0, true, true, true), List.of(0, 0, 0),
            List.of(positions().get(0), new Positions.None(), positions().get(0)), new MlpSpec(14, Activation.SILU, true, true), false, 1,
            4f,
            false);
    /** One of every kind. */
    static final List<DecoderSpec> SPECS = List.of(SPEC, PARALLEL, DISTANCES, SANDWICH, BEHIND);

    private final Map<String, float[]> values = new HashMap<>();
    private final DecoderSpec spec;

    TinyModel(DecoderSpec spec, long seed) {
        this.spec = spec;
        Random random = new Random(seed);
        tensors(spec).forEach((name, shape) -> {
            float[] v = new float[(int) (shape.length == 2 ? shape[0] * shape[1] : shape[0])];
            boolean norm = name.endsWith("norm") && spec.norm().kind() != NormSpec.Kind.RMS_ONE_PLUS;
            float scale = shape.length == 2 ? (float) (1.5 / Math.sqrt((double) shape[1])) : 0.3f;
            for (int i = 0; i < v.length; i++)
                v[i] = (norm ? 1 : 0) + scale * (float) random.nextGaussian();
            values.put(name, v);
        });
    }

    TinyModel() {
        this(SPEC, 7);
    }

    private TinyModel(DecoderSpec spec, Map<String, float[]> values) {
        this.spec = spec;
        this.values.putAll(values);
    }

    /** Plain angles; scaled ones with a factor on cos and sin; ones that change when a sequence has more than eight tokens. */
    private static List<Positions> positions() {
        return List.of(new Positions.Rope(100, 4, new RopeScaling.None()),
                new Positions.Rope(100, 4, new RopeScaling.Yarn(4, 16, 1.25, 32, 1, true)),
                new Positions.Rope(100, 4, new RopeScaling.LongRope(List.of(1.0, 1.5), List.of(2.0, 4.0), 8, 1.1)));
    }

    /** The sites that a model has units at and relevance can be read at. */
    static Set<Site> sites(DecoderSpec spec) {
        Set<Site> sites = EnumSet.complementOf(EnumSet.of(Site.ATTN_PROBS, Site.LOGITS));
        sites.removeIf(site -> spec.units(site) == 0);
        return sites;
    }

    DecoderSpec spec() {
        return spec;
    }

    /** The same model with one tensor changed. */
    TinyModel with(String name, UnaryOperator<float[]> change) {
        TinyModel other = new TinyModel(spec, values);
        other.values.put(name, change.apply(values.get(name).clone()));
        return other;
    }

    /** The same model with one row of a linear layer, and its bias, zeroed. */
    TinyModel withoutRow(HookPoint point, int row) {
        int in = (int) tensors(spec).get(point.path())[1];
        return with(point.path(), w -> zero(w, row * in, in)).with(point.path() + ".bias", bias -> zero(bias, row, 1));
    }

    /** The same model with one input of a linear layer cut off. */
    TinyModel withoutColumn(HookPoint point, int column) {
        int in = (int) tensors(spec).get(point.path())[1];
        return with(point.path(), w -> {
            for (int i = column; i < w.length; i += in)
                w[i] = 0;
            return w;
        });
    }

    private static float[] zero(float[] values, int from, int count) {
        for (int i = from; i < from + count; i++)
            values[i] = 0;
        return values;
    }

    Engine engine(Backend backend) {
        return engine(backend, EngineOptions.DEFAULT);
    }

    Engine engine(Backend backend, EngineOptions options) {
        return Engine.load(spec, weights(), backend, options);
    }

    DecoderWeights weights() {
        List<LayerWeights> layers = new ArrayList<>();
        for (int l = 0; l < spec.layers(); l++) {
            String p = "model.layers." + l + ".";
            layers.add(new LayerWeights(norm(p + "input_norm"), linear(p + "self_attn.q_proj"), linear(p + "self_attn.k_proj"),
                    linear(p + "self_attn.v_proj"), norm(p + "q_norm"), norm(p + "k_norm"), linear(p + "self_attn.o_proj"),
                    norm(p + "attention_norm"), norm(p + "post_norm"), linear(p + "mlp.gate_proj"), linear(p + "mlp.up_proj"),
                    linear(p + "mlp.down_proj"), norm(p + "mlp_norm")));
        }
        boolean embeddingNorm = spec.positions(0) instanceof Positions.Alibi;
        return new DecoderWeights(tensor("embedding"), spec.positions(0) instanceof Positions.Learned ? tensor("positions") : null,
                embeddingNorm ? norm("embedding_norm") : null, layers, spec.normPlacement().pre() ? norm("norm") : null, tensor("head"),
                spec.norm().kind() == NormSpec.Kind.LAYER ? tensor("head.bias") : null);
    }

    private LinearWeights linear(String name) {
        return values.containsKey(name) ? new LinearWeights(tensor(name), tensor(name + ".bias")) : null;
    }

    private NormWeights norm(String name) {
        if (!values.containsKey(name))
            return null;
        return new NormWeights(tensor(name), spec.norm().kind() == NormSpec.Kind.LAYER ? tensor(name + ".bias") : null);
    }

    private StoredTensor tensor(String name) {
        float[] v = values.get(name);
        MemorySegment bytes = MemorySegment.ofArray(new byte[v.length * Float.BYTES]);
        MemorySegment.copy(v, 0, bytes, ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0, v.length);
        return new StoredTensor(name, DType.F32, tensors(spec).get(name), bytes);
    }

    private static Map<String, long[]> tensors(DecoderSpec spec) {
        Map<String, long[]> shapes = new TreeMap<>();
        long h = spec.hidden();
        long q = spec.attention().queryWidth();
        long k = spec.attention().keyValueWidth();
        long i = spec.mlp().intermediate();
        shapes.put("embedding", new long[]{spec.vocabulary(), h});
        shapes.put("head", new long[]{spec.vocabulary(), h});
        if (spec.norm().kind() == NormSpec.Kind.LAYER)
            shapes.put("head.bias", new long[]{spec.vocabulary()});
        if (spec.positions(0) instanceof Positions.Learned learned)
            shapes.put("positions", new long[]{spec.maxPositions() + learned.offset(), h});
        if (spec.positions(0) instanceof Positions.Alibi)
            norm(shapes, spec, "embedding_norm", h);
        norm(shapes, spec, "norm", h);
        for (int l = 0; l < spec.layers(); l++) {
            String p = "model.layers." + l + ".";
            if (spec.normPlacement().pre()) {
                norm(shapes, spec, p + "input_norm", h);
                norm(shapes, spec, p + "post_norm", h);
            }
            if (spec.normPlacement().post()) {
                norm(shapes, spec, p + "attention_norm", h);
                norm(shapes, spec, p + "mlp_norm", h);
            }
            if (spec.attention().qkNorm()) {
                norm(shapes, spec, p + "q_norm", spec.attention().headDim());
                norm(shapes, spec, p + "k_norm", spec.attention().headDim());
            }
            linear(shapes, p + "self_attn.q_proj", q, h);
            linear(shapes, p + "self_attn.k_proj", k, h);
            linear(shapes, p + "self_attn.v_proj", k, h);
            linear(shapes, p + "self_attn.o_proj", h, q);
            if (spec.mlp().gated())
                linear(shapes, p + "mlp.gate_proj", i, h);
            linear(shapes, p + "mlp.up_proj", i, h);
            linear(shapes, p + "mlp.down_proj", h, i);
        }
        return shapes;
    }

    private static void norm(Map<String, long[]> shapes, DecoderSpec spec, String name, long width) {
        shapes.put(name, new long[]{width});
        if (spec.norm().kind() == NormSpec.Kind.LAYER)
            shapes.put(name + ".bias", new long[]{width});
    }

    private static void linear(Map<String, long[]> shapes, String name, long out, long in) {
        shapes.put(name, new long[]{out, in});
        shapes.put(name + ".bias", new long[]{out});
    }

    /** Sequences of different lengths, one of them a single token; no token twice within a sequence. */
    static List<int[]> sequences() {
        List<int[]> sequences = new ArrayList<>();
        for (int length : new int[]{7, 1, 12, 4}) {
            int start = sequences.size() * 5;
            sequences.add(IntStream.range(0, length).map(t -> (start + 11 * t) % SPEC.vocabulary()).toArray());
        }
        return sequences;
    }
}
