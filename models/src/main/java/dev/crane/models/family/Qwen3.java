package dev.crane.models.family;

import java.util.List;
import java.util.Set;

import dev.crane.engine.decoder.AttentionSpec;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.models.config.Heads;
import dev.crane.models.config.ModelConfig;

/** Qwen 3: as Qwen 2, with norms of each head's query and key in the place of the biases. Defaults are those of {@code Qwen3Config}. */
public final class Qwen3 implements Family {
    /** The family. */
    public Qwen3() {
    }

    @Override
    public List<String> modelTypes() {
        return List.of("qwen3");
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Qwen3ForCausalLM");
    }

    @Override
    public WeightNames names() {
        return WeightNames.LLAMA.withHeadNorms("self_attn.q_norm", "self_attn.k_norm");
    }

    @Override
    public DecoderSpec spec(ModelConfig config) {
        int hidden = config.size("hidden_size", 4096);
        Heads heads = Heads.read(config, hidden, 32, 32, 128);
        boolean bias = config.flag("attention_bias", false);
        return Qwen2.spec("qwen3", config, hidden,
                new AttentionSpec(heads.heads(), heads.kvHeads(), heads.headDim(), heads.scale(), 0, true, bias, bias));
    }
}
