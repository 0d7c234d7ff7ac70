package dev.crane.engine.decoder;

/**
 * A normalisation over the hidden width.
 *
 * @param kind which statistic divides
 * @param epsilon added to the mean square (or variance) before the square root
 */
public record NormSpec(Kind kind, float epsilon) {
    /** The kinds of normalisation. */
    public enum Kind {
        /** x / √(mean(x²) + ε) · w, as in Llama. */
        RMS,
        /** x / √(mean(x²) + ε) · (1 + w), as in Gemma. */
        RMS_ONE_PLUS,
        /** (x − mean(x)) / √(var(x) + ε) · w + b, as in GPT-2. */
        LAYER
    }

    /** Where the norms of a layer stand. */
    public enum Placement {
        /** Before attention and before the MLP, inside the residual branch. */
        PRE,
        /** Before and after attention and MLP, four a layer, as in Gemma 2. */
        PRE_AND_POST,
        /** After attention and after the MLP only, before what they give is added to the stream. */
        POST;

        /** Whether a sublayer's input is normed. */
        public boolean pre() {
            return this != POST;
        }

        /** Whether a sublayer's output is normed. */
        public boolean post() {
            return this != PRE;
        }
    }

    public NormSpec {
        if (!(epsilon >= 0) || Float.isInfinite(epsilon)) {
            throw new IllegalArgumentException("norm epsilon " + epsilon);
        }
    }
}
