package dev.crane.engine.backend.cuda;

import java.lang.foreign.MemorySegment;

import dev.crane.cuda.Context;
import dev.crane.cuda.DeviceBuffer;
import dev.crane.cuda.ElementType;
import dev.crane.cuda.Event;
import dev.crane.cuda.PinnedBuffer;
import dev.crane.cuda.Stream;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

/**
 * The way of Java arrays to the device and back, through page-locked memory: two halves, one filled while the device still copies from the other. An
 * upload returns when the array has been read; a download waits for the stream.
 */
final class Staging implements AutoCloseable {
    private static final long HALF_BYTES = 4L << 20;
    private static final int ALIGNMENT = 16;

    private final Stream stream;
    private final PinnedBuffer buffer;
    private final Event[] copied = new Event[2];
    private int half;
    private long used;

    Staging(Context context, Stream stream) {
        this.stream = stream;
        buffer = context.pinned(2 * HALF_BYTES);
        for (int i = 0; i < copied.length; i++)
            copied[i] = context.event();
    }

    /** Some free bytes, at most half of a half; what is written there may be copied from on the stream right after. */
    private MemorySegment slot(long bytes) {
        if (used + bytes > HALF_BYTES) {
            copied[half].record(stream);
            half = 1 - half;
            used = 0;
            copied[half].synchronize(); // the device has read what lay here
        }
        MemorySegment slot = buffer.memory().asSlice(half * HALF_BYTES + used, bytes);
        used += bytes + (-bytes & ALIGNMENT - 1);
        return slot;
    }

    void upload(int[] values, DeviceBuffer target) {
        int step = (int) (HALF_BYTES / 2 / Integer.BYTES);
        for (int from = 0; from < values.length; from += step) {
            int count = Math.min(step, values.length - from);
            MemorySegment slot = slot((long) count * Integer.BYTES);
            MemorySegment.copy(values, from, slot, JAVA_INT, 0, count);
            target.copyFrom(slot, (long) from * Integer.BYTES, stream);
        }
    }

    void upload(float[] values, ElementType type, DeviceBuffer target) {
        int step = (int) (HALF_BYTES / 2 / type.bytes());
        for (int from = 0; from < values.length; from += step) {
            int count = Math.min(step, values.length - from);
            MemorySegment slot = slot((long) count * type.bytes());
            if (type == ElementType.F32)
                MemorySegment.copy(values, from, slot, JAVA_FLOAT, 0, count);
            else
                for (int i = 0; i < count; i++)
                    slot.set(JAVA_SHORT, 2L * i, Bf16.of(values[from + i]));
            target.copyFrom(slot, (long) from * type.bytes(), stream);
        }
    }

    float[] download(DeviceBuffer source, ElementType type, int count) {
        float[] values = new float[count];
        int step = (int) (HALF_BYTES / 2 / type.bytes());
        for (int from = 0; from < count; from += step) {
            int some = Math.min(step, count - from);
            MemorySegment slot = slot((long) some * type.bytes());
            source.copyTo(slot, (long) from * type.bytes(), stream);
            stream.synchronize();
            if (type == ElementType.F32)
                MemorySegment.copy(slot, JAVA_FLOAT, 0, values, from, some);
            else
                for (int i = 0; i < some; i++)
                    values[from + i] = Bf16.toFloat(slot.get(JAVA_SHORT, 2L * i));
        }
        return values;
    }

    int[] downloadInts(DeviceBuffer source, int count) {
        MemorySegment slot = slot((long) count * Integer.BYTES);
        source.copyTo(slot, 0, stream);
        stream.synchronize();
        return slot.toArray(JAVA_INT);
    }

    @Override
    public void close() {
        stream.synchronize();
        buffer.close();
        for (Event event : copied)
            event.close();
    }
}
