package dev.crane.engine.relevance;

import java.util.Optional;

/** Attention probabilities, norms and the activated gate count as constants. Twin of {@code rules/cp-lrp.cuh}. */
final class CpLrp implements Rule {
    @Override
    public String name() {
        return "cp-lrp";
    }

    @Override
    public String description() {
        return "CP-LRP (Ali et al. 2022): attention probabilities, norms and the activated gate are constants; conserves exactly without biases.";
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
        return 0 * product * up;
    }

    @Override
    public float up(float product, float act, float up) {
        return product * act;
    }

    @Override
    public float attentionQuery() {
        return 0;
    }

    @Override
    public float attentionKey() {
        return 0;
    }

    @Override
    public float attentionValue() {
        return 1;
    }

    @Override
    public float softcap(float ratio, float derivative) {
        return ratio;
    }

    @Override
    public Optional<Coefficients> coefficients() {
        return Optional.of(new Coefficients(true, true, 0, 1, true));
    }
}
