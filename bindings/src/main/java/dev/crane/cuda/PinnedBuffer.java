package dev.crane.cuda;

import java.lang.foreign.MemorySegment;

import dev.crane.bindings.cuda.CudaDriver;

/** Page-locked host memory. Copies from and to it run beside the host's work; its bytes may be touched by any thread. */
public final class PinnedBuffer extends Resource {
    private final MemorySegment memory;

    PinnedBuffer(Context context, long bytes) {
        super(context);
        MemorySegment start = Driver.pointer("cuMemHostAlloc", result -> CudaDriver.cuMemHostAlloc(result, Math.max(bytes, 1), 0),
                bytes + " bytes of page-locked memory");
        memory = start.reinterpret(bytes);
        opened();
    }

    /** Its bytes; must not be touched after it is closed, which nothing checks. */
    public MemorySegment memory() {
        return memory;
    }

    /** Its size. */
    public long bytes() {
        return memory.byteSize();
    }

    @Override
    void free() {
        Driver.check(CudaDriver.cuMemFreeHost(memory), "cuMemFreeHost", this);
    }

    @Override
    public String toString() {
        return "pinned buffer of " + memory.byteSize() + " bytes";
    }
}
