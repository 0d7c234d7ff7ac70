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

/** Mistral: a Llama with a sliding window in every layer, unless {@code sliding_window} is null. Defaults are those of {@code MistralConfig}. */
public final class Mistral implements Family {
    /** The family. */
    public Mistral() {
    }

    @Override
    public List<String> modelTypes() {
        return List.of("mistral");
    }

    @Override
    public Set<String> architectures() {
        return Set.of("MistralForCausalLM");
    }

    @Override
    public WeightNames names() {
        return WeightNames.LLAMA;
    }

    @Override
    public DecoderSpec spec(ModelConfig config) {
        int hidden = config.size("hidden_size", 4096);
        int layers = config.size("num_hidden_layers", Llama.MOST_LAYERS, 32);
        int positions = config.size("max_position_embeddings", Integer.MAX_VALUE, 131_072);
        Heads heads = Heads.read(config, hidden, 32, 8, 0);
        AttentionSpec attention = new AttentionSpec(heads.heads(), heads.kvHeads(), heads.headDim(), heads.scale(), 0, false, false, false);
        MlpSpec mlp = new MlpSpec(config.size("intermediate_size", 14_336), Activations.read(config, "hidden_act", "silu"), true, false);
        int rotaryDim = RopeConfig.rotaryDim(config, heads.headDim(), null, 1);
        return new DecoderSpec("mistral", config.size("vocab_size", 32_000), hidden, layers, positions,
                new NormSpec(NormSpec.Kind.RMS, (float) config.positive("rms_norm_eps", 1e-6)), Placement.PRE, attention,
                Windows.read(config, layers, 4096, layer -> true).widths(),
                Collections.nCopies(layers, RopeConfig.read(config, rotaryDim, positions)), mlp, false, 1, 0,
                config.flag("tie_word_embeddings", false));
    }
}
