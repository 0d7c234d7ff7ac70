package dev.crane.engine.backend.cuda;

import dev.crane.engine.backend.Precision;

/**
 * How the GPU is used.
 *
 * @param precision what is computed in
 * @param memoryLimit bytes of device memory to take at most; 0 for nearly all that is free
 * @param randomWeights whether weights are made on the device instead of read, as models begin their training: for benchmarks of shapes whose files are
 *        not at hand
 */
public record CudaSettings(Precision precision, long memoryLimit, boolean randomWeights) {
    /** What the driver, cuBLASLt and fragmentation may take beside what we count: a sixteenth, and 256 MB. */
    private static final long RESERVE = 256L << 20;

    /** Nearly all the memory that is free. */
    public CudaSettings(Precision precision) {
        this(precision, 0);
    }

    /** Stored weights. */
    public CudaSettings(Precision precision, long memoryLimit) {
        this(precision, memoryLimit, false);
    }

    /**
     * How memory is divided.
     *
     * @param all of it
     * @param residentWeights weights that stay on the device; the rest is streamed
     * @param streamedWeights room for streamed weights while they are used
     * @param activations what is left for a pass when all of that is taken
     */
    record Limits(long all, long residentWeights, long streamedWeights, long activations) {}

    /**
     * Weights may stay until three quarters are taken; where they do not all fit, one eighth is for streaming them and one eighth for activations.
     *
     * @param free bytes that are free on the device now
     */
    Limits limits(long free) {
        long all = memoryLimit > 0 ? memoryLimit : Math.max(free / 2, free - free / 16 - RESERVE);
        return new Limits(all, all / 4 * 3, all / 8, all / 8);
    }
}
