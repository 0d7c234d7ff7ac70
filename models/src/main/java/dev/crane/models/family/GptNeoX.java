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
import dev.crane.engine.hook.ModuleNames;
import dev.crane.engine.hook.Site;
import dev.crane.models.config.Activations;
import dev.crane.models.config.Heads;
import dev.crane.models.config.ModelConfig;
import dev.crane.models.config.RopeConfig;

/**
 * GPT-NeoX and Pythia: layer norms, attention and MLP in parallel (unless {@code use_parallel_residual} is false), a quarter of each head is rotated, no
 * gate; query, key and value lie in one matrix, head by head. Defaults are those of {@code GPTNeoXConfig}.
 */
public final class GptNeoX implements Family {
    private static final ModuleNames MODULES = new ModuleNames("gpt_neox.layers", Map.of(Site.ATTN_QKV, "attention.query_key_value",
            Site.ATTN_OUT, "attention.dense", Site.MLP_UP, "mlp.dense_h_to_4h", Site.MLP_DOWN, "mlp.dense_4h_to_h"));

    /** The family. */
    public GptNeoX() {
    }

    @Override
    public List<String> modelTypes() {
        return List.of("gpt_neox");
    }

    @Override
    public Set<String> architectures() {
        return Set.of("GPTNeoXForCausalLM");
    }

    @Override
    public WeightNames names() {
        return WeightNames.of("gpt_neox.embed_in", "input_layernorm", "post_attention_layernorm", "gpt_neox.final_layer_norm", "embed_out");
    }

    @Override
    public DecoderSpec spec(ModelConfig config) {
        int hidden = config.size("hidden_size", 6144);
        int layers = config.size("num_hidden_layers", Llama.MOST_LAYERS, 44);
        int positions = config.size("max_position_embeddings", Integer.MAX_VALUE, 2048);
        Heads heads = Heads.read(config, hidden, 64, 0, 0);
        if (heads.kvHeads() != heads.heads()) {
            throw config.error("num_key_value_heads", "is " + heads.kvHeads() + "; a GPT-NeoX has as many as attention heads");
        }
        boolean bias = config.flag("attention_bias", true);
        AttentionSpec attention = new AttentionSpec(heads.heads(), heads.heads(), heads.headDim(), heads.scale(), 0, false, bias, bias,
                QkvRows.PER_HEAD);
        MlpSpec mlp = new MlpSpec(config.size("intermediate_size", 24_576), Activations.read(config, "hidden_act", "gelu"), false, true);
        int rotaryDim = RopeConfig.rotaryDim(config, heads.headDim(), "rotary_pct", 0.25);
        return new DecoderSpec("gpt_neox", config.size("vocab_size", 50_432), hidden, layers, positions,
                new NormSpec(NormSpec.Kind.LAYER, (float) config.positive("layer_norm_eps", 1e-5)), Placement.PRE, attention,
                Collections.nCopies(layers, 0),
                Collections.nCopies(layers,
                        RopeConfig.read(config, config.has("rotary_emb_base") ? "rotary_emb_base" : "rope_theta", rotaryDim, positions)),
                mlp, config.flag("use_parallel_residual", true), 1, 0, config.flag("tie_word_embeddings", false), MODULES);
    }
}
