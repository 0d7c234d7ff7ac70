package dev.crane.kernels;

/** The activation functions. */
public enum ActivationKind {
    /** x · sigmoid(x). */
    SILU(0),
    /** x · Φ(x). */
    GELU(1),
    /** GELU's tanh form. */
    GELU_TANH(2),
    /** max(x, 0). */
    RELU(3);

    private final int code;

    ActivationKind(int code) {
        this.code = code;
    }

    /** Its number in {@code activations.cuh}. */
    int code() {
        return code;
    }
}
