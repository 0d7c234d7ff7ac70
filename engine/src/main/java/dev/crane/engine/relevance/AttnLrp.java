package dev.crane.engine.relevance;

import java.util.Optional;

/** Norms divide by a constant, activations pass on y/x, a product is shared in halves, softmax is linearised. Twin of {@code rules/attnlrp.cuh}. */
class AttnLrp implements Rule {
    @Override
    public String name() {
        return "attnlrp";
    }

    @Override
    public String description() {
        return "AttnLRP (Achtibat et al. 2024): products are shared in halves, softmax is linearised, norms divide by a constant.";
    }

    @Override
    public float norm(float g, float x, float mean) {
        return g;
    }

    @Override
    public boolean normReadsInput() {
        return false;
    }

    @Override
    public float activation(float x, float y, float ratio, float derivative) {
        return ratio;
    }

    @Override
    public float gate(float product, float act, float up) {
        return 0.5f * product * up;
    }

    @Override
    public float up(float product, float act, float up) {
        return 0.5f * product * act;
    }

    @Override
    public float attentionQuery() {
        return 0.25f;
    }

    @Override
    public float attentionKey() {
        return 0.25f;
    }

    @Override
    public float attentionValue() {
        return 0.5f;
    }

    @Override
    public float softcap(float ratio, float derivative) {
        return ratio;
    }

    @Override
    public Optional<Coefficients> coefficients() {
        return Optional.of(new Coefficients(true, true, 0.5f, 0.5f, true));
    }
}
