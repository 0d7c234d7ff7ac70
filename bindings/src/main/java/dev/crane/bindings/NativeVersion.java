package dev.crane.bindings;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

/**
 * Asks a library that was just opened for its version. None of these calls needs a GPU, a context or a handle. They are made by hand, since the
 * generated bindings ask for the very library that is being opened here.
 */
final class NativeVersion {
    private NativeVersion() {
    }

    /** The newest CUDA that the driver knows, such as {@code 13.0}. */
    static String ofDriver(SymbolLookup driver) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment version = arena.allocate(JAVA_INT);
            call(driver, "cuDriverGetVersion", FunctionDescriptor.of(JAVA_INT, ADDRESS), version);
            int v = version.get(JAVA_INT, 0); // 13000
            return v / 1000 + "." + v % 1000 / 10;
        }
    }

    /** Such as {@code 13.1.1}; by {@code cublasGetProperty}, because {@code cublasGetVersion} is said to want a handle. */
    static String ofCublas(SymbolLookup cublas) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment part = arena.allocate(JAVA_INT);
            StringBuilder version = new StringBuilder();
            for (int property = 0; property < 3; property++) { // MAJOR_VERSION, MINOR_VERSION, PATCH_LEVEL
                call(cublas, "cublasGetProperty", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS), property, part);
                version.append(property == 0 ? "" : ".").append(part.get(JAVA_INT, 0));
            }
            return version.toString();
        }
    }

    /** Such as {@code 13.1.1}. */
    static String ofCublasLt(SymbolLookup cublasLt) {
        long v = (long) call(cublasLt, "cublasLtGetVersion", FunctionDescriptor.of(JAVA_LONG)); // 130101
        return v / 10_000 + "." + v / 100 % 100 + "." + v % 100;
    }

    /** Such as {@code 13.0}. */
    static String ofNvrtc(SymbolLookup nvrtc) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment major = arena.allocate(JAVA_INT);
            MemorySegment minor = arena.allocate(JAVA_INT);
            call(nvrtc, "nvrtcVersion", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS), major, minor);
            return major.get(JAVA_INT, 0) + "." + minor.get(JAVA_INT, 0);
        }
    }

    private static Object call(SymbolLookup library, String function, FunctionDescriptor signature, Object... arguments) {
        MethodHandle handle = Linker.nativeLinker().downcallHandle(library.find(function).orElseThrow(), signature);
        try {
            return handle.invokeWithArguments(arguments);
        } catch (Throwable failure) {
            throw new AssertionError(function + " takes other arguments", failure);
        }
    }
}
