package dev.crane.bindings;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.bindings.LibraryResult.Found;
import dev.crane.bindings.LibraryResult.Missing;
import dev.crane.bindings.cublas.Cublas;
import dev.crane.bindings.cublaslt.CublasLt;
import dev.crane.bindings.cuda.CudaDriver;
import dev.crane.bindings.nvrtc.Nvrtc;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

/** The libraries of the machine the tests run on, whichever it has. */
class NativeLibraryTest {

    record Bound(NativeLibrary library, Class<?> bindings, String includes) {
        @Override
        public String toString() {
            return library.title();
        }
    }

    static List<Bound> bound() {
        return List.of(new Bound(NativeLibrary.CUDA, CudaDriver.class, "cuda-driver"),
                new Bound(NativeLibrary.CUBLAS, Cublas.class, "cublas"),
                new Bound(NativeLibrary.CUBLAS_LT, CublasLt.class, "cublaslt"), new Bound(NativeLibrary.NVRTC, Nvrtc.class, "nvrtc"));
    }

    /** Skips the test, visibly, where the library is not installed. */
    private static Found installed(NativeLibrary library) {
        return switch (library.find()) {
            case Found found -> found;
            case Missing missing -> abort(missing.advice());
        };
    }

    @ParameterizedTest
    @MethodSource("bound")
    void isDecidedOnceAndClearEitherWay(Bound bound) {
        NativeLibrary library = bound.library;
        assertSame(library.find(), library.find());
        switch (library.find()) {
            case Found found -> {
                assertTrue(found.version().matches("[1-9]\\d*\\.\\d+(\\.\\d+)?"), found.version());
                assertTrue(Files.exists(found.path()), found.path().toString());
                UnsatisfiedLinkError error = assertThrows(UnsatisfiedLinkError.class, () -> library.symbols().find("cuNoSuchFunction"));
                assertTrue(error.getMessage().contains("has no cuNoSuchFunction; install a newer version"), error.getMessage());
            }
            case Missing missing -> {
                assertFalse(missing.tried().isEmpty());
                assertTrue(missing.advice().contains("-D" + library.property()), missing.advice());
                UnsatisfiedLinkError error = assertThrows(UnsatisfiedLinkError.class, () -> library.symbols().find("any"));
                assertEquals(missing.advice(), error.getMessage());
            }
        }
        assertFalse(library.supports("cuNoSuchFunction"));
    }

    @Test
    void bindingsOfAMissingDriverSayHowToMendIt() {
        if (!(NativeLibrary.CUDA.find() instanceof Missing missing)) {
            abort("this machine has a driver");
            return;
        }
        UnsatisfiedLinkError error = assertThrows(UnsatisfiedLinkError.class, () -> CudaDriver.cuInit(0));
        assertEquals(missing.advice(), error.getMessage());
        assertEquals(100, CudaDriver.CUDA_ERROR_NO_DEVICE(), "constants need no library");
    }

    @ParameterizedTest
    @MethodSource("bound")
    void bindingsAreWhatTheIncludeListsSay(Bound bound) throws IOException {
        assertEquals(included(bound), functions(bound).stream().map(Class::getSimpleName).collect(Collectors.toCollection(TreeSet::new)));
    }

    @ParameterizedTest
    @MethodSource("bound")
    void everyBoundFunctionIsThere(Bound bound) throws ClassNotFoundException {
        installed(bound.library);
        for (Class<?> function : functions(bound)) {
            Class.forName(function.getName(), true, function.getClassLoader()); // its initialiser looks the function up
        }
    }

    private static Set<String> included(Bound bound) throws IOException {
        return Files.readAllLines(Path.of("include", bound.includes + ".args")).stream()
                .filter(line -> line.startsWith("--include-function "))
                .map(line -> line.substring("--include-function ".length())).collect(Collectors.toCollection(TreeSet::new));
    }

    /** jextract makes a nested class of each function. */
    private static List<Class<?>> functions(Bound bound) {
        return Arrays.stream(bound.bindings.getDeclaredClasses())
                .filter(nested -> Arrays.stream(nested.getDeclaredFields()).anyMatch(field -> field.getName().equals("ADDR"))).toList();
    }

    @Test
    void cublasLtLiesBesideCublas() {
        assertEquals(installed(NativeLibrary.CUBLAS).path().getParent(), installed(NativeLibrary.CUBLAS_LT).path().getParent());
        assertEquals(installed(NativeLibrary.CUBLAS).version(), installed(NativeLibrary.CUBLAS_LT).version());
    }

    /** Compiling shows that the built-in headers were found; it needs no GPU. */
    @Test
    void nvrtcCompiles() {
        installed(NativeLibrary.NVRTC);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment program = arena.allocate(ADDRESS);
            MemorySegment source = arena.allocateFrom("extern \"C\" __global__ void twice(float* x) { x[threadIdx.x] *= 2.0f; }");
            assertEquals(Nvrtc.NVRTC_SUCCESS(),
                    Nvrtc.nvrtcCreateProgram(program, source, arena.allocateFrom("twice.cu"), 0, MemorySegment.NULL,
                            MemorySegment.NULL));
            MemorySegment options = arena.allocate(ADDRESS);
            options.set(ADDRESS, 0, arena.allocateFrom("--gpu-architecture=compute_80"));
            assertEquals(Nvrtc.NVRTC_SUCCESS(), Nvrtc.nvrtcCompileProgram(program.get(ADDRESS, 0), 1, options));
            MemorySegment size = arena.allocate(JAVA_LONG);
            assertEquals(Nvrtc.NVRTC_SUCCESS(), Nvrtc.nvrtcGetPTXSize(program.get(ADDRESS, 0), size));
            MemorySegment ptx = arena.allocate(size.get(JAVA_LONG, 0));
            assertEquals(Nvrtc.NVRTC_SUCCESS(), Nvrtc.nvrtcGetPTX(program.get(ADDRESS, 0), ptx));
            assertTrue(ptx.getString(0).contains(".entry twice"));
            assertEquals(Nvrtc.NVRTC_SUCCESS(), Nvrtc.nvrtcDestroyProgram(program));
        }
    }
}
