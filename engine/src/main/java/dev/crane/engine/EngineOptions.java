package dev.crane.engine;

/**
 * Limits of a loaded engine.
 *
 * @param activationBytes activations held at once; a batch that needs more is run in parts, a single sequence that needs more with layer checkpointing
 */
public record EngineOptions(long activationBytes) {
    /** 1 GiB of activations. */
    public static final EngineOptions DEFAULT = new EngineOptions(1L << 30);
}
