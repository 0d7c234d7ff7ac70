package dev.crane.engine.backend.cuda;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

import dev.crane.cuda.Context;
import dev.crane.cuda.DeviceBuffer;
import dev.crane.cuda.ElementType;
import dev.crane.cuda.Stream;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.UnitEdits;
import dev.crane.engine.backend.UnitEdits.Edit;
import dev.crane.kernels.Edits;

/**
 * Interventions as they lie on the device: bitmaps where they only zero units, as masks do, tables otherwise. Those of a mask are handed over with every
 * batch, so they are kept, found by being the same list.
 */
final class EditTables implements AutoCloseable {
    /** All hook points of a deep model under a few sets of interventions. */
    private static final int KEPT = 2048;
    /** Masks of a large model take a few MiB; tables that differ from position to position are many times larger and are not kept for long. */
    private static final long KEPT_BYTES = 256L << 20;
    /** Tables that one op may take. */
    private static final int OF_ONE_OP = 2;

    /** A list by its identity. */
    private record Key(List<Edit> edits) {
        @Override
        @SuppressWarnings("ReferenceEquality") // comparing the contents would cost more than what is saved
        public boolean equals(Object other) {
            return other instanceof Key key && key.edits == edits;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(edits);
        }
    }

    /** The edits at one hook point: either one buffer of bitmaps or one of the four tables, one behind the other. */
    private record Tables(DeviceBuffer buffer, boolean bitmaps, long tableBytes, long bytes) {}

    private final Context context;
    private final Stream stream;
    private final Staging staging;
    private final IndexArrays indices;
    private final LinkedHashMap<Key, Tables> kept = new LinkedHashMap<>(16, 0.75f, true);
    private long keptBytes;

    EditTables(Context context, Stream stream, Staging staging, IndexArrays indices) {
        this.context = context;
        this.stream = stream;
        this.staging = staging;
        this.indices = indices;
    }

    /** What kernels take for these edits, or null where no sequence has one. */
    Edits of(UnitEdits edits, Segments segments) {
        if (edits == null)
            return null;
        int[] ofRow = new int[segments.rows()];
        boolean any = false;
        for (int b = 0; b < segments.count(); b++)
            for (int t = 0; t < segments.length(b); t++) {
                ofRow[segments.start(b) + t] = edits.ofSequence()[b];
                any |= edits.ofSequence()[b] >= 0;
            }
        if (!any)
            return null;
        Tables tables = kept.get(new Key(edits.edits()));
        if (tables == null) {
            tables = upload(edits.edits());
            kept.put(new Key(edits.edits()), tables);
            keptBytes += tables.bytes;
            while (kept.size() > KEPT || (keptBytes > KEPT_BYTES && kept.size() > OF_ONE_OP)) {
                Tables eldest = kept.pollFirstEntry().getValue();
                keptBytes -= eldest.bytes;
                eldest.buffer.close();
            }
        }
        long address = tables.buffer.address();
        long rows = indices.address(ofRow);
        if (tables.bitmaps)
            return Edits.zeroing(rows, address);
        long bytes = tables.tableBytes;
        return new Edits(rows, 0, address, address + bytes, address + 2 * bytes, address + 3 * bytes);
    }

    private Tables upload(List<Edit> edits) {
        return edits.stream().allMatch(EditTables::onlyZeroes) ? bitmaps(edits) : tables(edits);
    }

    private Tables bitmaps(List<Edit> edits) {
        int words = Math.ceilDiv(edits.getFirst().scale().length, Integer.SIZE);
        int[] bits = new int[edits.size() * words];
        for (int e = 0; e < edits.size(); e++) {
            float[] scale = edits.get(e).scale();
            for (int u = 0; u < scale.length; u++)
                if (scale[u] == 0)
                    bits[e * words + u / Integer.SIZE] |= 1 << u % Integer.SIZE;
        }
        DeviceBuffer buffer = context.memory().allocate((long) bits.length * Integer.BYTES, stream);
        staging.upload(bits, buffer);
        return new Tables(buffer, true, 0, (long) bits.length * Integer.BYTES);
    }

    private Tables tables(List<Edit> edits) {
        int width = edits.getFirst().scale().length;
        int length = edits.size() * width;
        float[] all = new float[4 * length];
        List<float[]> parts = new ArrayList<>();
        edits.forEach(edit -> parts.add(edit.scale()));
        edits.forEach(edit -> parts.add(edit.offset()));
        edits.forEach(edit -> parts.add(edit.low()));
        edits.forEach(edit -> parts.add(edit.high()));
        for (int i = 0; i < parts.size(); i++)
            System.arraycopy(parts.get(i), 0, all, i * width, width);
        DeviceBuffer buffer = context.memory().allocate((long) all.length * Float.BYTES, stream);
        staging.upload(all, ElementType.F32, buffer);
        return new Tables(buffer, false, (long) length * Float.BYTES, (long) all.length * Float.BYTES);
    }

    private static boolean onlyZeroes(Edit edit) {
        for (int u = 0; u < edit.scale().length; u++)
            if ((edit.scale()[u] != 0 && edit.scale()[u] != 1) || edit.offset()[u] != 0 || edit.low()[u] != Float.NEGATIVE_INFINITY
                    || edit.high()[u] != Float.POSITIVE_INFINITY)
                return false;
        return true;
    }

    @Override
    public void close() {
        kept.values().forEach(tables -> tables.buffer.close());
        kept.clear();
    }
}
