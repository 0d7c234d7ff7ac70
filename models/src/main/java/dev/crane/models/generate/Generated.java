package dev.crane.models.generate;

/**
 * What was generated for one prompt.
 *
 * @param ids the new token ids, a stop token included
 * @param text what they stand for, special tokens left out; empty where the model has no tokenizer
 * @param end why no more came
 */
public record Generated(int[] ids, String text, End end) {
    /** Why generation ended. */
    public enum End {
        /** A token came that ends a text. */
        STOP,
        /** As many tokens came as were asked for. */
        LENGTH,
        /** The sequence reached the model's context. */
        CONTEXT
    }
}
