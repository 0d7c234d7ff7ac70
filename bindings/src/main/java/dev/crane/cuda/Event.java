package dev.crane.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import dev.crane.bindings.cuda.CudaDriver;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

/** A mark in a stream that the host or another stream can wait for. */
public final class Event extends Resource {
    private final MemorySegment handle;

    Event(Context context, boolean timing) {
        super(context);
        int flags = timing ? CudaDriver.CU_EVENT_DEFAULT() : CudaDriver.CU_EVENT_DISABLE_TIMING();
        handle = Driver.pointer("cuEventCreate", result -> CudaDriver.cuEventCreate(result, flags));
        opened();
    }

    MemorySegment handle() {
        check();
        return handle;
    }

    /** Marks the end of what is enqueued on the stream so far; an earlier mark is forgotten. */
    public void record(Stream stream) {
        check();
        Driver.check(CudaDriver.cuEventRecord(handle, stream.handle()), "cuEventRecord");
    }

    /** Waits for the mark; returns at once if there is none. */
    public void synchronize() {
        check();
        Driver.check(CudaDriver.cuEventSynchronize(handle), "cuEventSynchronize");
    }

    /** Whether the mark is reached. */
    public boolean isDone() {
        check();
        int status = CudaDriver.cuEventQuery(handle);
        if (status == CudaDriver.CUDA_ERROR_NOT_READY()) {
            return false;
        }
        Driver.check(status, "cuEventQuery");
        return true;
    }

    /** Milliseconds from the other mark to this one; both must be reached. */
    public float millisecondsSince(Event start) {
        check();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment milliseconds = arena.allocate(JAVA_FLOAT);
            Driver.check(CudaDriver.cuEventElapsedTime_v2(milliseconds, start.handle(), handle), "cuEventElapsedTime");
            return milliseconds.get(JAVA_FLOAT, 0);
        }
    }

    @Override
    void free() {
        Driver.check(CudaDriver.cuEventDestroy_v2(handle), "cuEventDestroy");
    }

    @Override
    public String toString() {
        return "event";
    }
}
