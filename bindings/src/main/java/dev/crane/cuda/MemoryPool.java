package dev.crane.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import dev.crane.bindings.cuda.CudaDriver;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

/**
 * The device's stream-ordered memory pool. An allocation costs under a microsecond where {@code cuMemAlloc} costs 70 and waits for the device, as long
 * as the pool keeps what is given back; by default it keeps nothing over a synchronisation, so the threshold is raised here.
 */
public final class MemoryPool {
    // enum CUmemPool_attribute of cuda.h
    private static final int RELEASE_THRESHOLD = 4;
    private static final int RESERVED_MEM_CURRENT = 5;
    private static final int USED_MEM_CURRENT = 7;
    private static final int USED_MEM_HIGH = 8;

    private final Context context;
    private final MemorySegment handle;
    private final MemorySegment pointer = Arena.ofAuto().allocate(ADDRESS);
    private long held;

    MemoryPool(Context context) {
        this.context = context;
        Device device = context.device();
        if (!device.memoryPools()) {
            handle = null;
            return;
        }
        handle = Driver.pointer("cuDeviceGetDefaultMemPool", pool -> CudaDriver.cuDeviceGetDefaultMemPool(pool, device.handle()));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment everything = arena.allocate(JAVA_LONG);
            everything.set(JAVA_LONG, 0, -1); // an unsigned 64-bit number: never release
            Driver.check(CudaDriver.cuMemPoolSetAttribute(handle, RELEASE_THRESHOLD, everything), "cuMemPoolSetAttribute",
                    "RELEASE_THRESHOLD");
        }
    }

    /**
     * Memory for the work enqueued on a stream from now on; its contents are undefined.
     *
     * @param bytes at least 0; an empty buffer has an address too
     * @throws CudaException if there is too little memory, even after the pool gave back what it keeps in reserve
     */
    public DeviceBuffer allocate(long bytes, Stream stream) {
        context.check();
        if (bytes < 0) {
            throw new IllegalArgumentException("a buffer of " + bytes + " bytes");
        }
        long size = Math.max(bytes, 1);
        int status = tryAllocate(size, stream);
        if (status == CudaDriver.CUDA_ERROR_OUT_OF_MEMORY()) { // a failed pooled allocation may have grown the pool: free, wait, trim, once more
            stream.synchronize();
            trim();
            status = tryAllocate(size, stream);
        }
        if (status != 0) {
            throw failure(status, bytes);
        }
        held += bytes;
        return new DeviceBuffer(context, pointer.get(JAVA_LONG, 0), bytes, stream);
    }

    private int tryAllocate(long bytes, Stream stream) {
        return handle == null ? CudaDriver.cuMemAlloc_v2(pointer, bytes) : CudaDriver.cuMemAllocAsync(pointer, bytes, stream.handle());
    }

    private CudaException failure(int status, long bytes) {
        if (status != CudaDriver.CUDA_ERROR_OUT_OF_MEMORY()) {
            return Driver.failure(status, "cuMemAllocAsync", bytes + " bytes");
        }
        return new CudaException("CUDA_ERROR_OUT_OF_MEMORY",
                "out of memory on %s: %.1f MB were asked for, this process holds %.1f MB, and %.1f of %.1f MB are free".formatted(
                        context.device().name(), bytes / 1e6, held / 1e6, context.freeMemory() / 1e6, context.device().memory() / 1e6),
                "cuMemAllocAsync");
    }

    void free(DeviceBuffer buffer, long address, long bytes, Stream stream) {
        held -= bytes;
        if (handle == null) {
            stream.synchronize();
            Driver.check(CudaDriver.cuMemFree_v2(address), "cuMemFree", buffer);
        } else {
            Driver.check(CudaDriver.cuMemFreeAsync(address, stream.handle()), "cuMemFreeAsync", buffer);
        }
    }

    /** Gives memory that is kept in reserve back to the device. */
    public void trim() {
        context.check();
        if (handle != null) {
            Driver.check(CudaDriver.cuMemPoolTrimTo(handle, 0), "cuMemPoolTrimTo");
        }
    }

    /** Bytes that buffers hold, by our own count. */
    public long heldBytes() {
        return held;
    }

    /** Bytes in use as the driver counts them; what is freed counts until its stream gets there. */
    public long usedBytes() {
        return attribute(USED_MEM_CURRENT, "USED_MEM_CURRENT");
    }

    /** The largest value of {@link #usedBytes()} so far. */
    public long peakBytes() {
        return attribute(USED_MEM_HIGH, "USED_MEM_HIGH");
    }

    /** Begins {@link #peakBytes} anew. */
    public void resetPeak() {
        context.check();
        if (handle != null) {
            try (Arena arena = Arena.ofConfined()) {
                Driver.check(CudaDriver.cuMemPoolSetAttribute(handle, USED_MEM_HIGH, arena.allocate(JAVA_LONG)), "cuMemPoolSetAttribute",
                        "USED_MEM_HIGH");
            }
        }
    }

    /** Bytes the pool has taken from the device, in use or in reserve. */
    public long reservedBytes() {
        return attribute(RESERVED_MEM_CURRENT, "RESERVED_MEM_CURRENT");
    }

    private long attribute(int attribute, String name) {
        context.check();
        return handle == null
                ? held
                : Driver.longInteger("cuMemPoolGetAttribute", value -> CudaDriver.cuMemPoolGetAttribute(handle, attribute, value), name);
    }
}
