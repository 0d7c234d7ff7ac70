package dev.crane.engine.decoder;

import dev.crane.engine.backend.Activation;

/**
 * The MLP: down(activation(gate x) ∘ up x) when gated, down(activation(up x)) otherwise.
 *
 * @param intermediate inner width
 * @param activation the nonlinearity
 * @param gated whether there is a gate projection
 * @param bias whether every projection of the MLP adds a bias
 * @param fusedGate whether the model's files hold gate and up in one matrix, the gate's rows first
 */
public record MlpSpec(int intermediate, Activation activation, boolean gated, boolean bias, boolean fusedGate) {
    /** Each projection in a matrix of its own. */
    public MlpSpec(int intermediate, Activation activation, boolean gated, boolean bias) {
        this(intermediate, activation, gated, bias, false);
    }

    public MlpSpec {
        if (intermediate < 1) {
            throw new IllegalArgumentException("intermediate width " + intermediate);
        }
    }
}
