package dev.crane.engine.relevance;

import java.util.Optional;

/** Nothing is modified. Twin of {@code rules/gradient.cuh}. */
record Gradient(String name, String description) implements Rule {
    @Override
    public float norm(float g, float x, float mean) {
        return g - x * mean;
    }

    @Override
    public float activation(float x, float y, float ratio, float derivative) {
        return derivative;
    }

    @Override
    public float gate(float product, float act, float up) {
        return product * up;
    }

    @Override
    public float up(float product, float act, float up) {
        return product * act;
    }

    @Override
    public float attentionQuery() {
        return 1;
    }

    @Override
    public float attentionKey() {
        return 1;
    }

    @Override
    public float attentionValue() {
        return 1;
    }

    @Override
    public float softcap(float ratio, float derivative) {
        return derivative;
    }

    @Override
    public boolean isGradient() {
        return true;
    }

    @Override
    public Optional<Coefficients> coefficients() {
        return Optional.of(new Coefficients(false, false, 1, 1, false));
    }
}
