package dev.crane.models.family;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

import dev.crane.engine.CraneException;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.DecoderWeights;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.models.config.ModelConfig;

import static dev.crane.engine.file.FileErrors.quote;

/** A family of decoders that share a configuration class and the names of their weights. */
public interface Family {
    /** The {@code model_type} in {@code config.json}. */
    String modelType();

    /** The names in {@code architectures} that mean a causal language model of this family. */
    Set<String> architectures();

    /**
     * What the configuration describes.
     *
     * @throws CraneException if a value is wrong or asks for something that is not supported
     */
    DecoderSpec spec(ModelConfig config);

    /** The tensors that a model of this kind must have, with their shapes, in the order in which they are used. */
    Map<String, long[]> tensors(DecoderSpec spec);

    /**
     * Puts tensors in their places.
     *
     * @param tensor gives a tensor by name; asked only for names in {@link #tensors}
     */
    DecoderWeights weights(DecoderSpec spec, Function<String, StoredTensor> tensor);

    /** The families that can be read. */
    static List<Family> supported() {
        return List.of(new Llama());
    }

    /**
     * The family of a configuration: by {@code architectures}, or by {@code model_type} where there are none.
     *
     * @throws CraneException if it is none of {@link #supported}
     */
    static Family of(ModelConfig config) {
        List<String> architectures = config.texts("architectures");
        String modelType = config.text("model_type").orElse("");
        for (Family family : supported()) {
            if (architectures.isEmpty()
                    ? family.modelType().equals(modelType)
                    : family.architectures().contains(architectures.getFirst())) {
                return family;
            }
        }
        String found = !architectures.isEmpty()
                ? "architecture " + quote(architectures.getFirst())
                : modelType.isEmpty() ? "a model without architectures and model_type" : "model_type " + quote(modelType);
        String known = supported().stream().flatMap(family -> family.architectures().stream()).sorted().collect(Collectors.joining(", "));
        throw new CraneException(config.file() + ": " + found + " is not supported; supported are: " + known);
    }
}
