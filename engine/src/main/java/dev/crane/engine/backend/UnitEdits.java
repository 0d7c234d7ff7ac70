package dev.crane.engine.backend;

import java.util.List;

/**
 * Interventions at one hook point, compiled for the op that produces the tensor there: row t of sequence b becomes
 * {@code clamp(scale[u] · x[t, u] + offset[u], low[u], high[u])} with the edit of its sequence, and stays as it is where the sequence has none.
 * Zeroing is scale 0, offset 0. Backward multiplies the gradient by {@code scale[u]}, and by 0 where the clamp bound.
 *
 * @param edits the distinct edits
 * @param ofSequence for each sequence of the batch the index of its edit, or −1
 */
public record UnitEdits(List<Edit> edits, int[] ofSequence) {
    /**
     * One edit, each array as long as the tensor is wide.
     *
     * @param scale factor; 1 where nothing changes
     * @param offset summand; 0 where nothing changes
     * @param low lower bound; −∞ where none
     * @param high upper bound; +∞ where none
     */
    public record Edit(float[] scale, float[] offset, float[] low, float[] high) {}

    /** The edit of sequence b, or null. */
    public Edit of(int b) {
        return ofSequence[b] < 0 ? null : edits.get(ofSequence[b]);
    }
}
