package dev.crane.models.family;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;

import dev.crane.engine.decoder.AttentionSpec;
import dev.crane.engine.decoder.AttentionSpec.QkvRows;
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
 * GPT-2: layer norms, learned positions, no gate; query, key and value lie in one matrix; its files hold linear layers as [inputs, outputs], so that a
 * unit is a column there. Defaults are those of {@code GPT2Config}.
 */
public final class Gpt2 implements Family {
    private static final ModuleNames MODULES = new ModuleNames("transformer.h", Map.of(Site.ATTN_QKV, "attn.c_attn", Site.ATTN_OUT,
            "attn.c_proj", Site.MLP_UP, "mlp.c_fc", Site.MLP_DOWN, "mlp.c_proj"));

    /** The family. */
    public Gpt2() {
    }

    @Override
    public List<String> modelTypes() {
        return List.of("gpt2");
    }

    @Override
    public Set<String> architectures() {
        return Set.of("GPT2LMHeadModel");
    }

    @Override
    public WeightNames names() {
        return WeightNames.of("transformer.wte", "ln_1", "ln_2", "transformer.ln_f", "lm_head").withPositions("transformer.wpe")
                .withTransposedLinears();
    }

    /** The published files leave {@code transformer.} out. */
    @Override
    public List<String> aliases(String tensor) {
        return tensor.startsWith("transformer.") ? List.of(tensor.substring("transformer.".length())) : List.of();
    }

    @Override
    public DecoderSpec spec(ModelConfig config) {
        if (config.flag("scale_attn_by_inverse_layer_idx", false)) {
            throw config.error("scale_attn_by_inverse_layer_idx", "is true, which is not supported");
        }
        if (config.flag("add_cross_attention", false)) {
            throw config.error("add_cross_attention", "is true: the model is the decoder of another model, not a language model");
        }
        int hidden = config.size(List.of("n_embd", "hidden_size"), 768);
        int layers = config.size(List.of("n_layer", "num_hidden_layers"), 12);
        Heads heads = Heads.read(config, hidden, 12, 0, 0);
        float scale = config.flag("scale_attn_weights", true) ? heads.scale() : 1;
        AttentionSpec attention = new AttentionSpec(heads.heads(), heads.heads(), heads.headDim(), scale, 0, false, true, true,
                QkvRows.BLOCKS);
        MlpSpec mlp = new MlpSpec(config.size("n_inner", 4 * hidden), Activations.read(config, "activation_function", "gelu_new"), false,
                true);
        return new DecoderSpec("gpt2", config.size("vocab_size", 50_257), hidden, layers,
                config.size(List.of("n_positions", "max_position_embeddings"), 1024),
                new NormSpec(NormSpec.Kind.LAYER, (float) config.positive("layer_norm_epsilon", 1e-5)), Placement.PRE, attention,
                Collections.nCopies(layers, 0), Collections.nCopies(layers, new Positions.Learned(0)), mlp, false, 1, 0,
                config.flag("tie_word_embeddings", true), MODULES);
    }
}
