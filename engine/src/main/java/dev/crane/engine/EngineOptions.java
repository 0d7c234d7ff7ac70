package dev.crane.engine;

/**
 * Limits of a loaded engine.
 *
 * @param activationBytes activations held at once; a batch that needs more is run in parts, a single sequence that needs more with layer checkpointing
 * @param resultBytes what logits, captures and gradients of one call may take on the Java heap; a call that would give more is refused before it runs
 */
public record EngineOptions(long activationBytes, long resultBytes) {
    /** 1 GiB of activations; results within half of what the Java heap may grow to. */
    public static final EngineOptions DEFAULT = new EngineOptions(1L << 30);

    /** Results within half of what the Java heap may grow to. */
    public EngineOptions(long activationBytes) {
        this(activationBytes, Runtime.getRuntime().maxMemory() / 2);
    }
}
