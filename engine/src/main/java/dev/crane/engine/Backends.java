package dev.crane.engine;

import java.util.List;

import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.cpu.CpuBackend;
import dev.crane.engine.backend.reference.ReferenceBackend;

/** The backends of this build, by name. */
public final class Backends {
    /** Names for {@code --backend}. */
    public static final List<String> NAMES = List.of("auto", "cpu", "cuda", "reference");

    private Backends() {
    }

    /**
     * Starts a backend.
     *
     * @param name {@code cpu}; {@code auto}: the fastest that works here; {@code reference}: the plain scalar one, for checks; {@code cuda}
     * @param threads threads of a CPU backend; 0 for one on each processor
     * @throws CraneException if there is no such backend, or it does not work here
     */
    public static Backend create(String name, int threads) {
        if (threads < 0)
            throw new CraneException("threads: " + threads + " is not possible; give 1 or more, or 0 for one on each processor");
        return switch (name) {
            case "auto", "cpu" -> new CpuBackend(threads == 0 ? Runtime.getRuntime().availableProcessors() : threads);
            case "reference" -> new ReferenceBackend();
            case "cuda" -> throw new CraneException("this version has no CUDA backend yet; use --backend cpu");
            default -> throw new CraneException("unknown backend '" + name + "'; the backends are " + String.join(", ", NAMES));
        };
    }
}
