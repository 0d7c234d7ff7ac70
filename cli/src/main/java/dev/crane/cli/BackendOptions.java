package dev.crane.cli;

import java.util.Locale;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import dev.crane.engine.Backends;
import dev.crane.engine.CraneException;
import dev.crane.engine.backend.Backend;

/** Where and how a model runs; a {@link Mixin} of every command that runs one. */
final class BackendOptions {
    private static final String F32 = "f32";

    @Option(names = "--backend", paramLabel = "NAME", defaultValue = "auto",
            description = "What computes: auto, cpu, cuda or reference (plain and slow, for checks). Default: ${DEFAULT-VALUE}.")
    private String backend;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "0",
            description = "Threads on the CPU; 0 for one on each processor. Default: ${DEFAULT-VALUE}.")
    private int threads;

    @Option(names = "--precision", paramLabel = "TYPE", defaultValue = F32,
            description = "What is computed in; weights stay as stored. Default: ${DEFAULT-VALUE}, so far the only one.")
    private String precision;

    /** The name that was given. */
    String name() {
        return backend;
    }

    /** The number of threads that was given; 0 for one on each processor. */
    int threads() {
        return threads;
    }

    /**
     * Starts the backend; to be closed.
     *
     * @throws CraneException if there is none of that name or precision, or it does not work here
     */
    Backend start() {
        checkPrecision();
        return Backends.create(backend.toLowerCase(Locale.ROOT), threads);
    }

    private void checkPrecision() {
        String asked = precision.toLowerCase(Locale.ROOT);
        if (asked.equals("bf16"))
            throw new CraneException("--precision bf16 is not there yet: the CPU computes in f32, whatever the weights are stored in");
        if (!asked.equals(F32))
            throw new CraneException("unknown precision '" + precision + "'; the precisions are f32");
    }
}
