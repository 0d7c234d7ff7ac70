package dev.crane.engine.hook;

import java.util.Map;

/**
 * What the linear layers of a model are called in its files.
 *
 * @param layers path of the list of layers: {@code model.layers}
 * @param linear for each linear site that the files hold the module's path below a layer: {@code mlp.gate_proj}
 */
public record ModuleNames(String layers, Map<Site, String> linear) {
    /** Llama's names, which many families share. */
    public static final ModuleNames LLAMA = new ModuleNames("model.layers", Map.of(Site.ATTN_Q, "self_attn.q_proj", Site.ATTN_K,
            "self_attn.k_proj", Site.ATTN_V, "self_attn.v_proj", Site.ATTN_OUT, "self_attn.o_proj", Site.MLP_GATE, "mlp.gate_proj",
            Site.MLP_UP, "mlp.up_proj", Site.MLP_DOWN, "mlp.down_proj"));

    /** Copies the names. */
    public ModuleNames {
        linear = Map.copyOf(linear);
    }

    /** Path of a site's module: {@code model.layers.3.mlp.gate_proj}; for a site that is no module of its own in the files, as a Llama calls it. */
    public String path(Site site, int layer) {
        return site == Site.LOGITS ? site.module() : layers + "." + layer + "." + linear.getOrDefault(site, site.module());
    }
}
