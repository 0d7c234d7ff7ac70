package dev.crane.models.family;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import dev.crane.engine.CraneException;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.DecoderWeights;
import dev.crane.engine.hook.Site;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.models.config.ModelConfig;

import static dev.crane.engine.file.FileErrors.quote;

/** A family of decoders that share a configuration class and the names of their weights. */
public interface Family {
    /** The {@code model_type}s in {@code config.json}; a model of the family is called by the first. */
    List<String> modelTypes();

    /** The names in {@code architectures} that mean a causal language model of this family. */
    Set<String> architectures();

    /**
     * What the configuration describes.
     *
     * @throws CraneException if a value is wrong or asks for something that is not supported
     */
    DecoderSpec spec(ModelConfig config);

    /** What the files call the modules. */
    WeightNames names();

    /** Other names that some files have for a tensor, the likeliest first. */
    default List<String> aliases(String tensor) {
        return List.of();
    }

    /**
     * The name that a model's files have for a tensor.
     *
     * @param present whether the files hold a tensor of a name
     */
    default Optional<String> stored(String tensor, Predicate<String> present) {
        return Stream.concat(Stream.of(tensor), aliases(tensor).stream()).filter(present).findFirst();
    }

    /** The tensors that a model of this kind must have, with their shapes in the files, in the order in which they are used. */
    default Map<String, long[]> tensors(DecoderSpec spec) {
        return names().tensors(spec);
    }

    /**
     * Puts tensors in their places.
     *
     * @param tensor gives a tensor by name; asked only for names in {@link #tensors}
     * @param arena takes copies of tensors that have to be rearranged
     */
    default DecoderWeights weights(DecoderSpec spec, Function<String, StoredTensor> tensor, Arena arena) {
        return names().weights(spec, tensor, arena);
    }

    /**
     * What of the files' tensors a unit is: all that makes its value, for a linear layer its row of the weight and its bias; of the neurons between the
     * layers of the MLP all that reads it, the columns of the down projection. With these zero the model computes what it computes with the unit's value
     * zero. Empty for sites whose units are no part of a tensor.
     */
    default List<UnitTensor> unitTensors(DecoderSpec spec, Site site, int layer) {
        return names().unitTensors(spec, site, layer);
    }

    /** The families that can be read. */
    static List<Family> supported() {
        return List.of(new Llama(), new Mistral(), new Qwen2(), new Qwen3(), new Gemma2(), new Gemma3(), new Phi3(), new Phi(),
                new GptNeoX(), new Bloom(), new Opt(), new Gpt2());
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
                    ? family.modelTypes().contains(modelType)
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
