package dev.crane.cli;

import java.util.Locale;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import dev.crane.bindings.LibraryResult;
import dev.crane.bindings.NativeLibrary;
import dev.crane.engine.Backends;
import dev.crane.engine.CraneException;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Precision;

/** Where and how a model runs; a {@link Mixin} of every command that runs one. */
final class BackendOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--backend", paramLabel = "NAME", defaultValue = "auto",
            description = "What computes: auto (a GPU where there is one, else the CPU), cpu, cuda or reference (plain and slow, for checks). Default: ${DEFAULT-VALUE}.")
    private String backend;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "0",
            description = "Threads on the CPU; 0 for one on each processor. Default: ${DEFAULT-VALUE}.")
    private int threads;

    @Option(names = "--precision", paramLabel = "TYPE", defaultValue = "f32",
            description = "What is computed in, f32 or (on a GPU) bf16; weights stay as stored. Default: ${DEFAULT-VALUE}.")
    private String precision;

    @Mixin
    private ProfileOption profile;

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
        return start(backend);
    }

    /** The same for a backend of another name. */
    Backend start(String name) {
        Backend started = profile.start(() -> Backends.create(name.toLowerCase(Locale.ROOT), threads, Precision.named(precision)),
                spec.commandLine().getErr());
        if (name.equalsIgnoreCase("auto"))
            tellChoice(started);
        return started;
    }

    /** Which was chosen, where there was a choice. */
    private void tellChoice(Backend chosen) {
        if (!(NativeLibrary.CUDA.find() instanceof LibraryResult.Found))
            return;
        spec.commandLine().getErr().println(chosen.name().startsWith("cuda")
                ? "running on " + chosen.description()
                : "running on the " + chosen.description() + ", not on a GPU: " + Backends.cudaObstacle().orElse("none is usable"));
    }
}
