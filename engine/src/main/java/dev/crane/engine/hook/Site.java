package dev.crane.engine.hook;

import java.util.Arrays;
import java.util.Optional;

/**
 * A kind of place in the decoder where values can be captured, changed or read for relevance; together with a layer it is a {@link HookPoint}. The
 * canonical path of a linear output is its Hugging Face module path.
 */
public enum Site {
    /** Query projection's output, before qk-norm and rotation. */
    ATTN_Q("attn.q", "self_attn.q_proj", "attn.hook_q", true),
    /** Key projection's output, before qk-norm and rotation. */
    ATTN_K("attn.k", "self_attn.k_proj", "attn.hook_k", true),
    /** Value projection's output. */
    ATTN_V("attn.v", "self_attn.v_proj", "attn.hook_v", true),
    /** Attention probabilities; capture only. */
    ATTN_PROBS("attn.probs", "attn.probs", "attn.hook_pattern", false),
    /** Output projection of attention. */
    ATTN_OUT("attn.out", "self_attn.o_proj", "hook_attn_out", true),
    /** Gate projection's output, before the activation. */
    MLP_GATE("mlp.gate", "mlp.gate_proj", "mlp.hook_pre", true),
    /** Up projection's output. */
    MLP_UP("mlp.up", "mlp.up_proj", "mlp.hook_pre_linear", true),
    /** Activation of the gate. */
    MLP_ACT("mlp.act", "mlp.act", "mlp.hook_act", false),
    /** The gated product: activation of the gate × up. */
    MLP_NEURON("mlp.neuron", "mlp.neuron", "mlp.hook_post", false),
    /** Down projection's output. */
    MLP_DOWN("mlp.down", "mlp.down_proj", "hook_mlp_out", true),
    /** Residual stream before the layer. */
    RESID_PRE("resid.pre", "resid.pre", "hook_resid_pre", false),
    /** Residual stream between attention and MLP. */
    RESID_MID("resid.mid", "resid.mid", "hook_resid_mid", false),
    /** Residual stream after the layer. */
    RESID_POST("resid.post", "resid.post", "hook_resid_post", false),
    /** The logits; of no layer. */
    LOGITS("logits", "logits", "unembed.hook_out", false);

    private final String label;
    private final String module;
    private final String transformerLens;
    private final boolean linear;

    Site(String label, String module, String transformerLens, boolean linear) {
        this.label = label;
        this.module = module;
        this.transformerLens = transformerLens;
        this.linear = linear;
    }

    /** As in {@code --units}: {@code mlp.gate}. */
    public String label() {
        return label;
    }

    /** Path below the layer in canonical unit names: {@code mlp.gate_proj}. */
    public String module() {
        return module;
    }

    /** Name below {@code blocks.L.} in TransformerLens. */
    public String transformerLens() {
        return transformerLens;
    }

    /** Whether the site is the output of a linear layer, so that its units are rows of a stored matrix. */
    public boolean isLinear() {
        return linear;
    }

    /** The site of a label. */
    public static Optional<Site> of(String label) {
        return Arrays.stream(values()).filter(site -> site.label.equals(label)).findFirst();
    }
}
