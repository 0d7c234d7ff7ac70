package dev.crane.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.Collectors;

import dev.crane.bindings.LibraryResult;
import dev.crane.bindings.NativeLibrary;
import dev.crane.bindings.cuda.CudaDriver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

/** Starting the driver, and turning its status codes into exceptions. */
final class Driver {
    /** Stream-ordered pools, the versioned context functions and lazy loading are all there from CUDA 12 on. */
    static final int OLDEST = 12_000;
    private static final MemoryLayout C_STRING = MemoryLayout.sequenceLayout(Long.MAX_VALUE, JAVA_BYTE);
    private static boolean started;

    private Driver() {
    }

    /**
     * Starts the driver, once.
     *
     * @throws CudaException if there is none, it is too old, or it finds no usable GPU
     */
    static synchronized void start() {
        if (started) {
            return;
        }
        if (NativeLibrary.CUDA.find() instanceof LibraryResult.Missing missing) {
            throw new CudaException(missing.advice());
        }
        int version = integer("cuDriverGetVersion", CudaDriver::cuDriverGetVersion);
        if (version < OLDEST) {
            throw new CudaException("the NVIDIA driver is made for CUDA %d.%d, and 12.0 or newer is needed; install a newer driver"
                    .formatted(version / 1000, version % 1000 / 10) + " (https://www.nvidia.com/drivers)");
        }
        int status = CudaDriver.cuInit(0);
        if (status == CudaDriver.CUDA_ERROR_NO_DEVICE()) {
            throw new CudaException("the NVIDIA driver finds no GPU; is CUDA_VISIBLE_DEVICES empty, or a container started without its GPUs"
                    + " (--gpus all)?");
        }
        check(status, "cuInit");
        started = true;
    }

    /** Throws unless the status is success. The arguments, given one after another, describe the call. */
    static void check(int status, String function, Object... arguments) {
        if (status != 0) {
            throw failure(status, function, arguments);
        }
    }

    static CudaException failure(int status, String function, Object... arguments) {
        String call = function + Arrays.stream(arguments).map(String::valueOf).collect(Collectors.joining(", ", "(", ")"));
        return new CudaException(text(status, CudaDriver::cuGetErrorName), explanation(status), call);
    }

    private static String explanation(int status) {
        String text = text(status, CudaDriver::cuGetErrorString);
        if (status == CudaDriver.CUDA_ERROR_ILLEGAL_ADDRESS() || status == CudaDriver.CUDA_ERROR_LAUNCH_FAILED()) {
            return text + "; it arose in work enqueued before this call, and the process cannot use the GPU any more";
        }
        return text;
    }

    private interface Describe {
        int call(int status, MemorySegment text);
    }

    private static String text(int status, Describe describe) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pointer = arena.allocate(ADDRESS);
            if (describe.call(status, pointer) != 0) {
                return "error " + status;
            }
            return pointer.get(ADDRESS.withTargetLayout(C_STRING), 0).getString(0);
        }
    }

    /** A call that gives something through its first argument. */
    interface Out {
        int call(MemorySegment result);
    }

    static int integer(String function, Out call, Object... arguments) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment result = arena.allocate(JAVA_INT);
            check(call.call(result), function, arguments);
            return result.get(JAVA_INT, 0);
        }
    }

    static long longInteger(String function, Out call, Object... arguments) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment result = arena.allocate(JAVA_LONG);
            check(call.call(result), function, arguments);
            return result.get(JAVA_LONG, 0);
        }
    }

    static MemorySegment pointer(String function, Out call, Object... arguments) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment result = arena.allocate(ADDRESS);
            check(call.call(result), function, arguments);
            return result.get(ADDRESS, 0);
        }
    }
}
