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
import dev.crane.engine.hook.ModuleNames;
import dev.crane.engine.hook.Site;
import dev.crane.models.config.Activations;
import dev.crane.models.config.Heads;
import dev.crane.models.config.ModelConfig;
import dev.crane.models.config.RopeConfig;

/**
 * Phi 1, 1.5 and 2: attention and MLP read the same layer norm and are added together, half of each head is rotated, no gate, biases everywhere, on the
 * logits too. Defaults are those of {@code PhiConfig}.
 */
public final class Phi implements Family {
    private static final ModuleNames MODULES = new ModuleNames("model.layers",
            Map.of(Site.ATTN_Q, "self_attn.q_proj", Site.ATTN_K, "self_attn.k_proj", Site.ATTN_V, "self_attn.v_proj", Site.ATTN_OUT,
                    "self_attn.dense", Site.MLP_UP, "mlp.fc1", Site.MLP_DOWN, "mlp.fc2"));

    /** The family. */
    public Phi() {
    }

    @Override
    public List<String> modelTypes() {
        return List.of("phi");
    }

    @Override
    public Set<String> architectures() {
        return Set.of("PhiForCausalLM");
    }

    @Override
    public WeightNames names() {
        return WeightNames.of("model.embed_tokens", "input_layernorm", "input_layernorm", "model.final_layernorm", "lm_head").withHeadBias()
                .withHeadNorms("self_attn.q_layernorm", "self_attn.k_layernorm");
    }

    @Override
    public DecoderSpec spec(ModelConfig config) {
        int hidden = config.size("hidden_size", 2048);
        int layers = config.size("num_hidden_layers", Llama.MOST_LAYERS, 24);
        int positions = config.size("max_position_embeddings", Integer.MAX_VALUE, 2048);
        Heads heads = Heads.read(config, hidden, 32, 0, 0);
        AttentionSpec attention = new AttentionSpec(heads.heads(), heads.kvHeads(), heads.headDim(), heads.scale(), 0,
                config.flag("qk_layernorm", false), true, true);
        MlpSpec mlp = new MlpSpec(config.size("intermediate_size", 8192), Activations.read(config, "hidden_act", "gelu_new"), false, true);
        int rotaryDim = RopeConfig.rotaryDim(config, heads.headDim(), null, 0.5);
        return new DecoderSpec("phi", config.size("vocab_size", 51_200), hidden, layers, positions,
                new NormSpec(NormSpec.Kind.LAYER, (float) config.positive("layer_norm_eps", 1e-5)), Placement.PRE, attention,
                Collections.nCopies(layers, 0), Collections.nCopies(layers, RopeConfig.read(config, rotaryDim, positions)), mlp, true, 1, 0,
                config.flag("tie_word_embeddings", false), MODULES);
    }
}
