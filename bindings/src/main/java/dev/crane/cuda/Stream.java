package dev.crane.cuda;

import java.lang.foreign.MemorySegment;

import dev.crane.bindings.cuda.CudaDriver;

/** A queue of work on the device: what is enqueued here runs in order. */
public final class Stream extends Resource {
    private final MemorySegment handle;

    Stream(Context context) {
        super(context);
        handle = Driver.pointer("cuStreamCreate", result -> CudaDriver.cuStreamCreate(result, CudaDriver.CU_STREAM_NON_BLOCKING()));
        opened();
    }

    MemorySegment handle() {
        check();
        return handle;
    }

    /** The context it was made from. */
    public Context context() {
        return context;
    }

    /** Waits until everything enqueued so far is done; throws what went wrong in it. */
    public void synchronize() {
        check();
        Driver.check(CudaDriver.cuStreamSynchronize(handle), "cuStreamSynchronize");
    }

    /** Whether everything enqueued so far is done. */
    public boolean isIdle() {
        check();
        int status = CudaDriver.cuStreamQuery(handle);
        if (status == CudaDriver.CUDA_ERROR_NOT_READY()) {
            return false;
        }
        Driver.check(status, "cuStreamQuery");
        return true;
    }

    /** What is enqueued from now on starts when the event's last record is done. */
    public void await(Event event) {
        check();
        Driver.check(CudaDriver.cuStreamWaitEvent(handle, event.handle(), 0), "cuStreamWaitEvent");
    }

    /** Enqueues a copy on the device of {@code bytes} bytes between two addresses, which are the caller's to check. */
    public void copy(long from, long to, long bytes) {
        check();
        Driver.check(CudaDriver.cuMemcpyDtoDAsync_v2(to, from, bytes, handle), "cuMemcpyDtoDAsync", bytes + " bytes");
    }

    @Override
    void free() {
        Driver.check(CudaDriver.cuStreamDestroy_v2(handle), "cuStreamDestroy");
    }

    @Override
    public String toString() {
        return "stream";
    }
}
