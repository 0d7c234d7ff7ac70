package dev.crane.engine.backend;

/**
 * What an attention op computes. Query head h reads key/value head {@code h / (heads / kvHeads)}; the query at position p of its sequence attends to
 * key positions k with k ≤ p and, with a window, k &gt; p − window. With ALiBi (arXiv 2108.12409) the score of the query at p and the key at k, after the
 * softcap, gets the summand {@link #slope slope(h)} · (k − p).
 *
 * @param heads query heads H
 * @param kvHeads key/value heads K, a divisor of H
 * @param headDim width D of a head
 * @param scale factor on q·k, usually 1/√D
 * @param softcap if positive, scores become {@code softcap · tanh(score / softcap)} before masking
 * @param window width of the sliding window, 0 for none
 * @param alibi whether scores fall linearly with the distance of the key
 */
public record AttentionShape(int heads, int kvHeads, int headDim, float scale, float softcap, int window, boolean alibi) {
    /** Checks that the heads divide. */
    public AttentionShape {
        if (heads <= 0 || kvHeads <= 0 || headDim <= 0 || heads % kvHeads != 0)
            throw new IllegalArgumentException("heads " + heads + ", kvHeads " + kvHeads + ", headDim " + headDim);
    }

    /** A shape without ALiBi. */
    public AttentionShape(int heads, int kvHeads, int headDim, float scale, float softcap, int window) {
        this(heads, kvHeads, headDim, scale, softcap, window, false);
    }

    /**
     * ALiBi's slope of a query head. With n the largest power of 2 up to the number of heads: 2^(−8(h + 1)/n) for h &lt; n; the heads beyond take every
     * second slope of 2n heads, from the first: 2^(−4(2(h − n) + 1)/n).
     */
    public float slope(int head) {
        int n = Integer.highestOneBit(heads);
        return (float) Math.pow(2, head < n ? -8.0 * (head + 1) / n : -4.0 * (2 * (head - n) + 1) / n);
    }
}
