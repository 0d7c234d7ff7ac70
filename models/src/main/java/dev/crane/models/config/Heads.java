package dev.crane.models.config;

import java.util.List;

/**
 * The heads of attention.
 *
 * @param heads query heads
 * @param kvHeads key and value heads
 * @param headDim width of a head
 */
public record Heads(int heads, int kvHeads, int headDim) {
    /** Far above any model; keeps products of widths from overflowing. */
    private static final int WIDEST = 1 << 24;

    /** The keys of {@code num_attention_heads} in files of all spellings. */
    private static final List<String> HEADS = List.of("num_attention_heads", "n_head");

    /**
     * Reads {@code num_attention_heads}, {@code num_key_value_heads} and {@code head_dim}.
     *
     * @param hidden the width of the stream, which the heads divide where no width is given
     * @param absentHeads the class's default
     * @param absentKvHeads the class's default; 0 for as many as there are query heads, which a null means in any class
     * @param absentHeadDim the class's default; 0 for hidden / heads, which a null means in any class
     */
    public static Heads read(ModelConfig config, int hidden, int absentHeads, int absentKvHeads, int absentHeadDim) {
        int heads = config.size(HEADS, absentHeads);
        int kvHeads = config.size("num_key_value_heads",
                absentKvHeads == 0 || config.isNull("num_key_value_heads") ? heads : absentKvHeads);
        if (heads % kvHeads != 0) {
            throw config.error("num_key_value_heads", "is " + kvHeads + ", which does not divide the " + heads + " attention heads");
        }
        boolean fromHidden = !config.has("head_dim") && (absentHeadDim == 0 || config.isNull("head_dim"));
        if (fromHidden && hidden % heads != 0) {
            throw config.error(config.has("n_head") ? "n_head" : "num_attention_heads",
                    "is " + heads + ", which does not divide the hidden size " + hidden + ", and there is no head_dim");
        }
        int headDim = config.size("head_dim", fromHidden ? hidden / heads : absentHeadDim);
        if ((long) heads * headDim > WIDEST) {
            throw config.error("head_dim", "is " + headDim + "; " + heads + " heads must be at most " + WIDEST + " wide");
        }
        return new Heads(heads, kvHeads, headDim);
    }

    /** 1/√headDim, the usual factor on scores. */
    public float scale() {
        return (float) (1 / Math.sqrt(headDim));
    }
}
