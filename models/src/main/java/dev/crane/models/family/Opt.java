package dev.crane.models.family;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;

import dev.crane.engine.decoder.AttentionSpec;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.MlpSpec;
import dev.crane.engine.decoder.NormSpec;
import dev.crane.engine.decoder.NormSpec.Placement;
import dev.crane.engine.decoder.Positions;
import dev.crane.engine.hook.ModuleNames;
import dev.crane.engine.hook.Site;
import dev.crane.models.config.Activations;
import dev.crane.models.config.Heads;
import dev.crane.models.config.ModelConfig;

/**
 * OPT: layer norms, learned positions from the third row of their table on, no gate. Defaults are those of {@code OPTConfig}. Of its options those that
 * only OPT-350m has (norms behind the residual addition, an embedding of another width) are refused.
 */
public final class Opt implements Family {
    /** Rows of the position table before that of the first position. */
    private static final int OFFSET = 2;
    private static final ModuleNames MODULES = new ModuleNames("model.decoder.layers",
            Map.of(Site.ATTN_Q, "self_attn.q_proj", Site.ATTN_K, "self_attn.k_proj", Site.ATTN_V, "self_attn.v_proj", Site.ATTN_OUT,
                    "self_attn.out_proj", Site.MLP_UP, "fc1", Site.MLP_DOWN, "fc2"));

    /** The family. */
    public Opt() {
    }

    @Override
    public List<String> modelTypes() {
        return List.of("opt");
    }

    @Override
    public Set<String> architectures() {
        return Set.of("OPTForCausalLM");
    }

    @Override
    public WeightNames names() {
        return WeightNames.of("model.decoder.embed_tokens", "self_attn_layer_norm", "final_layer_norm", "model.decoder.final_layer_norm",
                "lm_head").withPositions("model.decoder.embed_positions");
    }

    /** Older files leave {@code model.} out. */
    @Override
    public List<String> aliases(String tensor) {
        return tensor.startsWith("model.") ? List.of(tensor.substring("model.".length())) : List.of();
    }

    @Override
    public DecoderSpec spec(ModelConfig config) {
        int hidden = config.size("hidden_size", 768);
        int layers = config.size("num_hidden_layers", Llama.MOST_LAYERS, 12);
        int projected = config.size("word_embed_proj_dim", hidden);
        if (projected != hidden) {
            throw config.error("word_embed_proj_dim", "is " + projected + ", not the hidden size " + hidden
                    + ": an embedding that is projected (OPT-350m) is not supported");
        }
        require(config, "do_layer_norm_before", true, "norms behind the residual addition (OPT-350m) are not supported");
        require(config, "_remove_final_layer_norm", false, "a model without its last norm is not supported");
        require(config, "layer_norm_elementwise_affine", true, "norms without weights are not supported");
        Heads heads = Heads.read(config, hidden, 12, 0, 0);
        boolean bias = config.flag("enable_bias", true);
        AttentionSpec attention = new AttentionSpec(heads.heads(), heads.heads(), heads.headDim(), heads.scale(), 0, false, bias, bias);
        MlpSpec mlp = new MlpSpec(config.size("ffn_dim", 3072), Activations.read(config, "activation_function", "relu"), false, bias);
        return new DecoderSpec("opt", config.size("vocab_size", 50_272), hidden, layers, config.size("max_position_embeddings", 2048),
                new NormSpec(NormSpec.Kind.LAYER, 1e-5f), Placement.PRE, attention, Collections.nCopies(layers, 0),
                Collections.nCopies(layers, new Positions.Learned(OFFSET)), mlp, false, 1, 0, config.flag("tie_word_embeddings", true),
                MODULES);
    }

    private static void require(ModelConfig config, String key, boolean value, String otherwise) {
        if (config.flag(key, value) != value) {
            throw config.error(key, "is " + !value + ": " + otherwise);
        }
    }
}
