package dev.crane.models.family;

import java.util.Collections;
import java.util.List;
import java.util.Set;

import dev.crane.engine.decoder.AttentionSpec;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.MlpSpec;
import dev.crane.engine.decoder.NormSpec;
import dev.crane.engine.decoder.NormSpec.Placement;
import dev.crane.models.config.Activations;
import dev.crane.models.config.Heads;
import dev.crane.models.config.ModelConfig;
import dev.crane.models.config.RopeConfig;
import dev.crane.models.config.Windows;

/**
 * Gemma 2: norms before and behind attention and MLP that multiply by 1 + w, the embedding times √hidden, softcaps on scores and logits, a window in
 * every second layer. Defaults are those of {@code Gemma2Config}.
 */
public final class Gemma2 implements Family {
    static final WeightNames NAMES = WeightNames.LLAMA.withNorms("input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm",
            "post_feedforward_layernorm");

    /** The family. */
    public Gemma2() {
    }

    @Override
    public List<String> modelTypes() {
        return List.of("gemma2");
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Gemma2ForCausalLM");
    }

    @Override
    public WeightNames names() {
        return NAMES;
    }

    @Override
    public DecoderSpec spec(ModelConfig config) {
        requireCausal(config);
        int hidden = config.size("hidden_size", 2304);
        int layers = config.size("num_hidden_layers", Llama.MOST_LAYERS, 26);
        int positions = config.size("max_position_embeddings", Integer.MAX_VALUE, 8192);
        Heads heads = Heads.read(config, hidden, 8, 4, 256);
        boolean bias = config.flag("attention_bias", false);
        AttentionSpec attention = new AttentionSpec(heads.heads(), heads.kvHeads(), heads.headDim(), scale(config),
                (float) config.orNone("attn_logit_softcapping", 50), false, bias, bias);
        int rotaryDim = RopeConfig.rotaryDim(config, heads.headDim(), null, 1);
        return new DecoderSpec("gemma2", config.size("vocab_size", 256_000), hidden, layers, positions, norm(config),
                Placement.PRE_AND_POST, attention, Windows.read(config, layers, 4096, layer -> layer % 2 == 0).widths(),
                Collections.nCopies(layers, RopeConfig.read(config, rotaryDim, positions)), mlp(config), false, embeddingScale(hidden),
                (float) config.orNone("final_logit_softcapping", 30), config.flag("tie_word_embeddings", true));
    }

    // ---- what Gemma 3 has in common ----

    static void requireCausal(ModelConfig config) {
        if (config.flag("use_bidirectional_attention", false)) {
            throw config.error("use_bidirectional_attention", "is true: the model is no causal language model");
        }
    }

    static NormSpec norm(ModelConfig config) {
        return new NormSpec(NormSpec.Kind.RMS_ONE_PLUS, (float) config.positive("rms_norm_eps", 1e-6));
    }

    static MlpSpec mlp(ModelConfig config) {
        String key = config.has("hidden_activation") || !config.has("hidden_act") ? "hidden_activation" : "hidden_act";
        // Gemma's first files say gelu and mean its tanh form, which is what the class takes from hidden_activation.
        return new MlpSpec(config.size("intermediate_size", 9216), Activations.read(config, key, "gelu_pytorch_tanh"), true, false);
    }

    /** The scores' factor is not that of the heads' width. */
    static float scale(ModelConfig config) {
        return (float) (1 / Math.sqrt(config.positive("query_pre_attn_scalar", 256)));
    }

    static float embeddingScale(int hidden) {
        return (float) Math.sqrt(hidden);
    }
}
