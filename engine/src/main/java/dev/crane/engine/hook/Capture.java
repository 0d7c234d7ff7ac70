package dev.crane.engine.hook;

import dev.crane.engine.backend.Backend;

/**
 * A request to read a hook point in the forward pass.
 *
 * @param point where
 * @param reduction what to compute over the tokens of each sequence, or null for the whole tensor
 */
public record Capture(HookPoint point, Backend.Reduction reduction) {
    /** The whole tensor [tokens of the sequence, width] (attn.probs: [H·T, T]). */
    public static Capture whole(HookPoint point) {
        return new Capture(point, null);
    }
}
