package dev.crane.bindings;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Optional;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

/**
 * The system's dynamic loader. {@link SymbolLookup#libraryLookup} would open the same libraries, but it tells neither why one cannot be opened nor
 * which file a bare name led to, and both are what a person needs who is mending a CUDA installation.
 */
final class DynamicLoader implements LibraryLookup.Loader {
    private static final int RTLD_NOW = 2; // the same on Linux and macOS
    private static final MemoryLayout C_STRING = MemoryLayout.sequenceLayout(Long.MAX_VALUE, JAVA_BYTE);
    private static final long DL_INFO_BYTES = 4 * ADDRESS.byteSize(); // Dl_info: file name, base address, symbol name, symbol address

    private final MethodHandle open = function("dlopen", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
    private final MethodHandle symbol = function("dlsym", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
    private final MethodHandle address = function("dladdr", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
    private final MethodHandle error = function("dlerror", FunctionDescriptor.of(ADDRESS.withTargetLayout(C_STRING)));

    /** Null where the system has no such function, as on Windows, where nothing is ever found. */
    private static MethodHandle function(String name, FunctionDescriptor signature) {
        return Linker.nativeLinker().defaultLookup().find(name).map(f -> Linker.nativeLinker().downcallHandle(f, signature)).orElse(null);
    }

    @Override
    public SymbolLookup open(String file) throws IOException {
        if (open == null || symbol == null || address == null || error == null) {
            throw new IOException("CUDA libraries are looked for on Linux only");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = (MemorySegment) open.invokeExact(arena.allocateFrom(file), RTLD_NOW);
            if (handle.equals(MemorySegment.NULL)) {
                MemorySegment text = (MemorySegment) error.invokeExact();
                throw new IOException(text.equals(MemorySegment.NULL) ? "cannot be opened" : text.getString(0));
            }
            return name -> symbol(handle, name); // never closed: the bindings keep addresses in it for the life of the process
        } catch (IOException | Error | RuntimeException failure) {
            throw failure;
        } catch (Throwable failure) {
            throw new AssertionError(failure);
        }
    }

    private Optional<MemorySegment> symbol(MemorySegment library, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment found = (MemorySegment) symbol.invokeExact(library, arena.allocateFrom(name));
            return found.equals(MemorySegment.NULL) ? Optional.empty() : Optional.of(found);
        } catch (Error | RuntimeException failure) {
            throw failure;
        } catch (Throwable failure) {
            throw new AssertionError(failure);
        }
    }

    @Override
    public Path fileOf(MemorySegment function) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(DL_INFO_BYTES, ADDRESS.byteAlignment());
            if ((int) address.invokeExact(function, info) == 0) {
                throw new AssertionError("the loader does not know the function it gave");
            }
            return Path.of(info.get(ADDRESS.withTargetLayout(C_STRING), 0).getString(0));
        } catch (Error | RuntimeException failure) {
            throw failure;
        } catch (Throwable failure) {
            throw new AssertionError(failure);
        }
    }
}
