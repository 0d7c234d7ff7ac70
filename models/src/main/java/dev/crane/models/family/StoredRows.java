package dev.crane.models.family;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;

import dev.crane.engine.tensor.StoredTensor;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

/** Rearrangements of stored matrices whose rows are not those of a linear layer: copies, but for rows that lie together. */
final class StoredRows {
    private StoredRows() {
    }

    /**
     * Some rows of a matrix, or elements of a vector, in a given order. Rows that follow one another are a part of the tensor itself.
     *
     * @param part what they are, for the name
     */
    static StoredTensor of(StoredTensor tensor, int[] rows, String part, Arena arena) {
        long rowBytes = tensor.data().byteSize() / tensor.size(0);
        MemorySegment data;
        if (IntStream.range(0, rows.length).allMatch(i -> rows[i] == rows[0] + i)) {
            data = tensor.data().asSlice(rows[0] * rowBytes, rows.length * rowBytes);
        } else {
            data = arena.allocate(rows.length * rowBytes, Long.BYTES);
            for (int i = 0; i < rows.length; i++) {
                MemorySegment.copy(tensor.data(), rows[i] * rowBytes, data, i * rowBytes, rowBytes);
            }
        }
        long[] shape = tensor.shape().clone();
        shape[0] = rows.length;
        return new StoredTensor(tensor.name() + " (" + part + ")", tensor.dtype(), shape, data.asReadOnly());
    }

    /** A matrix [inputs, outputs] as [outputs, inputs]. */
    static StoredTensor transposed(StoredTensor tensor, Arena arena) {
        int rows = tensor.size(0);
        int columns = tensor.size(1);
        MemorySegment from = tensor.data();
        MemorySegment to = arena.allocate(from.byteSize(), Long.BYTES);
        boolean wide = tensor.dtype().bits() == 32;
        IntStream.range(0, columns).parallel().forEach(j -> {
            for (int i = 0; i < rows; i++) {
                long source = (long) i * columns + j;
                long target = (long) j * rows + i;
                if (wide) {
                    to.set(JAVA_INT_UNALIGNED, target * Integer.BYTES, from.get(JAVA_INT_UNALIGNED, source * Integer.BYTES));
                } else {
                    to.set(JAVA_SHORT_UNALIGNED, target * Short.BYTES, from.get(JAVA_SHORT_UNALIGNED, source * Short.BYTES));
                }
            }
        });
        return new StoredTensor(tensor.name(), tensor.dtype(), new long[]{columns, rows}, to.asReadOnly());
    }
}
