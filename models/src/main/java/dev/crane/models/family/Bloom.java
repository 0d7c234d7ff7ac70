package dev.crane.models.family;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;

import dev.crane.engine.backend.Activation;
import dev.crane.engine.decoder.AttentionSpec;
import dev.crane.engine.decoder.AttentionSpec.QkvRows;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.MlpSpec;
import dev.crane.engine.decoder.NormSpec;
import dev.crane.engine.decoder.NormSpec.Placement;
import dev.crane.engine.decoder.Positions;
import dev.crane.engine.hook.ModuleNames;
import dev.crane.engine.hook.Site;
import dev.crane.models.config.Heads;
import dev.crane.models.config.ModelConfig;

/**
 * BLOOM: layer norms, one of the embedding too; ALiBi; no gate; query, key and value lie in one matrix, head by head. Defaults are those of
 * {@code BloomConfig}; its files give no longest sequence, so {@code seq_length} or 2048 it is.
 */
public final class Bloom implements Family {
    private static final ModuleNames MODULES = new ModuleNames("transformer.h", Map.of(Site.ATTN_QKV, "self_attention.query_key_value",
            Site.ATTN_OUT, "self_attention.dense", Site.MLP_UP, "mlp.dense_h_to_4h", Site.MLP_DOWN, "mlp.dense_4h_to_h"));

    /** The family. */
    public Bloom() {
    }

    @Override
    public List<String> modelTypes() {
        return List.of("bloom");
    }

    @Override
    public Set<String> architectures() {
        return Set.of("BloomForCausalLM");
    }

    @Override
    public WeightNames names() {
        return WeightNames
                .of("transformer.word_embeddings", "input_layernorm", "post_attention_layernorm", "transformer.ln_f", "lm_head")
                .withEmbeddingNorm("transformer.word_embeddings_layernorm");
    }

    /** The published files leave {@code transformer.} out. */
    @Override
    public List<String> aliases(String tensor) {
        return tensor.startsWith("transformer.") ? List.of(tensor.substring("transformer.".length())) : List.of();
    }

    @Override
    public DecoderSpec spec(ModelConfig config) {
        if (config.flag("apply_residual_connection_post_layernorm", false)) {
            throw config.error("apply_residual_connection_post_layernorm", "is true, which is not supported");
        }
        int hidden = config.size(List.of("n_embed", "hidden_size"), 64);
        int layers = config.size(List.of("num_hidden_layers", "n_layer"), 2);
        Heads heads = Heads.read(config, hidden, 8, 0, 0);
        AttentionSpec attention = new AttentionSpec(heads.heads(), heads.heads(), heads.headDim(), heads.scale(), 0, false, true, true,
                QkvRows.PER_HEAD);
        MlpSpec mlp = new MlpSpec(4 * hidden, Activation.GELU_TANH, false, true);
        return new DecoderSpec("bloom", config.size("vocab_size", 250_880), hidden, layers, config.size("seq_length", 2048),
                new NormSpec(NormSpec.Kind.LAYER, (float) config.positive("layer_norm_epsilon", 1e-5)), Placement.PRE, attention,
                Collections.nCopies(layers, 0), Collections.nCopies(layers, new Positions.Alibi()), mlp, false, 1, 0,
                config.flag("tie_word_embeddings", true), MODULES);
    }
}
