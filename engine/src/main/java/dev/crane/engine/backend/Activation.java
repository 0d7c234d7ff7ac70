package dev.crane.engine.backend;

/** The activation functions of the supported decoders. */
public enum Activation {
    /** x · sigmoid(x). */
    SILU,
    /** x · Φ(x), Φ the standard normal distribution function. */
    GELU,
    /** GELU's tanh form: x/2 · (1 + tanh(√(2/π)(x + 0.044715 x³))). */
    GELU_TANH,
    /** max(x, 0). */
    RELU
}
