package dev.crane.engine.decoder;

import java.util.List;

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
 */
public record DecoderSpec(String family, int vocabulary, int hidden, int layers, int maxPositions, NormSpec norm,
        NormSpec.Placement normPlacement,
        AttentionSpec attention, List<Integer> windows, List<Positions> positions, MlpSpec mlp, boolean parallelResidual,
        float embeddingScale,
        float logitSoftcap, boolean tiedHead) {
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

    /**
     * How many units a site has in one layer: the width of its values for one token. 0 for a gate that the model does not have and for
     * {@link Site#ATTN_PROBS}, whose width depends on the sequence.
     */
    public int units(Site site) {
        return switch (site) {
            case ATTN_Q -> attention.queryWidth();
            case ATTN_K, ATTN_V -> attention.keyValueWidth();
            case ATTN_PROBS -> 0;
            case MLP_GATE -> mlp.gated() ? mlp.intermediate() : 0;
            case MLP_UP, MLP_ACT, MLP_NEURON -> mlp.intermediate();
            case ATTN_OUT, MLP_DOWN, RESID_PRE, RESID_MID, RESID_POST -> hidden;
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
