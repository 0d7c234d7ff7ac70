package dev.crane.models.family;

import java.util.List;
import java.util.Set;

import dev.crane.engine.decoder.AttentionSpec;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.NormSpec.Placement;
import dev.crane.engine.decoder.Positions;
import dev.crane.models.config.Heads;
import dev.crane.models.config.ModelConfig;
import dev.crane.models.config.RopeConfig;
import dev.crane.models.config.Windows;

/**
 * Gemma 3, and the text part of its multimodal files: as Gemma 2, with norms of each head's query and key in the place of the scores' softcap, full
 * attention in every sixth layer, and rotary positions of another base there. Defaults are those of {@code Gemma3TextConfig}.
 */
public final class Gemma3 implements Family {
    /** The family. */
    public Gemma3() {
    }

    @Override
    public List<String> modelTypes() {
        return List.of("gemma3_text", "gemma3");
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Gemma3ForCausalLM", "Gemma3ForConditionalGeneration");
    }

    @Override
    public WeightNames names() {
        return Gemma2.NAMES.withHeadNorms("self_attn.q_norm", "self_attn.k_norm");
    }

    /** Multimodal files name the text part {@code language_model.model.…} or {@code model.language_model.…}. */
    @Override
    public List<String> aliases(String tensor) {
        return List.of("language_model." + tensor, tensor.startsWith("model.") ? "model.language_model." + tensor.substring(6) : tensor);
    }

    @Override
    public DecoderSpec spec(ModelConfig whole) {
        ModelConfig config = whole.object("text_config").orElse(whole);
        Gemma2.requireCausal(config);
        int hidden = config.size("hidden_size", 2304);
        int layers = config.size("num_hidden_layers", Llama.MOST_LAYERS, 26);
        int positions = config.size("max_position_embeddings", Integer.MAX_VALUE, 131_072);
        Heads heads = Heads.read(config, hidden, 8, 4, 256);
        boolean bias = config.flag("attention_bias", false);
        AttentionSpec attention = new AttentionSpec(heads.heads(), heads.kvHeads(), heads.headDim(), Gemma2.scale(config),
                (float) config.orNone("attn_logit_softcapping", 0), true, bias, bias);
        int pattern = config.size(List.of("sliding_window_pattern", "_sliding_window_pattern"), 6);
        Windows windows = Windows.read(config, layers, 4096, layer -> (layer + 1) % pattern != 0);
        int rotaryDim = RopeConfig.rotaryDim(config, heads.headDim(), null, 1);
        Positions full = RopeConfig.read(config, false, 1e6, rotaryDim, positions);
        Positions sliding = RopeConfig.read(config, true, 1e4, rotaryDim, positions);
        return new DecoderSpec("gemma3_text", config.size("vocab_size", 262_208), hidden, layers, positions, Gemma2.norm(config),
                Placement.PRE_AND_POST, attention, windows.widths(), windows.sliding().stream().map(s -> s ? sliding : full).toList(),
                Gemma2.mlp(config), false, Gemma2.embeddingScale(hidden), (float) config.orNone("final_logit_softcapping", 0),
                config.flag("tie_word_embeddings", whole.flag("tie_word_embeddings", true)));
    }
}
