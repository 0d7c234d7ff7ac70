package dev.crane.kernels;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import dev.crane.bindings.LibraryResult;
import dev.crane.cuda.Context;
import dev.crane.cuda.CudaException;
import dev.crane.cuda.Kernel;
import dev.crane.cuda.Module;
import dev.crane.cuda.Nvrtc;
import dev.crane.cuda.Parameter;

/**
 * The CUDA kernels on one device. A source is loaded when a kernel of it is first asked for: from the fatbin that {@code nvcc} made when the project was
 * built, if there is one with code for the device; otherwise NVRTC compiles it now, or did so before and the result is still in the cache.
 */
public final class KernelLibrary implements AutoCloseable {

    /** Where a source's code came from. */
    public enum Origin {
        /** Compiled when the project was built. */
        FATBIN,
        /** Compiled by NVRTC in an earlier run. */
        CACHE,
        /** Compiled by NVRTC just now. */
        COMPILED
    }

    private record Loaded(Module module, Origin origin) {}

    private final Context context;
    private final KernelSources sources;
    private final CubinCache cache;
    private final Map<String, Loaded> modules = new LinkedHashMap<>();

    /** The kernels of this build on a device. */
    public KernelLibrary(Context context) {
        this(context, KernelSources.ofThisBuild(), CubinCache.ofThisUser());
    }

    KernelLibrary(Context context, KernelSources sources, CubinCache cache) {
        this.context = context;
        this.sources = sources;
        this.cache = cache;
    }

    /** Names of all sources of this build, each an op. */
    public static List<String> ops() {
        return KernelSources.ofThisBuild().names();
    }

    /** How many of the sources {@code nvcc} compiled when the project was built. */
    public static int fatbins() {
        KernelSources sources = KernelSources.ofThisBuild();
        return (int) sources.names().stream().filter(name -> sources.fatbin(name).isPresent()).count();
    }

    /** Where kernels that were compiled at run time are kept. */
    public static Path cacheFolder() {
        return CubinCache.ofThisUser().folder();
    }

    /** The device's context. */
    public Context context() {
        return context;
    }

    /**
     * A kernel, checked against what it takes.
     *
     * @param source name of its source, without {@code .cu}
     * @param kernel its own name
     * @param parameters what it takes, in order
     * @throws CudaException if there is no code for the device and none can be made (the message says how to mend that), or it takes other parameters
     */
    public Kernel kernel(String source, String kernel, Parameter... parameters) {
        return modules.computeIfAbsent(source, this::load).module.kernel(kernel, parameters);
    }

    /** Where the code of each source loaded so far came from, in the order they were loaded. */
    public Map<String, Origin> origins() {
        Map<String, Origin> origins = new LinkedHashMap<>();
        modules.forEach((name, loaded) -> origins.put(name, loaded.origin));
        return origins;
    }

    private Loaded load(String name) {
        Optional<byte[]> fatbin = sources.fatbin(name);
        String whyNot = "this build has no compiled kernels (nvcc was not there)";
        if (fatbin.isPresent()) {
            try {
                return new Loaded(context.module(fatbin.get(), name + ".fatbin"), Origin.FATBIN);
            } catch (CudaException e) {
                if (!e.isNoKernelForDevice()) {
                    throw e;
                }
                whyNot = "the compiled kernels of this build have no code that %s (%s) with this driver can run".formatted(
                        context.device().name(),
                        context.device().architecture());
            }
        }
        LibraryResult.Found compiler;
        try {
            compiler = Nvrtc.library();
        } catch (CudaException missing) {
            throw new CudaException(whyNot + ", and " + missing.text());
        }
        return compile(name, compiler);
    }

    private Loaded compile(String name, LibraryResult.Found compiler) {
        String source = sources.source(name);
        String architecture = architecture();
        List<String> options = options(architecture);
        List<String> madeFrom = new ArrayList<>(List.of(source, compiler.version(), identity(compiler.path())));
        madeFrom.addAll(options);
        sources.headers().forEach((header, text) -> madeFrom.addAll(List.of(header, text)));
        String key = CubinCache.key(name, architecture, madeFrom);
        Optional<byte[]> kept = cache.get(key);
        if (kept.isPresent()) {
            try {
                return new Loaded(context.module(kept.get(), name + ".cu"), Origin.CACHE);
            } catch (CudaException e) {
                if (!e.isNoKernelForDevice()) {
                    throw e;
                }
            }
        }
        byte[] image = Nvrtc.compile(name + ".cu", source, sources.headers(), options);
        Module module = context.module(image, name + ".cu");
        cache.put(key, image);
        return new Loaded(module, Origin.COMPILED);
    }

    /** What NVRTC is told. */
    static List<String> options(String architecture) {
        return List.of("--gpu-architecture=" + architecture, "--std=c++17", "--extra-device-vectorization");
    }

    /** The device's own architecture. */
    private String architecture() {
        int own = context.device().major() * 10 + context.device().minor();
        List<Integer> known = Nvrtc.architectures();
        if (!known.contains(own)) {
            throw new CudaException(
                    "NVRTC %s does not know %s (%s); install a CUDA toolkit that does and set CUDA_HOME to it, or run: pip install nvidia-cuda-nvrtc"
                            .formatted(Nvrtc.library().version(), context.device().name(), context.device().architecture()));
        }
        return context.device().architecture();
    }

    /** What tells two builds of one library apart. */
    private static String identity(Path library) {
        try {
            return library.toRealPath() + " " + Files.size(library) + " " + Files.getLastModifiedTime(library).toMillis();
        } catch (IOException unreadable) {
            return library.toString();
        }
    }

    /** Unloads everything; kernels made from it must not be used afterwards. */
    @Override
    public void close() {
        modules.values().forEach(loaded -> loaded.module.close());
        modules.clear();
    }
}
