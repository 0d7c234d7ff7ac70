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
 * Qwen 2 and 2.5: a Llama with biases on query, key and value; if {@code use_sliding_window}, with a window from layer {@code max_window_layers} on.
 * Defaults are those of {@code Qwen2Config}.
 */
public final class Qwen2 implements Family {
    /** The family. */
    public Qwen2() {
    }

    @Override
    public List<String> modelTypes() {
        return List.of("qwen2");
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Qwen2ForCausalLM");
    }

    @Override
    public WeightNames names() {
        return WeightNames.LLAMA;
    }

    @Override
    public DecoderSpec spec(ModelConfig config) {
        int hidden = config.size("hidden_size", 4096);
        Heads heads = Heads.read(config, hidden, 32, 32, 0);
        AttentionSpec attention = new AttentionSpec(heads.heads(), heads.kvHeads(), heads.headDim(), heads.scale(), 0, false, true, false);
        return spec("qwen2", config, hidden, attention);
    }

    /** What Qwen 2 and Qwen 3 have in common. */
    static DecoderSpec spec(String family, ModelConfig config, int hidden, AttentionSpec attention) {
        int layers = config.size("num_hidden_layers", Llama.MOST_LAYERS, 32);
        int positions = config.size("max_position_embeddings", Integer.MAX_VALUE, 32_768);
        int firstWindow = config.has("max_window_layers") && config.number("max_window_layers") == 0
                ? 0
                : config.size("max_window_layers", 28);
        Windows windows = config.flag("use_sliding_window", false)
                ? Windows.read(config, layers, 4096, layer -> layer >= firstWindow)
                : Windows.none(layers);
        MlpSpec mlp = new MlpSpec(config.size("intermediate_size", 22_016), Activations.read(config, "hidden_act", "silu"), true, false);
        int rotaryDim = RopeConfig.rotaryDim(config, attention.headDim(), null, 1);
        return new DecoderSpec(family, config.size("vocab_size", 151_936), hidden, layers, positions,
                new NormSpec(NormSpec.Kind.RMS, (float) config.positive("rms_norm_eps", 1e-6)), Placement.PRE, attention, windows.widths(),
                Collections.nCopies(layers, RopeConfig.read(config, rotaryDim, positions)), mlp, false, 1, 0,
                config.flag("tie_word_embeddings", false));
    }
}
