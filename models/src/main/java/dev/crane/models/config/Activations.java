package dev.crane.models.config;

import dev.crane.engine.backend.Activation;

import static dev.crane.engine.file.FileErrors.quote;

/** The names that configurations have for activations. */
public final class Activations {
    private Activations() {
    }

    /**
     * Reads an activation.
     *
     * @param absent the name that the class takes by default
     */
    public static Activation read(ModelConfig config, String key, String absent) {
        String name = config.text(key).orElse(absent);
        return switch (name) {
            case "silu", "swish" -> Activation.SILU;
            case "gelu", "gelu_python" -> Activation.GELU;
            case "gelu_new", "gelu_pytorch_tanh", "gelu_fast" -> Activation.GELU_TANH;
            case "relu" -> Activation.RELU;
            default ->
                throw config.error(key, "is " + quote(name) + ", supported are: silu, gelu, gelu_new, gelu_pytorch_tanh, gelu_fast, relu");
        };
    }
}
