package dev.crane.models.family;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

import dev.crane.engine.backend.Activation;
import dev.crane.engine.decoder.AttentionSpec;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.DecoderWeights;
import dev.crane.engine.decoder.LayerWeights;
import dev.crane.engine.decoder.MlpSpec;
import dev.crane.engine.decoder.NormSpec;
import dev.crane.engine.decoder.Positions;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.models.config.ModelConfig;
import dev.crane.models.config.RopeConfig;

import static dev.crane.engine.file.FileErrors.quote;

/**
 * Llama and what is saved as Llama: RMS norms before attention and MLP, rotary positions, grouped-query attention, gated MLP. Defaults are those of
 * transformers' {@code LlamaConfig}.
 */
public final class Llama implements Family {
    private static final int MOST_LAYERS = 10_000;
    private static final int WIDEST_HEADS = 1 << 24;

    private static final String EMBEDDING = "model.embed_tokens.weight";
    private static final String FINAL_NORM = "model.norm.weight";
    private static final String HEAD = "lm_head.weight";

    /** The family. */
    public Llama() {
    }

    @Override
    public String modelType() {
        return "llama";
    }

    @Override
    public Set<String> architectures() {
        return Set.of("LlamaForCausalLM");
    }

    @Override
    public DecoderSpec spec(ModelConfig config) {
        int hidden = config.size("hidden_size", 4096);
        int layers = config.size("num_hidden_layers", MOST_LAYERS, 32);
        int maxPositions = config.size("max_position_embeddings", Integer.MAX_VALUE, 2048);
        AttentionSpec attention = attention(config, hidden);
        Positions rope = RopeConfig.read(config, attention.headDim(), maxPositions);
        MlpSpec mlp = new MlpSpec(config.size("intermediate_size", 11008), activation(config), true, config.flag("mlp_bias", false));
        NormSpec norm = new NormSpec(NormSpec.Kind.RMS, (float) config.positive("rms_norm_eps", 1e-6));
        return new DecoderSpec(modelType(), config.size("vocab_size", 32000), hidden, layers, maxPositions, norm, NormSpec.Placement.PRE,
                attention,
                Collections.nCopies(layers, 0), Collections.nCopies(layers, rope), mlp, false, 1, 0,
                config.flag("tie_word_embeddings", false));
    }

    private static AttentionSpec attention(ModelConfig config, int hidden) {
        int heads = config.size("num_attention_heads", 32);
        int kvHeads = config.size("num_key_value_heads", heads);
        if (heads % kvHeads != 0) {
            throw config.error("num_key_value_heads", "is " + kvHeads + ", which does not divide the " + heads + " attention heads");
        }
        if (!config.has("head_dim") && hidden % heads != 0) {
            throw config.error("num_attention_heads", "is " + heads + ", which does not divide the hidden size " + hidden
                    + ", and there is no head_dim");
        }
        int headDim = config.size("head_dim", hidden / heads);
        if (headDim % 2 != 0 || (long) heads * headDim > WIDEST_HEADS) {
            throw config.error("head_dim", "is " + headDim + "; with rotary positions it must be even, and " + heads + " heads be at most "
                    + WIDEST_HEADS + " wide");
        }
        boolean bias = config.flag("attention_bias", false);
        return new AttentionSpec(heads, kvHeads, headDim, (float) (1 / Math.sqrt(headDim)), 0, false, bias, bias);
    }

    private static Activation activation(ModelConfig config) {
        String name = config.text("hidden_act").orElse("silu");
        return switch (name) {
            case "silu", "swish" -> Activation.SILU;
            case "gelu" -> Activation.GELU;
            case "gelu_new", "gelu_pytorch_tanh" -> Activation.GELU_TANH;
            case "relu" -> Activation.RELU;
            default ->
                throw config.error("hidden_act", "is " + quote(name) + ", supported are: silu, gelu, gelu_new, gelu_pytorch_tanh, relu");
        };
    }

    @Override
    public Map<String, long[]> tensors(DecoderSpec spec) {
        int hidden = spec.hidden();
        int queries = spec.attention().queryWidth();
        int keys = spec.attention().keyValueWidth();
        int inner = spec.mlp().intermediate();
        Map<String, long[]> tensors = new LinkedHashMap<>();
        tensors.put(EMBEDDING, new long[]{spec.vocabulary(), hidden});
        for (int layer = 0; layer < spec.layers(); layer++) {
            String prefix = prefix(layer);
            tensors.put(prefix + "input_layernorm.weight", new long[]{hidden});
            linear(tensors, prefix + "self_attn.q_proj", queries, hidden, spec.attention().qkvBias());
            linear(tensors, prefix + "self_attn.k_proj", keys, hidden, spec.attention().qkvBias());
            linear(tensors, prefix + "self_attn.v_proj", keys, hidden, spec.attention().qkvBias());
            linear(tensors, prefix + "self_attn.o_proj", hidden, queries, spec.attention().outBias());
            tensors.put(prefix + "post_attention_layernorm.weight", new long[]{hidden});
            linear(tensors, prefix + "mlp.gate_proj", inner, hidden, spec.mlp().bias());
            linear(tensors, prefix + "mlp.up_proj", inner, hidden, spec.mlp().bias());
            linear(tensors, prefix + "mlp.down_proj", hidden, inner, spec.mlp().bias());
        }
        tensors.put(FINAL_NORM, new long[]{hidden});
        if (!spec.tiedHead()) {
            tensors.put(HEAD, new long[]{spec.vocabulary(), hidden});
        }
        return tensors;
    }

    private static void linear(Map<String, long[]> tensors, String module, int out, int in, boolean bias) {
        tensors.put(module + ".weight", new long[]{out, in});
        if (bias) {
            tensors.put(module + ".bias", new long[]{out});
        }
    }

    private static String prefix(int layer) {
        return "model.layers." + layer + ".";
    }

    @Override
    public DecoderWeights weights(DecoderSpec spec, Function<String, StoredTensor> tensor) {
        boolean qkvBias = spec.attention().qkvBias();
        boolean mlpBias = spec.mlp().bias();
        List<LayerWeights> layers = new ArrayList<>();
        for (int i = 0; i < spec.layers(); i++) {
            Function<String, StoredTensor> layer = name -> tensor.apply(prefix(layers.size()) + name);
            layers.add(new LayerWeights(
                    layer.apply("input_layernorm.weight"),
                    layer.apply("self_attn.q_proj.weight"),
                    layer.apply("self_attn.k_proj.weight"),
                    layer.apply("self_attn.v_proj.weight"),
                    layer.apply("self_attn.o_proj.weight"),
                    layer.apply("post_attention_layernorm.weight"),
                    layer.apply("mlp.gate_proj.weight"),
                    layer.apply("mlp.up_proj.weight"),
                    layer.apply("mlp.down_proj.weight"),
                    qkvBias ? layer.apply("self_attn.q_proj.bias") : null,
                    qkvBias ? layer.apply("self_attn.k_proj.bias") : null,
                    qkvBias ? layer.apply("self_attn.v_proj.bias") : null,
                    spec.attention().outBias() ? layer.apply("self_attn.o_proj.bias") : null,
                    mlpBias ? layer.apply("mlp.gate_proj.bias") : null,
                    mlpBias ? layer.apply("mlp.up_proj.bias") : null,
                    mlpBias ? layer.apply("mlp.down_proj.bias") : null));
        }
        StoredTensor embedding = tensor.apply(EMBEDDING);
        return new DecoderWeights(embedding, layers, tensor.apply(FINAL_NORM), spec.tiedHead() ? embedding : tensor.apply(HEAD));
    }
}
