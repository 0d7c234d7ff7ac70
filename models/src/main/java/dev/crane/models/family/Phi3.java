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
import dev.crane.models.config.Windows;

/**
 * Phi 3, 3.5 and 4: a Llama whose files hold query, key and value in one matrix, and gate and up in another. Defaults are those of
 * {@code Phi3Config}.
 */
public final class Phi3 implements Family {
    private static final ModuleNames MODULES = new ModuleNames("model.layers", Map.of(Site.ATTN_QKV, "self_attn.qkv_proj", Site.ATTN_OUT,
            "self_attn.o_proj", Site.MLP_GATE_UP, "mlp.gate_up_proj", Site.MLP_DOWN, "mlp.down_proj"));

    /** The family. */
    public Phi3() {
    }

    @Override
    public List<String> modelTypes() {
        return List.of("phi3");
    }

    @Override
    public Set<String> architectures() {
        return Set.of("Phi3ForCausalLM");
    }

    @Override
    public WeightNames names() {
        return WeightNames.LLAMA;
    }

    @Override
    public DecoderSpec spec(ModelConfig config) {
        int hidden = config.size("hidden_size", 3072);
        int layers = config.size("num_hidden_layers", Llama.MOST_LAYERS, 32);
        int positions = config.size("max_position_embeddings", Integer.MAX_VALUE, 4096);
        Heads heads = Heads.read(config, hidden, 32, 0, 0);
        AttentionSpec attention = new AttentionSpec(heads.heads(), heads.kvHeads(), heads.headDim(), heads.scale(), 0, false, false, false,
                QkvRows.BLOCKS);
        MlpSpec mlp = new MlpSpec(config.size("intermediate_size", 8192), Activations.read(config, "hidden_act", "silu"), true, false,
                true);
        int rotaryDim = RopeConfig.rotaryDim(config, heads.headDim(), null, 1);
        Windows windows = config.has("sliding_window") ? Windows.read(config, layers, 1, layer -> true) : Windows.none(layers);
        return new DecoderSpec("phi3", config.size("vocab_size", 32_064), hidden, layers, positions,
                new NormSpec(NormSpec.Kind.RMS, (float) config.positive("rms_norm_eps", 1e-5)), Placement.PRE, attention, windows.widths(),
                Collections.nCopies(layers, RopeConfig.read(config, rotaryDim, positions)), mlp, false, 1, 0,
                config.flag("tie_word_embeddings", false), MODULES);
    }
}
