package dev.crane.engine.decoder;

/** How a decoder knows where a token stands. */
public sealed interface Positions {
    /**
     * Rotary positions, half-split: within the first {@code rotaryDim} entries of a head, entry i is rotated with entry i + rotaryDim/2 by the
     * angle position · f_i, and both results are multiplied by the scaling's attention factor. {@link RopeFrequencies} gives the f_i.
     *
     * @param theta base of the wavelengths
     * @param rotaryDim how many leading entries of each head are rotated; even
     * @param scaling how the frequencies are stretched for long contexts
     */
    record Rope(double theta, int rotaryDim, RopeScaling scaling) implements Positions {
        public Rope {
            if (!(theta > 0) || Double.isInfinite(theta) || rotaryDim < 2 || rotaryDim % 2 != 0) {
                throw new IllegalArgumentException("rope theta " + theta + ", rotary width " + rotaryDim);
            }
        }
    }

    /** Attention scores fall linearly with distance, by a slope of each head: {@link dev.crane.engine.backend.AttentionShape#slope}. */
    record Alibi() implements Positions {}

    /**
     * A learned vector for each position, added to the embedding; the layers themselves know nothing of positions.
     *
     * @param offset row of the table that belongs to position 0
     */
    record Learned(int offset) implements Positions {
        public Learned {
            if (offset < 0) {
                throw new IllegalArgumentException("position offset " + offset);
            }
        }
    }

    /** None: this layer sees the order of the tokens by the causal mask alone. */
    record None() implements Positions {}
}
