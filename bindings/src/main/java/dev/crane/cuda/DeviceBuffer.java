package dev.crane.cuda;

import java.lang.foreign.MemorySegment;

import dev.crane.bindings.cuda.CudaDriver;

/** Memory on the device, allocated for one stream. Offsets and lengths are bytes. */
public final class DeviceBuffer extends Resource {
    private final long address;
    private final long bytes;
    private final Stream stream;

    DeviceBuffer(Context context, long address, long bytes, Stream stream) {
        super(context);
        this.address = address;
        this.bytes = bytes;
        this.stream = stream;
        opened();
    }

    /** Where it lies on the device. */
    public long address() {
        check();
        return address;
    }

    /** Its size. */
    public long bytes() {
        return bytes;
    }

    private void checkRange(long offset, long count) {
        check();
        if (offset < 0 || count < 0 || offset > bytes - count) {
            throw new IndexOutOfBoundsException("%d bytes at %d of %s".formatted(count, offset, this));
        }
    }

    /**
     * Enqueues a copy of all of {@code source} to {@code offset}. From a {@link PinnedBuffer} this returns at once, and the source must stay unchanged
     * until the stream has come to the copy; from other native memory it may wait.
     */
    public void copyFrom(MemorySegment source, long offset, Stream on) {
        checkRange(offset, source.byteSize());
        Driver.check(CudaDriver.cuMemcpyHtoDAsync_v2(address + offset, source, source.byteSize(), on.handle()), "cuMemcpyHtoDAsync",
                source.byteSize() + " bytes", this);
    }

    /** Enqueues a copy from {@code offset} into all of {@code target}, which holds it when the stream has come to the copy. */
    public void copyTo(MemorySegment target, long offset, Stream on) {
        checkRange(offset, target.byteSize());
        Driver.check(CudaDriver.cuMemcpyDtoHAsync_v2(target, address + offset, target.byteSize(), on.handle()), "cuMemcpyDtoHAsync",
                target.byteSize() + " bytes", this);
    }

    /** Enqueues a copy on the device. */
    public void copyFrom(DeviceBuffer source, long sourceOffset, long offset, long count, Stream on) {
        source.checkRange(sourceOffset, count);
        checkRange(offset, count);
        Driver.check(CudaDriver.cuMemcpyDtoDAsync_v2(address + offset, source.address + sourceOffset, count, on.handle()),
                "cuMemcpyDtoDAsync", count + " bytes", source, this);
    }

    /** Enqueues setting {@code count} 32-bit words from {@code offset} on. */
    public void fill32(int word, long offset, long count, Stream on) {
        checkRange(offset, Math.multiplyExact(count, Integer.BYTES));
        Driver.check(CudaDriver.cuMemsetD32Async(address + offset, word, count, on.handle()), "cuMemsetD32Async", count + " words", this);
    }

    /** Enqueues setting {@code count} 16-bit words from {@code offset} on. */
    public void fill16(short word, long offset, long count, Stream on) {
        checkRange(offset, Math.multiplyExact(count, Short.BYTES));
        Driver.check(CudaDriver.cuMemsetD16Async(address + offset, word, count, on.handle()), "cuMemsetD16Async", count + " words", this);
    }

    /** Gives the memory back when the stream it was allocated for has come to this point. */
    @Override
    void free() {
        context.memory().free(this, address, bytes, stream);
    }

    @Override
    public String toString() {
        return "device buffer of " + bytes + " bytes";
    }
}
