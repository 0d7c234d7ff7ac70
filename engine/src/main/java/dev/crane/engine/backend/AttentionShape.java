package dev.crane.engine.backend;

/**
 * What an attention op computes. Query head h reads key/value head {@code h / (heads / kvHeads)}; the query at position p of its sequence attends to
 * key positions k with k ≤ p and, with a window, k &gt; p − window.
 *
 * @param heads query heads H
 * @param kvHeads key/value heads K, a divisor of H
 * @param headDim width D of a head
 * @param scale factor on q·k, usually 1/√D
 * @param softcap if positive, scores become {@code softcap · tanh(score / softcap)} before masking
 * @param window width of the sliding window, 0 for none
 */
public record AttentionShape(int heads, int kvHeads, int headDim, float scale, float softcap, int window) {
    /** Checks that the heads divide. */
    public AttentionShape {
        if (heads <= 0 || kvHeads <= 0 || headDim <= 0 || heads % kvHeads != 0)
            throw new IllegalArgumentException("heads " + heads + ", kvHeads " + kvHeads + ", headDim " + headDim);
    }
}
