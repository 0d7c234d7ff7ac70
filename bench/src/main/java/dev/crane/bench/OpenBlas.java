package dev.crane.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;

import dev.crane.engine.CraneException;

/** OpenBLAS's f32 matrix product on one thread: the peer of the project's own. */
final class OpenBlas {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
    private static final int ROW_MAJOR = 101;
    private static final int NOT_TRANSPOSED = 111;
    private static final int TRANSPOSED = 112;

    private final MethodHandle sgemm;
    private final String description;

    private OpenBlas(SymbolLookup library, String file) throws Throwable {
        Linker linker = Linker.nativeLinker();
        linker.downcallHandle(find(library, "openblas_set_num_threads", file), FunctionDescriptor.ofVoid(INT)).invoke(1);
        description = text(linker, find(library, "openblas_get_config", file)) + ", kernels for " + text(linker,
                find(library, "openblas_get_corename", file));
        sgemm = linker.downcallHandle(find(library, "cblas_sgemm", file), FunctionDescriptor.ofVoid(INT, INT, INT, INT, INT, INT, FLOAT,
                ValueLayout.ADDRESS, INT, ValueLayout.ADDRESS, INT, FLOAT, ValueLayout.ADDRESS, INT));
    }

    private static MemorySegment find(SymbolLookup library, String function, String file) {
        return library.find(function).orElseThrow(() -> new CraneException(
                file + " is not OpenBLAS: it has no " + function + "; name another with -Dcrane.openblas=FILE"));
    }

    private static String text(Linker linker, MemorySegment function) throws Throwable {
        MemorySegment text = (MemorySegment) linker.downcallHandle(function, FunctionDescriptor.of(ValueLayout.ADDRESS)).invoke();
        return text.reinterpret(Long.MAX_VALUE).getString(0).strip();
    }

    /**
     * Opens the library that the property {@code crane.openblas} names, or the first found of its usual names and places.
     *
     * @throws CraneException when there is none
     */
    static OpenBlas open() {
        String named = System.getProperty("crane.openblas");
        List<String> files = named != null
                ? List.of(named)
                : List.of("libopenblas.so.0", "libopenblas.so",
                        "/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0",
                        "/usr/lib/aarch64-linux-gnu/openblas-pthread/libopenblas.so.0",
                        "libopenblas.dylib", "/opt/homebrew/opt/openblas/lib/libopenblas.dylib", "libopenblas.dll");
        List<String> tried = new ArrayList<>();
        for (String file : files) {
            try {
                return new OpenBlas(SymbolLookup.libraryLookup(file, Arena.global()), file);
            } catch (IllegalArgumentException notFound) {
                tried.add(file);
            } catch (RuntimeException | Error failure) {
                throw failure;
            } catch (Throwable failure) {
                throw new IllegalStateException(failure);
            }
        }
        throw new CraneException("no OpenBLAS (tried " + String.join(", ", tried)
                + "); on Debian: apt install libopenblas0, or name it with -Dcrane.openblas=FILE");
    }

    /** Version, build options and the processor whose kernels it runs. */
    String description() {
        return description;
    }

    /** z = x · wᵀ, dense: x [rows, in], w [out, in], z [rows, out]. */
    void linear(int rows, int in, int out, MemorySegment x, MemorySegment w, MemorySegment z) {
        call(TRANSPOSED, rows, out, in, x, w, in, z);
    }

    /** dx = dz · w, dense. */
    void linearBackwardInput(int rows, int in, int out, MemorySegment dz, MemorySegment w, MemorySegment dx) {
        call(NOT_TRANSPOSED, rows, in, out, dz, w, in, dx);
    }

    private void call(int transposition, int m, int n, int k, MemorySegment a, MemorySegment b, int ldb, MemorySegment c) {
        try {
            sgemm.invokeExact(ROW_MAJOR, NOT_TRANSPOSED, transposition, m, n, k, 1f, a, k, b, ldb, 0f, c, n);
        } catch (RuntimeException | Error failure) {
            throw failure;
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        }
    }
}
