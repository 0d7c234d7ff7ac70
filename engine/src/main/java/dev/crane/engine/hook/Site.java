package dev.crane.engine.hook;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A kind of place in the decoder where values can be captured, changed or read for relevance; together with a layer it is a {@link HookPoint}. The
 * path of a linear output is its Hugging Face module path.
 */
public enum Site {
    /** Query projection's output, before qk-norm and rotation. */
    ATTN_Q("attn.q", "self_attn.q_proj", "attn.hook_q", true),
    /** Key projection's output, before qk-norm and rotation. */
    ATTN_K("attn.k", "self_attn.k_proj", "attn.hook_k", true),
    /** Value projection's output. */
    ATTN_V("attn.v", "self_attn.v_proj", "attn.hook_v", true),
    /** Output of a projection whose rows are those of query, key and value in one matrix, in the order of the model's files. */
    ATTN_QKV("attn.qkv", "self_attn.qkv_proj", null, true, "attention.query_key_value", "self_attention.query_key_value", "attn.c_attn"),
    /** Attention probabilities; capture only. */
    ATTN_PROBS("attn.probs", "attn.probs", "attn.hook_pattern", false),
    /** What attention gives to the output projection: for each head the values it has mixed. */
    ATTN_Z("attn.z", "attn.z", "attn.hook_z", false),
    /** A head: all its values in {@link #ATTN_Z}, changed together; its relevance is the sum of theirs. Nothing is captured here. */
    ATTN_HEAD("attn.head", "attn.head", null, false),
    /** Output projection of attention. */
    ATTN_OUT("attn.out", "self_attn.o_proj", "hook_attn_out", true, "self_attn.out_proj", "self_attn.dense", "attention.dense",
            "self_attention.dense",
            "attn.c_proj"),
    /** Gate projection's output, before the activation. */
    MLP_GATE("mlp.gate", "mlp.gate_proj", "mlp.hook_pre", true),
    /** Up projection's output; in an MLP without a gate that of its first layer, before the activation. */
    MLP_UP("mlp.up", "mlp.up_proj", "mlp.hook_pre_linear", true, "mlp.fc1", "fc1", "mlp.dense_h_to_4h", "mlp.c_fc"),
    /** Output of a projection whose rows are those of gate and up in one matrix, in the order of the model's files. */
    MLP_GATE_UP("mlp.gate_up", "mlp.gate_up_proj", null, true),
    /** Activation of the gate; of the first layer where there is no gate. */
    MLP_ACT("mlp.act", "mlp.act", "mlp.hook_act", false),
    /** What the down projection reads: activation of the gate × up; the activation where there is no gate. */
    MLP_NEURON("mlp.neuron", "mlp.neuron", "mlp.hook_post", false),
    /** Down projection's output. */
    MLP_DOWN("mlp.down", "mlp.down_proj", "hook_mlp_out", true, "mlp.fc2", "fc2", "mlp.dense_4h_to_h", "mlp.c_proj"),
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
    @SuppressWarnings("ImmutableEnumChecker") // List.of cannot be changed
    private final List<String> alsoCalled;

    Site(String label, String module, String transformerLens, boolean linear, String... alsoCalled) {
        this.label = label;
        this.module = module;
        this.transformerLens = transformerLens;
        this.linear = linear;
        this.alsoCalled = List.of(alsoCalled);
    }

    /** As in {@code --units}: {@code mlp.gate}. */
    public String label() {
        return label;
    }

    /** Path below the layer in the names of a Llama: {@code mlp.gate_proj}. */
    public String module() {
        return module;
    }

    /** Whether some family has this path below the layer for the site. */
    boolean isCalled(String path) {
        return path.equals(module) || alsoCalled.contains(path);
    }

    /** Name below {@code blocks.L.} in TransformerLens; null where it has none. */
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
