package dev.crane.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import dev.crane.bindings.cuda.CudaDriver;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

/**
 * The use of a device by this process: its primary context, which every library in the process shares. It is current on the thread that opened it, and
 * belongs to that thread with everything made from it.
 */
public final class Context implements AutoCloseable {
    /** Which context is current on a thread; two may be open there, even of one device. */
    private static final class Current {
        static final ThreadLocal<Current> OF_THREAD = ThreadLocal.withInitial(Current::new);
        Context context;
    }

    private final Device device;
    private final Current current = Current.OF_THREAD.get();
    private final Thread owner = Thread.currentThread();
    private final MemorySegment handle;
    private final Set<Resource> resources = new LinkedHashSet<>();
    private final MemoryPool memory;
    private Profile profile;
    private boolean closed;

    Context(Device device) {
        this.device = device;
        handle = Driver.pointer("cuDevicePrimaryCtxRetain", result -> CudaDriver.cuDevicePrimaryCtxRetain(result, device.handle()),
                device.name());
        makeCurrent();
        memory = new MemoryPool(this);
    }

    /** The device. */
    public Device device() {
        return device;
    }

    /** Where device memory comes from. */
    public MemoryPool memory() {
        return memory;
    }

    /** A stream of its own, which does not wait for the default stream. */
    public Stream stream() {
        return new Stream(this);
    }

    /** An event that cannot tell times: cheaper, for order alone. */
    public Event event() {
        return new Event(this, false);
    }

    /** An event whose times can be compared. */
    public Event timingEvent() {
        return new Event(this, true);
    }

    /** Page-locked host memory, which the device copies from and to while the host does other things. */
    public PinnedBuffer pinned(long bytes) {
        return new PinnedBuffer(this, bytes);
    }

    /**
     * Loads compiled code.
     *
     * @param image a cubin, a fatbin, or PTX with a 0 behind it
     * @param name what it is, for messages
     */
    public Module module(byte[] image, String name) {
        return new Module(this, image, name);
    }

    /** Times every launch from now on; null: none. */
    public void profile(Profile timed) {
        profile = timed;
    }

    Profile profile() {
        return profile;
    }

    /** Bytes of device memory that nothing uses, in this process or another. */
    public long freeMemory() {
        check();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment free = arena.allocate(JAVA_LONG);
            Driver.check(CudaDriver.cuMemGetInfo_v2(free, arena.allocate(JAVA_LONG)), "cuMemGetInfo");
            return free.get(JAVA_LONG, 0);
        }
    }

    /** Waits for all work on the device; throws what went wrong in it. */
    public void synchronize() {
        check();
        Driver.check(CudaDriver.cuCtxSynchronize(), "cuCtxSynchronize", device.name());
    }

    /** Descriptions of what was made from this context and is not closed yet, oldest first; for tests. */
    public List<String> open() {
        return resources.stream().map(Resource::toString).toList();
    }

    /** Throws unless the calling thread owns the context and it is open. */
    void check() {
        if (Thread.currentThread() != owner) {
            throw new IllegalStateException(
                    "the GPU is used by thread " + owner.getName() + " and called from " + Thread.currentThread().getName());
        }
        if (closed) {
            throw new IllegalStateException("the context of " + device.name() + " is closed");
        }
        if (current.context != this) {
            makeCurrent();
        }
    }

    private void makeCurrent() {
        Driver.check(CudaDriver.cuCtxSetCurrent(handle), "cuCtxSetCurrent", device.name());
        current.context = this;
    }

    void opened(Resource resource) {
        resources.add(resource);
    }

    void closed(Resource resource) {
        resources.remove(resource);
    }

    boolean isClosed() {
        return closed;
    }

    /** Waits for the device, closes what was left open (see {@link #open}), and lets the device go. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        check();
        int status = CudaDriver.cuCtxSynchronize(); // a failed device cannot be told from here on; what can be freed still is
        Deque<Resource> left = new ArrayDeque<>(resources);
        while (!left.isEmpty()) {
            try {
                left.removeLast().close();
            } catch (CudaException broken) {
                status = status == 0 ? 1 : status; // a context that failed refuses everything; its memory goes with it
            }
        }
        closed = true;
        current.context = null;
        CudaDriver.cuCtxSetCurrent(MemorySegment.NULL);
        int released = CudaDriver.cuDevicePrimaryCtxRelease_v2(device.handle());
        if (status == 0) {
            Driver.check(released, "cuDevicePrimaryCtxRelease", device.name());
        }
    }
}
