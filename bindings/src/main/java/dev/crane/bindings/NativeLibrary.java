package dev.crane.bindings;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

import dev.crane.bindings.LibraryLookup.Opened;

/**
 * The native libraries CRANE can use on a machine with an NVIDIA GPU. Each is looked up when first asked for, once in the life of the process: a
 * driver installed meanwhile is seen by the next start.
 *
 * <p>
 * The order of the search: the system property {@link #property()} if it is set (then nothing else); the names the system's own loader knows, newest
 * first; the toolkit in {@code CUDA_PATH}, {@code CUDA_HOME} or {@code /usr/local/cuda}; the {@code nvidia/*} packages of the Pythons in sight.
 */
public final class NativeLibrary {
    /** The CUDA driver API, which comes with the GPU's driver. */
    public static final NativeLibrary CUDA = new NativeLibrary("CUDA driver", "cuda", List.of("libcuda.so.1"), "cuDriverGetVersion",
            NativeVersion::ofDriver,
            "no NVIDIA driver was found, so everything runs on the CPU; to use a GPU install its driver (https://www.nvidia.com/drivers),"
                    + " or in a container start that with its GPUs (--gpus all)");
    /** cuBLAS. */
    public static final NativeLibrary CUBLAS = new NativeLibrary("cuBLAS", "cublas",
            List.of("libcublas.so.13", "libcublas.so.12", "libcublas.so.11"), "cublasGetProperty",
            NativeVersion::ofCublas,
            "cuBLAS was not found; install the CUDA toolkit 12 or 13 and set CUDA_HOME to it, or run: pip install nvidia-cublas");
    /** cuBLASLt, always the one that lies beside {@link #CUBLAS}. */
    public static final NativeLibrary CUBLAS_LT = new NativeLibrary("cuBLASLt", "cublaslt",
            List.of("libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so.11"), "cublasLtGetVersion",
            NativeVersion::ofCublasLt,
            "cuBLASLt was not found beside cuBLAS; install the CUDA toolkit 12 or 13 and set CUDA_HOME to it, or run: pip install nvidia-cublas");
    /** NVRTC, the compiler for CUDA C++ at run time. */
    public static final NativeLibrary NVRTC = new NativeLibrary("NVRTC", "nvrtc",
            List.of("libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2"), "nvrtcVersion", NativeVersion::ofNvrtc,
            "NVRTC was not found; install the CUDA toolkit 12 or 13 and set CUDA_HOME to it, or run: pip install nvidia-cuda-nvrtc");
    /** Marks of ranges for the profilers of the device's maker, in toolkits before 13; nothing needs it, and where it is not nothing is said. */
    public static final NativeLibrary NVTX = new NativeLibrary("NVTX", "nvtx", List.of("libnvToolsExt.so.1", "libnvToolsExt.so"),
            "nvtxRangePushA", library -> "1", "NVTX was not found; it comes with CUDA toolkits before 13");

    /**
     * Functions that older libraries know by another name. Only where the signature and the meaning are the same: the unversioned names of most
     * driver functions are an older ABI and must never stand in.
     */
    private static final Map<String, String> OLDER_NAMES = Map.of("cuEventElapsedTime_v2", "cuEventElapsedTime"); // renamed in CUDA 12.8

    private final String title;
    private final String property;
    private final List<String> sonames;
    private final String versionFunction;
    private final Function<SymbolLookup, String> version;
    private final String advice;
    private Opened opened;
    private LibraryResult result;

    private NativeLibrary(String title, String shortName, List<String> sonames, String versionFunction,
            Function<SymbolLookup, String> version,
            String advice) {
        this.title = title;
        this.property = "dev.crane.lib." + shortName;
        this.sonames = sonames;
        this.versionFunction = versionFunction;
        this.version = version;
        this.advice = advice;
    }

    /** All of them that computing takes, those that others need first. */
    public static List<NativeLibrary> all() {
        return List.of(CUDA, CUBLAS, CUBLAS_LT, NVRTC);
    }

    /** Its name for people. */
    public String title() {
        return title;
    }

    /** The system property that names the file to load (or the folder it lies in) instead of searching for it. */
    public String property() {
        return property;
    }

    /** File names it goes by, newest version first. */
    List<String> sonames() {
        return sonames;
    }

    /** A function every version of it has, and no other library. */
    String versionFunction() {
        return versionFunction;
    }

    /** What it takes to have it. */
    String advice() {
        return advice + "; or name its file with -D" + property + "=FILE";
    }

    /** Looks for the library, the first time; never throws for a missing one. */
    public synchronized LibraryResult find() {
        if (result == null) {
            LibraryLookup.Search search = LibraryLookup.ofThisMachine().search(this);
            if (search.opened().isPresent()) {
                opened = search.opened().get();
                result = new LibraryResult.Found(opened.path(), version.apply(opened.symbols()));
            } else {
                result = new LibraryResult.Missing(search.tried(), search.advice());
            }
        }
        return result;
    }

    /** Whether it is there and has {@code function}. */
    public boolean supports(String function) {
        return find() instanceof LibraryResult.Found && resolve(function).isPresent();
    }

    /**
     * Its functions, for the generated bindings, which ask for each when it is first called. Having this lookup promises nothing: it is asking it for
     * a function that throws an {@link UnsatisfiedLinkError} when the library is missing, or too old to have the function, with a message that says
     * which and how to mend it.
     */
    public SymbolLookup symbols() {
        return function -> switch (find()) {
            case LibraryResult.Missing missing -> throw new UnsatisfiedLinkError(missing.advice());
            case LibraryResult.Found found -> {
                Optional<MemorySegment> address = resolve(function);
                if (address.isEmpty()) {
                    throw new UnsatisfiedLinkError(
                            "%s %s (%s) has no %s; install a newer version".formatted(title, found.version(), found.path(),
                                    function));
                }
                yield address;
            }
        };
    }

    private synchronized Optional<MemorySegment> resolve(String function) {
        return opened.symbols().find(function)
                .or(() -> Optional.ofNullable(OLDER_NAMES.get(function)).flatMap(older -> opened.symbols().find(older)));
    }
}
