package dev.crane.engine.decoder;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import dev.crane.engine.decoder.AttentionSpec.QkvRows;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.ModuleNames;
import dev.crane.engine.hook.Site;

/**
 * A decoder-only transformer, described. Forward and backward are written once over this; families of models differ in what they fill in.
 *
 * @param family the model type it was read from, such as {@code llama}; for messages and provenance
 * @param vocabulary rows of the embedding and of the head
 * @param hidden width of the residual stream
 * @param layers number of layers
 * @param maxPositions longest sequence the model was made for
 * @param norm every norm over the hidden width, the final one included
 * @param normPlacement where a layer's norms stand
 * @param attention what all layers' attention has in common
 * @param windows for each layer how many tokens a query sees, itself included; 0 for all before it
 * @param positions for each layer how it knows positions
 * @param mlp the MLP
 * @param parallelResidual whether attention and MLP read the same normed input and are added together
 * @param embeddingScale factor on the embedding, usually 1
 * @param logitSoftcap c in c · tanh(logit / c); 0 for none
 * @param tiedHead whether the head is the embedding matrix
 * @param modules what the linear layers are called in the model's files
 */
public record DecoderSpec(String family, int vocabulary, int hidden, int layers, int maxPositions, NormSpec norm,
        NormSpec.Placement normPlacement,
        AttentionSpec attention, List<Integer> windows, List<Positions> positions, MlpSpec mlp, boolean parallelResidual,
        float embeddingScale,
        float logitSoftcap, boolean tiedHead, ModuleNames modules) {
    /** A model whose linear layers are called as a Llama's. */
    public DecoderSpec(String family, int vocabulary, int hidden, int layers, int maxPositions, NormSpec norm,
            NormSpec.Placement normPlacement, AttentionSpec attention, List<Integer> windows, List<Positions> positions, MlpSpec mlp,
            boolean parallelResidual, float embeddingScale, float logitSoftcap, boolean tiedHead) {
        this(family, vocabulary, hidden, layers, maxPositions, norm, normPlacement, attention, windows, positions, mlp, parallelResidual,
                embeddingScale, logitSoftcap, tiedHead, ModuleNames.LLAMA);
    }

    public DecoderSpec {
        if (vocabulary < 1 || hidden < 1 || layers < 1 || maxPositions < 1) {
            throw new IllegalArgumentException(
                    "vocabulary " + vocabulary + ", hidden " + hidden + ", layers " + layers + ", maxPositions " + maxPositions);
        }
        windows = List.copyOf(windows);
        positions = List.copyOf(positions);
        if (windows.size() != layers || positions.size() != layers) {
            throw new IllegalArgumentException(
                    windows.size() + " windows and " + positions.size() + " position schemes for " + layers + " layers");
        }
    }

    /** How many tokens a query of {@code layer} sees, itself included; 0 for all before it. */
    public int window(int layer) {
        return windows.get(layer);
    }

    /** How {@code layer} knows positions. */
    public Positions positions(int layer) {
        return positions.get(layer);
    }

    /** Sites that were asked for of any model, as this one has them; see {@link FusedRows#among}. */
    public Set<Site> held(Set<Site> sites) {
        Set<Site> present = EnumSet.allOf(Site.class);
        present.removeIf(site -> units(site) == 0);
        return FusedRows.among(sites, present);
    }

    /** Whether a point's name is one that this model has for it: that of its files, or that of a Llama, which stands for any model. */
    public boolean calls(HookPoint point) {
        return point.path().equals(modules.path(point.site(), point.layer()))
                || point.path().equals(new HookPoint(point.site(), point.layer()).path());
    }

    /** A hook point under the name that the model's own files have for it. */
    public HookPoint point(Site site, int layer) {
        return new HookPoint(site, layer, modules.path(site, layer));
    }

    /**
     * How many units a site has in one layer: the width of its values for one token. 0 where the model has no such site and for
     * {@link Site#ATTN_PROBS}, whose width depends on the sequence.
     */
    public int units(Site site) {
        return switch (site) {
            case ATTN_Q, ATTN_Z -> attention.queryWidth();
            case ATTN_HEAD -> attention.heads();
            case ATTN_K, ATTN_V -> attention.keyValueWidth();
            case ATTN_PROBS -> 0;
            case ATTN_QKV -> attention.rows() == QkvRows.SEPARATE ? 0 : attention.queryWidth() + 2 * attention.keyValueWidth();
            case MLP_GATE -> mlp.gated() ? mlp.intermediate() : 0;
            case MLP_GATE_UP -> mlp.fusedGate() ? 2 * mlp.intermediate() : 0;
            case MLP_UP, MLP_ACT, MLP_NEURON -> mlp.intermediate();
            case RESID_MID -> parallelResidual ? 0 : hidden;
            case ATTN_OUT, MLP_DOWN, RESID_PRE, RESID_POST -> hidden;
            case LOGITS -> vocabulary;
        };
    }

    /** Number of weights in all linear layers of one layer, biases left out: the multiply-adds of a token passing through it. */
    public long layerLinearWeights() {
        long attentionWeights = (long) hidden * (2L * attention.queryWidth() + 2L * attention.keyValueWidth());
        long mlpWeights = (long) hidden * mlp.intermediate() * (mlp.gated() ? 3 : 2);
        return attentionWeights + mlpWeights;
    }

    /** Number of weights of the linear layers and of embedding and head, biases and norms left out. */
    public long linearWeights() {
        return layers * layerLinearWeights() + (long) vocabulary * hidden * (tiedHead ? 1 : 2);
    }
}
