package dev.crane.kernels;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
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
 *
 * <p>
 * A source whose backward a relevance rule changes includes {@code rule.cuh}; it is compiled once for each rule in use, with {@code rules/NAME.cuh} in its
 * place.
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

    /** A source, and the rule it is compiled for; null where it includes none. */
    private record Unit(String source, String rule) {
        @Override
        public String toString() {
            return source + ".cu" + (rule == null ? "" : " (" + rule + ")");
        }
    }

    private final Context context;
    private final KernelSources sources;
    private final CubinCache cache;
    private final Map<Unit, Loaded> modules = new LinkedHashMap<>();
    private final Map<String, String> ownRules = new HashMap<>();
    private final Map<String, Optional<Module>> fatbins = new LinkedHashMap<>();

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

    /** Whether {@code nvcc} compiled them when the project was built. */
    public static boolean compiledInBuild() {
        return KernelSources.ofThisBuild().fatbin(KernelSources.PLAIN).isPresent();
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
        return module(new Unit(source, null)).kernel(kernel, parameters);
    }

    /** The same of a source that a relevance rule changes. */
    public Kernel kernel(String source, String rule, String kernel, Parameter... parameters) {
        return module(new Unit(source, rule)).kernel(kernel, parameters);
    }

    /**
     * Makes a relevance rule known beside those of this build.
     *
     * @param name by which kernels are asked for
     * @param text what stands in place of {@code rule.cuh}: the functions of {@code rules/gradient.cuh}
     */
    public void addRule(String name, String text) {
        if (!text.equals(ownRules.putIfAbsent(name, text)) && modules.keySet().stream().anyMatch(unit -> name.equals(unit.rule))) {
            throw new IllegalStateException("the rule '" + name + "' is in use with another text");
        }
        ownRules.put(name, text);
    }

    /** Whether this build has code for a rule. */
    public boolean hasRule(String name) {
        return sources.rules().contains(name);
    }

    /** Whether it is compiled for a rule that does not belong to this build. */
    private boolean isOwn(Unit unit) {
        return unit.rule != null && ownRules.containsKey(unit.rule);
    }

    private Map<String, String> headers(Unit unit) {
        String own = unit.rule == null ? null : ownRules.get(unit.rule);
        return own == null ? sources.headers(unit.rule) : sources.headers(unit.rule, own);
    }

    private Module module(Unit unit) {
        return modules.computeIfAbsent(unit, this::load).module;
    }

    /** Where the code of each source loaded so far came from, in the order they were loaded. */
    public Map<String, Origin> origins() {
        Map<String, Origin> origins = new LinkedHashMap<>();
        modules.forEach((unit, loaded) -> origins.put(unit.toString(), loaded.origin));
        return origins;
    }

    private Loaded load(Unit unit) {
        if (isOwn(unit))
            return compiled(unit);
        String name = unit.rule == null ? KernelSources.PLAIN : unit.rule;
        Optional<Module> fatbin = fatbins.computeIfAbsent(name, this::fatbin);
        return fatbin.isPresent() ? new Loaded(fatbin.get(), Origin.FATBIN) : compiled(unit);
    }

    /** The build's code, unless it has none or none for this device. */
    private Optional<Module> fatbin(String name) {
        try {
            return sources.fatbin(name).map(image -> context.module(image, name + ".fatbin"));
        } catch (CudaException e) {
            if (!e.isNoKernelForDevice()) {
                throw e;
            }
            return Optional.empty();
        }
    }

    private Loaded compiled(Unit unit) {
        CubinCache.Key key = key(unit, compiler(unit));
        Optional<byte[]> kept = cache.get(key);
        if (kept.isPresent()) {
            try {
                return new Loaded(context.module(kept.get(), unit.toString()), Origin.CACHE);
            } catch (CudaException e) {
                if (!e.isNoKernelForDevice()) {
                    throw e;
                }
            }
        }
        byte[] image = compile(unit);
        Module module = context.module(image, unit.toString());
        cache.put(key, image);
        return new Loaded(module, Origin.COMPILED);
    }

    private byte[] compile(Unit unit) {
        try {
            return Nvrtc.compile(unit.source + ".cu", sources.source(unit.source), headers(unit),
                    options(context.device().architecture()));
        } catch (CudaException e) {
            if (e.error().equals("NVRTC_ERROR_COMPILATION") && isOwn(unit))
                throw new CudaException("the relevance rule '" + unit.rule + "' does not compile: " + firstError(e.text()));
            throw e;
        }
    }

    /** What is wrong first; a compiler's log goes on with what follows from it. */
    private static String firstError(String log) {
        return log.lines().filter(line -> line.contains("error")).findFirst().orElse(log.lines().findFirst().orElse("")).strip();
    }

    private CubinCache.Key key(Unit unit, LibraryResult.Found compiler) {
        List<String> madeFrom = new ArrayList<>(List.of(sources.source(unit.source), compiler.version(), identity(compiler.path())));
        madeFrom.addAll(options(context.device().architecture()));
        headers(unit).forEach((header, text) -> madeFrom.addAll(List.of(header, text)));
        return CubinCache.key(unit.source, context.device().architecture(), madeFrom);
    }

    /** The run-time compiler, if it is there and knows the device. */
    private LibraryResult.Found compiler(Unit unit) {
        String whyNot = isOwn(unit)
                ? "a rule that does not belong to this build is compiled when it is used"
                : sources.fatbin(KernelSources.PLAIN).isEmpty()
                        ? "this build has no compiled kernels (it was made without nvcc)"
                        : "the compiled kernels of this build have no code that %s (%s) can run with this driver".formatted(
                                context.device().name(),
                                context.device().architecture());
        LibraryResult.Found compiler;
        try {
            compiler = Nvrtc.library();
        } catch (CudaException missing) {
            throw new CudaException(whyNot + ", and " + missing.text());
        }
        if (!Nvrtc.architectures().contains(context.device().major() * 10 + context.device().minor())) {
            throw new CudaException(
                    ("no kernel %s for %s (%s): %s, and NVRTC %s does not know the chip; install a newer CUDA toolkit and set CUDA_HOME to it,"
                            + " or run: pip install --upgrade nvidia-cuda-nvrtc").formatted(unit, context.device().name(),
                                    context.device().architecture(), whyNot,
                                    compiler.version()));
        }
        return compiler;
    }

    /** What NVRTC is told. */
    static List<String> options(String architecture) {
        return List.of("--gpu-architecture=" + architecture, "--std=c++17", "--extra-device-vectorization");
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
        modules.values().forEach(loaded -> loaded.module.close()); // closing a module twice does nothing
        modules.clear();
        fatbins.clear();
    }
}
