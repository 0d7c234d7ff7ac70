package dev.crane.engine.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;

import dev.crane.cuda.Context;
import dev.crane.cuda.DeviceBuffer;
import dev.crane.cuda.Event;
import dev.crane.cuda.PinnedBuffer;
import dev.crane.cuda.Stream;

/**
 * The way of a model's files to the device: a ring of page-locked buffers, filled from the map on all cores while the device copies from the others. Reading
 * the map through page-locked memory uploads several times faster than letting the driver read it.
 */
final class UploadRing implements AutoCloseable {
    private static final int BUFFERS = 4;
    private static final long BUFFER_BYTES = 16L << 20;
    /** What one thread copies at a time: enough that handing it over costs nothing. */
    private static final long PIECE_BYTES = 2L << 20;

    private final Context context;
    private final Stream stream;
    private final PinnedBuffer[] buffers = new PinnedBuffer[BUFFERS];
    private final Event[] copied = new Event[BUFFERS];
    private int next;

    /** @param stream on which the copies run */
    UploadRing(Context context, Stream stream) {
        this.context = context;
        this.stream = stream;
    }

    Stream stream() {
        return stream;
    }

    /** Enqueues a copy of all of {@code source}; it has been read when this returns. */
    void copy(MemorySegment source, DeviceBuffer target) {
        for (long from = 0; from < source.byteSize(); from += BUFFER_BYTES) {
            MemorySegment part = source.asSlice(from, Math.min(BUFFER_BYTES, source.byteSize() - from));
            if (buffers[next] == null) {
                buffers[next] = context.pinned(Math.min(BUFFER_BYTES, Math.max(source.byteSize(), PIECE_BYTES)));
                copied[next] = context.event();
            } else if (buffers[next].bytes() < part.byteSize()) {
                copied[next].synchronize();
                buffers[next].close();
                buffers[next] = context.pinned(BUFFER_BYTES);
            }
            copied[next].synchronize(); // the device has read what lay here
            MemorySegment slot = buffers[next].memory().asSlice(0, part.byteSize());
            fill(slot, part);
            target.copyFrom(slot, from, stream);
            copied[next].record(stream);
            next = (next + 1) % BUFFERS;
        }
    }

    private static void fill(MemorySegment slot, MemorySegment part) {
        int pieces = Math.toIntExact(Math.ceilDiv(part.byteSize(), PIECE_BYTES));
        if (pieces == 1) {
            slot.copyFrom(part);
            return;
        }
        IntStream.range(0, pieces).parallel().forEach(piece -> {
            long at = piece * PIECE_BYTES;
            long bytes = Math.min(PIECE_BYTES, part.byteSize() - at);
            slot.asSlice(at, bytes).copyFrom(part.asSlice(at, bytes));
        });
    }

    @Override
    public void close() {
        stream.synchronize();
        for (int i = 0; i < BUFFERS; i++)
            if (buffers[i] != null) {
                buffers[i].close();
                copied[i].close();
            }
    }
}
