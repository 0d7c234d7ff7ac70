package dev.crane.models.family;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.DecoderWeights;
import dev.crane.engine.decoder.FusedRows;
import dev.crane.engine.decoder.LayerWeights;
import dev.crane.engine.decoder.LinearWeights;
import dev.crane.engine.decoder.NormSpec;
import dev.crane.engine.decoder.NormWeights;
import dev.crane.engine.decoder.Positions;
import dev.crane.engine.hook.Site;
import dev.crane.engine.tensor.StoredTensor;

/**
 * What a family's files call the modules that are no linear layers of a layer; those are named by {@link DecoderSpec#modules()}. Names of modules, to
 * which the files add {@code .weight} and {@code .bias}; null for what the family does not have.
 *
 * @param embedding the embedding
 * @param positions learned positions
 * @param embeddingNorm norm of the embedding
 * @param attentionNorm norm before attention, below a layer, as the following
 * @param mlpNorm norm before the MLP; that before attention again where they share one
 * @param postAttentionNorm norm of what attention gives
 * @param postMlpNorm norm of what the MLP gives
 * @param queryNorm norm of each head's query
 * @param keyNorm norm of each head's key
 * @param finalNorm norm behind the last layer
 * @param head the head, which a model with a tied one does not have
 * @param headBias whether the head adds a bias
 * @param transposed whether linear layers are held as [inputs, outputs]
 */
public record WeightNames(String embedding, String positions, String embeddingNorm, String attentionNorm, String mlpNorm,
        String postAttentionNorm, String postMlpNorm, String queryNorm, String keyNorm, String finalNorm, String head, boolean headBias,
        boolean transposed) {
    /** Llama's names, which many families share. */
    public static final WeightNames LLAMA = of("model.embed_tokens", "input_layernorm", "post_attention_layernorm", "model.norm",
            "lm_head");
    private static final List<Site> LINEAR = List.of(Site.ATTN_Q, Site.ATTN_K, Site.ATTN_V, Site.ATTN_QKV, Site.ATTN_OUT, Site.MLP_GATE,
            Site.MLP_UP, Site.MLP_GATE_UP, Site.MLP_DOWN);

    /** A family with a norm before attention, one before the MLP, and one at the end. */
    public static WeightNames of(String embedding, String attentionNorm, String mlpNorm, String finalNorm, String head) {
        return new WeightNames(embedding, null, null, attentionNorm, mlpNorm, null, null, null, null, finalNorm, head, false, false);
    }

    /** The same with learned positions. */
    public WeightNames withPositions(String name) {
        return new WeightNames(embedding, name, embeddingNorm, attentionNorm, mlpNorm, postAttentionNorm, postMlpNorm, queryNorm, keyNorm,
                finalNorm, head, headBias, transposed);
    }

    /** The same with a norm of the embedding. */
    public WeightNames withEmbeddingNorm(String name) {
        return new WeightNames(embedding, positions, name, attentionNorm, mlpNorm, postAttentionNorm, postMlpNorm, queryNorm, keyNorm,
                finalNorm, head, headBias, transposed);
    }

    /** The same with four norms a layer, in the order in which they stand. */
    public WeightNames withNorms(String beforeAttention, String afterAttention, String beforeMlp, String afterMlp) {
        return new WeightNames(embedding, positions, embeddingNorm, beforeAttention, beforeMlp, afterAttention, afterMlp, queryNorm,
                keyNorm, finalNorm, head, headBias, transposed);
    }

    /** The same with norms of each head's query and key. */
    public WeightNames withHeadNorms(String query, String key) {
        return new WeightNames(embedding, positions, embeddingNorm, attentionNorm, mlpNorm, postAttentionNorm, postMlpNorm, query, key,
                finalNorm, head, headBias, transposed);
    }

    /** The same with a bias on the head. */
    public WeightNames withHeadBias() {
        return new WeightNames(embedding, positions, embeddingNorm, attentionNorm, mlpNorm, postAttentionNorm, postMlpNorm, queryNorm,
                keyNorm, finalNorm, head, true, transposed);
    }

    /** The same with linear layers held as [inputs, outputs]. */
    public WeightNames withTransposedLinears() {
        return new WeightNames(embedding, positions, embeddingNorm, attentionNorm, mlpNorm, postAttentionNorm, postMlpNorm, queryNorm,
                keyNorm, finalNorm, head, headBias, true);
    }

    // ---- what there must be ----

    /** The tensors that a model must have, with their shapes in the files, in the order in which they are used. */
    Map<String, long[]> tensors(DecoderSpec spec) {
        int hidden = spec.hidden();
        Map<String, long[]> tensors = new LinkedHashMap<>();
        tensors.put(embedding + ".weight", new long[]{spec.vocabulary(), hidden});
        if (spec.positions(0) instanceof Positions.Learned learned) {
            tensors.put(positions + ".weight", new long[]{spec.maxPositions() + learned.offset(), hidden});
        }
        norm(tensors, spec, embeddingNorm, hidden);
        for (int layer = 0; layer < spec.layers(); layer++) {
            String prefix = spec.modules().layers() + "." + layer + ".";
            norm(tensors, spec, below(prefix, attentionNorm), hidden);
            LINEAR.subList(0, 4).forEach(site -> linear(tensors, spec, prefix, site));
            if (spec.attention().qkNorm()) {
                norm(tensors, spec, below(prefix, queryNorm), spec.attention().headDim());
                norm(tensors, spec, below(prefix, keyNorm), spec.attention().headDim());
            }
            linear(tensors, spec, prefix, Site.ATTN_OUT);
            norm(tensors, spec, below(prefix, postAttentionNorm), hidden);
            norm(tensors, spec, below(prefix, mlpNorm), hidden);
            LINEAR.subList(5, 9).forEach(site -> linear(tensors, spec, prefix, site));
            norm(tensors, spec, below(prefix, postMlpNorm), hidden);
        }
        norm(tensors, spec, finalNorm, hidden);
        if (!spec.tiedHead()) {
            tensors.put(head + ".weight", new long[]{spec.vocabulary(), hidden});
        }
        if (headBias) {
            tensors.put(head + ".bias", new long[]{spec.vocabulary()});
        }
        return tensors;
    }

    private static String below(String prefix, String name) {
        return name == null ? null : prefix + name;
    }

    private static void norm(Map<String, long[]> tensors, DecoderSpec spec, String name, int width) {
        if (name != null) {
            tensors.put(name + ".weight", new long[]{width});
        }
        if (name != null && spec.norm().kind() == NormSpec.Kind.LAYER) {
            tensors.put(name + ".bias", new long[]{width});
        }
    }

    private void linear(Map<String, long[]> tensors, DecoderSpec spec, String prefix, Site site) {
        String module = spec.modules().linear().get(site);
        if (module == null) {
            return;
        }
        int out = spec.units(site);
        int in = switch (site) {
            case ATTN_OUT -> spec.attention().queryWidth();
            case MLP_DOWN -> spec.mlp().intermediate();
            default -> spec.hidden();
        };
        tensors.put(prefix + module + ".weight", transposed ? new long[]{in, out} : new long[]{out, in});
        if (hasBias(spec, site)) {
            tensors.put(prefix + module + ".bias", new long[]{out});
        }
    }

    private static boolean hasBias(DecoderSpec spec, Site site) {
        return switch (site) {
            case ATTN_Q, ATTN_K, ATTN_V, ATTN_QKV -> spec.attention().qkvBias();
            case ATTN_OUT -> spec.attention().outBias();
            default -> spec.mlp().bias();
        };
    }

    // ---- where units lie ----

    /** See {@link Family#unitTensors}. */
    List<UnitTensor> unitTensors(DecoderSpec spec, Site site, int layer) {
        if (spec.units(site) == 0) {
            return List.of();
        }
        if (site == Site.MLP_NEURON || site == Site.MLP_ACT) {
            return List.of(new UnitTensor(spec.modules().path(Site.MLP_DOWN, layer) + ".weight", transposed ? 0 : 1,
                    IntStream.range(0, spec.units(site)).toArray()));
        }
        if (site == Site.ATTN_Z || site == Site.ATTN_HEAD) {
            int width = spec.attention().queryWidth() / spec.units(site);
            return IntStream.range(0, width)
                    .mapToObj(i -> new UnitTensor(spec.modules().path(Site.ATTN_OUT, layer) + ".weight", transposed ? 0 : 1,
                            IntStream.range(0, spec.units(site)).map(unit -> unit * width + i).toArray()))
                    .toList();
        }
        for (Site stored : LINEAR) {
            if (spec.modules().linear().containsKey(stored) && (stored == site || FusedRows.parts(stored).contains(site))) {
                int[] rows = stored == site ? IntStream.range(0, spec.units(site)).toArray() : FusedRows.rows(spec, stored, site);
                String module = spec.modules().path(stored, layer);
                UnitTensor weight = new UnitTensor(module + ".weight", transposed ? 1 : 0, rows);
                return hasBias(spec, stored) ? List.of(weight, new UnitTensor(module + ".bias", 0, rows)) : List.of(weight);
            }
        }
        return List.of();
    }

    // ---- putting tensors in their places ----

    /** The weights in their places; {@code arena} takes what has to be rearranged. */
    DecoderWeights weights(DecoderSpec spec, Function<String, StoredTensor> tensor, Arena arena) {
        Places places = new Places(spec, tensor, arena);
        List<LayerWeights> layers = new ArrayList<>();
        for (int layer = 0; layer < spec.layers(); layer++) {
            layers.add(places.layer(layer));
        }
        StoredTensor table = tensor.apply(embedding + ".weight");
        return new DecoderWeights(table, spec.positions(0) instanceof Positions.Learned ? tensor.apply(positions + ".weight") : null,
                places.norm(embeddingNorm), layers, places.norm(finalNorm), spec.tiedHead() ? table : tensor.apply(head + ".weight"),
                headBias ? tensor.apply(head + ".bias") : null);
    }

    private final class Places {
        private final DecoderSpec spec;
        private final Function<String, StoredTensor> tensor;
        private final Arena arena;

        Places(DecoderSpec spec, Function<String, StoredTensor> tensor, Arena arena) {
            this.spec = spec;
            this.tensor = tensor;
            this.arena = arena;
        }

        LayerWeights layer(int layer) {
            String prefix = spec.modules().layers() + "." + layer + ".";
            Map<Site, LinearWeights> linear = new EnumMap<>(Site.class);
            for (Site site : LINEAR) {
                String module = spec.modules().linear().get(site);
                if (module != null) {
                    place(prefix + module, site, linear);
                }
            }
            boolean heads = spec.attention().qkNorm();
            return new LayerWeights(norm(below(prefix, attentionNorm)), linear.get(Site.ATTN_Q), linear.get(Site.ATTN_K),
                    linear.get(Site.ATTN_V), heads ? norm(below(prefix, queryNorm)) : null, heads ? norm(below(prefix, keyNorm)) : null,
                    linear.get(Site.ATTN_OUT), norm(below(prefix, postAttentionNorm)), norm(below(prefix, mlpNorm)),
                    linear.get(Site.MLP_GATE), linear.get(Site.MLP_UP), linear.get(Site.MLP_DOWN), norm(below(prefix, postMlpNorm)));
        }

        NormWeights norm(String name) {
            if (name == null) {
                return null;
            }
            return new NormWeights(tensor.apply(name + ".weight"),
                    spec.norm().kind() == NormSpec.Kind.LAYER ? tensor.apply(name + ".bias") : null);
        }

        private void place(String module, Site site, Map<Site, LinearWeights> linear) {
            StoredTensor weight = tensor.apply(module + ".weight");
            if (transposed) {
                weight = StoredRows.transposed(weight, arena);
            }
            StoredTensor bias = hasBias(spec, site) ? tensor.apply(module + ".bias") : null;
            for (Site part : FusedRows.parts(site)) {
                if (part == site) {
                    linear.put(part, new LinearWeights(weight, bias));
                } else {
                    int[] rows = FusedRows.rows(spec, site, part);
                    linear.put(part, new LinearWeights(StoredRows.of(weight, rows, part.label(), arena),
                            bias == null ? null : StoredRows.of(bias, rows, part.label(), arena)));
                }
            }
        }
    }
}
