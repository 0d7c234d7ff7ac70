package dev.crane.engine.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

import dev.crane.cuda.Context;
import dev.crane.cuda.DeviceBuffer;
import dev.crane.cuda.Event;
import dev.crane.cuda.PinnedBuffer;
import dev.crane.cuda.Stream;
import dev.crane.engine.backend.Tensor;
import dev.crane.kernels.FirstNonFinite;
import dev.crane.kernels.Matrix;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

/** Results that are enqueued now and looked at later, so that the host stays ahead of the device. */
final class LateResults implements AutoCloseable {
    /** Checks between two looks at them: every layer of a deep model, forward and backward. */
    private static final int SLOTS = 1024;
    private static final long SMALLEST_BYTES = 1 << 16;

    /** Checks that are looked at together. */
    private static final class Round {
        int count;
        int[] rows;
    }

    /** A download on its way: page-locked memory, and when it is there. */
    private record Landing(PinnedBuffer memory, Event landed) {}

    private final Context context;
    private final Stream stream;
    private final Staging staging;
    private final FirstNonFinite kernel;
    private final DeviceBuffer workspace;
    private final DeviceBuffer slots;
    private final Deque<Landing> free = new ArrayDeque<>();
    private final List<Landing> all = new ArrayList<>();
    private Round round = new Round();

    LateResults(Context context, Stream stream, Staging staging, FirstNonFinite kernel) {
        this.context = context;
        this.stream = stream;
        this.staging = staging;
        this.kernel = kernel;
        workspace = context.memory().allocate(FirstNonFinite.WORKSPACE_BYTES, stream);
        slots = context.memory().allocate((long) SLOTS * Integer.BYTES, stream);
    }

    /** The first row with a value that is not finite, or −1. */
    IntSupplier firstNonFinite(Matrix x) {
        if (round.count == SLOTS)
            look(round);
        Round own = round;
        int slot = own.count++;
        kernel.launch(stream, x, workspace.address(), slots.address() + (long) slot * Integer.BYTES);
        return () -> {
            if (own.rows == null)
                look(own);
            return own.rows[slot];
        };
    }

    /** Reads all results of a round; the next check begins another. */
    private void look(Round own) {
        own.rows = staging.downloadInts(slots, own.count);
        round = new Round();
    }

    /** The values of an f32 tensor. */
    Supplier<float[]> download(Tensor tensor, DeviceBuffer source) {
        int count = tensor.elements();
        long bytes = (long) count * Float.BYTES;
        Landing landing = landing(bytes);
        MemorySegment target = landing.memory.memory().asSlice(0, bytes);
        source.copyTo(target, 0, stream);
        landing.landed.record(stream);
        return () -> {
            landing.landed.synchronize();
            float[] values = new float[count];
            MemorySegment.copy(target, JAVA_FLOAT, 0, values, 0, count);
            free.add(landing);
            return values;
        };
    }

    private Landing landing(long bytes) {
        for (Landing landing : free)
            if (landing.memory.bytes() >= bytes && landing.memory.bytes() <= Math.max(SMALLEST_BYTES, 4 * bytes)) {
                free.remove(landing);
                return landing;
            }
        Landing landing = new Landing(context.pinned(Math.max(SMALLEST_BYTES, bytes)), context.event());
        all.add(landing);
        return landing;
    }

    @Override
    public void close() {
        stream.synchronize();
        for (Landing landing : all) {
            landing.memory.close();
            landing.landed.close();
        }
        workspace.close();
        slots.close();
    }
}
