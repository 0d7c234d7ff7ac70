package dev.crane.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

import dev.crane.bindings.LibraryResult;
import dev.crane.bindings.NativeLibrary;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

/** Names ranges of the host's time for the profilers of the device's maker (nsys, ncu). Where NVTX is not there nothing happens. */
public final class Nvtx {
    private static final MethodHandle PUSH;
    private static final MethodHandle POP;

    static {
        boolean there = NativeLibrary.NVTX.find() instanceof LibraryResult.Found;
        SymbolLookup library = NativeLibrary.NVTX.symbols();
        PUSH = there
                ? Linker.nativeLinker().downcallHandle(library.find("nvtxRangePushA").orElseThrow(),
                        FunctionDescriptor.of(JAVA_INT, ADDRESS))
                : null;
        POP = there
                ? Linker.nativeLinker().downcallHandle(library.find("nvtxRangePop").orElseThrow(), FunctionDescriptor.of(JAVA_INT))
                : null;
    }

    private Nvtx() {
    }

    /** A range begins on this thread. */
    public static void push(String name) {
        if (PUSH == null) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocateFrom(name);
            int ignored = (int) PUSH.invokeExact(text);
        } catch (Throwable failure) {
            throw new AssertionError(failure);
        }
    }

    /** The range that began last on this thread ends. */
    public static void pop() {
        if (POP == null) {
            return;
        }
        try {
            int ignored = (int) POP.invokeExact();
        } catch (Throwable failure) {
            throw new AssertionError(failure);
        }
    }
}
