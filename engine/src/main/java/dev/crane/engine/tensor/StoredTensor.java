package dev.crane.engine.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A named tensor as it lies in a file: little-endian, row-major, possibly unaligned.
 *
 * @param name its name in the file
 * @param dtype element type
 * @param shape sizes, outermost first; empty for a scalar
 * @param data exactly the tensor's bytes, usually a slice of a read-only map
 */
public record StoredTensor(String name, DType dtype, long[] shape, MemorySegment data) {
    /** Product of the sizes. */
    public long elements() {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }

    /** The size at {@code dimension}, narrowed. */
    public int size(int dimension) {
        return Math.toIntExact(shape[dimension]);
    }

    @Override
    public String toString() {
        return name + " " + dtype + Arrays.toString(shape);
    }
}
