package dev.crane.models.config;

import java.util.Collections;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

import static dev.crane.engine.file.FileErrors.quote;

/**
 * Which layers see a sliding window only.
 *
 * @param sliding for each layer whether it does
 * @param width how many tokens a query of these layers sees, itself included; 0 where no layer has a window
 */
public record Windows(List<Boolean> sliding, int width) {
    /** Copies the list. */
    public Windows {
        sliding = List.copyOf(sliding);
    }

    /** No layer has a window. */
    public static Windows none(int layers) {
        return new Windows(Collections.nCopies(layers, false), 0);
    }

    /**
     * Reads {@code layer_types}, or takes the class's rule where there are none, and {@code sliding_window}.
     *
     * @param absentWidth the class's default for {@code sliding_window}; a null there means that no layer has a window
     * @param rule which layers have a window unless {@code layer_types} says
     */
    public static Windows read(ModelConfig config, int layers, int absentWidth, IntPredicate rule) {
        List<String> types = config.texts("layer_types");
        if (!types.isEmpty() && types.size() != layers) {
            throw config.error("layer_types", "names " + types.size() + " layers; num_hidden_layers says " + layers);
        }
        for (String type : types) {
            if (!type.equals("full_attention") && !type.equals("sliding_attention")) {
                throw config.error("layer_types", "holds " + quote(type) + ", supported are: full_attention, sliding_attention");
            }
        }
        int width = config.isNull("sliding_window") ? 0 : config.size("sliding_window", Integer.MAX_VALUE, absentWidth);
        List<Boolean> sliding = IntStream.range(0, layers)
                .mapToObj(layer -> width > 0 && (types.isEmpty() ? rule.test(layer) : types.get(layer).equals("sliding_attention")))
                .toList();
        return new Windows(sliding, width);
    }

    /** For each layer the width of its window, 0 for none. */
    public List<Integer> widths() {
        return sliding.stream().map(has -> has ? width : 0).toList();
    }
}
