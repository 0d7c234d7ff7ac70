package dev.crane.engine.decoder;

import dev.crane.engine.backend.Activation;

/**
 * The MLP: down(activation(gate x) ∘ up x) when gated, down(activation(up x)) otherwise.
 *
 * @param intermediate inner width
 * @param activation the nonlinearity
 * @param gated whether there is a gate projection
 * @param bias whether every projection of the MLP adds a bias
 */
public record MlpSpec(int intermediate, Activation activation, boolean gated, boolean bias) {
    public MlpSpec {
        if (intermediate < 1) {
            throw new IllegalArgumentException("intermediate width " + intermediate);
        }
    }
}
