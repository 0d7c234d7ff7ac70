package dev.crane.engine;

import java.util.List;
import java.util.Optional;

import dev.crane.bindings.LibraryResult;
import dev.crane.bindings.NativeLibrary;
import dev.crane.cuda.CudaException;
import dev.crane.cuda.Device;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Precision;
import dev.crane.engine.backend.cpu.CpuBackend;
import dev.crane.engine.backend.cuda.CudaBackend;
import dev.crane.engine.backend.cuda.CudaSettings;
import dev.crane.engine.backend.reference.ReferenceBackend;
import dev.crane.kernels.KernelLibrary;

/** The backends of this build, by name. */
public final class Backends {
    /** Names for {@code --backend}. */
    public static final List<String> NAMES = List.of("auto", "cpu", "cuda", "reference");

    private Backends() {
    }

    /** Starts a backend that computes in f32. */
    public static Backend create(String name, int threads) {
        return create(name, threads, Precision.F32);
    }

    /**
     * Starts a backend.
     *
     * @param name {@code cpu}; {@code cuda}: the first GPU that the driver shows; {@code auto}: the GPU where there is a usable one, otherwise the CPU;
     *        {@code reference}: the plain scalar one, for checks
     * @param threads threads of a CPU backend; 0 for one on each processor
     * @param precision what to compute in; only {@code cuda} computes in anything but f32
     * @throws CraneException if there is no such backend, or it does not work here: one line that says why and how to mend it
     */
    public static Backend create(String name, int threads, Precision precision) {
        if (threads < 0)
            throw new CraneException("threads: " + threads + " is not possible; give 1 or more, or 0 for one on each processor");
        return switch (name) {
            case "auto" -> cudaObstacle().isEmpty() ? cuda(precision) : host("auto", threads, precision);
            case "cpu", "reference" -> host(name, threads, precision);
            case "cuda" -> cuda(precision);
            default -> throw new CraneException("unknown backend '" + name + "'; the backends are " + String.join(", ", NAMES));
        };
    }

    private static Backend host(String name, int threads, Precision precision) {
        if (precision != Precision.F32)
            throw new CraneException(
                    "--precision " + precision.label() + " needs a GPU: the CPU computes in f32, whatever the weights are stored in"
                            + (name.equals("auto") ? " (" + cudaObstacle().orElseThrow() + ")" : ""));
        return name.equals("reference")
                ? new ReferenceBackend()
                : new CpuBackend(threads == 0 ? Runtime.getRuntime().availableProcessors() : threads);
    }

    private static Backend cuda(Precision precision) {
        return new CudaBackend(devices().getFirst(), new CudaSettings(precision));
    }

    private static List<Device> devices() {
        try {
            return Device.all();
        } catch (CudaException e) {
            throw new CraneException(e.getMessage(), e);
        }
    }

    /** Why the {@code cuda} backend cannot be used on this machine: one line; empty where it can. */
    public static Optional<String> cudaObstacle() {
        try {
            Device.all();
        } catch (CudaException e) {
            return Optional.of(e.getMessage());
        }
        if (NativeLibrary.CUBLAS_LT.find() instanceof LibraryResult.Missing missing)
            return Optional.of(missing.advice());
        if (!KernelLibrary.compiledInBuild() && NativeLibrary.NVRTC.find() instanceof LibraryResult.Missing missing)
            return Optional.of("this build has no compiled kernels, and " + missing.advice());
        return Optional.empty();
    }
}
