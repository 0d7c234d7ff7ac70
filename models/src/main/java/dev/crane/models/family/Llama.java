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

/**
 * Llama and what is saved as Llama (Vicuna, Yi, SmolLM, DeepSeek-LLM): RMS norms before attention and MLP, rotary positions, grouped-query attention,
 * gated MLP. Defaults are those of transformers' {@code LlamaConfig}.
 */
public final class Llama implements Family {
    /** Far above any model; keeps what is counted by layers from overflowing. */
    static final int MOST_LAYERS = 10_000;

    /** The family. */
    public Llama() {
    }

    @Override
    public List<String> modelTypes() {
        return List.of("llama");
    }

    @Override
    public Set<String> architectures() {
        return Set.of("LlamaForCausalLM", "LLaMAForCausalLM");
    }

    @Override
    public WeightNames names() {
        return WeightNames.LLAMA;
    }

    @Override
    public DecoderSpec spec(ModelConfig config) {
        int hidden = config.size("hidden_size", 4096);
        int layers = config.size("num_hidden_layers", MOST_LAYERS, 32);
        int positions = config.size("max_position_embeddings", Integer.MAX_VALUE, 2048);
        Heads heads = Heads.read(config, hidden, 32, 0, 0);
        boolean bias = config.flag("attention_bias", false);
        AttentionSpec attention = new AttentionSpec(heads.heads(), heads.kvHeads(), heads.headDim(), heads.scale(), 0, false, bias, bias);
        MlpSpec mlp = new MlpSpec(config.size("intermediate_size", 11008), Activations.read(config, "hidden_act", "silu"), true,
                config.flag("mlp_bias", false));
        int rotaryDim = RopeConfig.rotaryDim(config, heads.headDim(), null, 1);
        return new DecoderSpec("llama", config.size("vocab_size", 32000), hidden, layers, positions,
                new NormSpec(NormSpec.Kind.RMS, (float) config.positive("rms_norm_eps", 1e-6)), Placement.PRE, attention,
                Collections.nCopies(layers, 0), Collections.nCopies(layers, RopeConfig.read(config, rotaryDim, positions)), mlp, false, 1,
                0,
                config.flag("tie_word_embeddings", false));
    }
}
