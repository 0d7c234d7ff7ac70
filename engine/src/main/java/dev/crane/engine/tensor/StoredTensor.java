package dev.crane.engine.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

import dev.crane.engine.CraneException;

/**
 * A named tensor as it lies in a file: little-endian, row-major, possibly unaligned.
 *
 * @param name its name in the file
 * @param dtype element type
 * @param shape sizes, outermost first; empty for a scalar
 * @param data exactly the tensor's bytes, usually a slice of a read-only map
 */
public record StoredTensor(String name, DType dtype, long[] shape, MemorySegment data) {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Product of the sizes. */
    public long elements() {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }

    /** The size at {@code dimension}, narrowed. */
    public int size(int dimension) {
        return Math.toIntExact(shape[dimension]);
    }

    /**
     * The values of an F32, F16 or BF16 tensor, row-major; every one of them exactly.
     *
     * @throws CraneException for another element type, or more elements than an array holds
     */
    public float[] floats() {
        float[] values = new float[arrayLength()];
        switch (dtype) {
            case F32 -> MemorySegment.copy(data, FLOAT, 0, values, 0, values.length);
            case F16 -> fill(values, i -> Float.float16ToFloat(data.getAtIndex(SHORT, i)));
            case BF16 -> fill(values, i -> Float.intBitsToFloat(data.getAtIndex(SHORT, i) << 16));
            default -> throw notOfType("F32, F16 or BF16");
        }
        return values;
    }

    /**
     * The values of an F64, F32, F16 or BF16 tensor, row-major; every one of them exactly.
     *
     * @throws CraneException for another element type, or more elements than an array holds
     */
    public double[] doubles() {
        double[] values = new double[arrayLength()];
        switch (dtype) {
            case F64 -> MemorySegment.copy(data, DOUBLE, 0, values, 0, values.length);
            case F32 -> Arrays.setAll(values, i -> data.getAtIndex(FLOAT, i));
            case F16 -> Arrays.setAll(values, i -> Float.float16ToFloat(data.getAtIndex(SHORT, i)));
            case BF16 -> Arrays.setAll(values, i -> Float.intBitsToFloat(data.getAtIndex(SHORT, i) << 16));
            default -> throw notOfType("F64, F32, F16 or BF16");
        }
        return values;
    }

    /**
     * The values of an integer tensor (I8, I16, I32, I64, U8, U16 or U32), row-major.
     *
     * @throws CraneException for another element type, or more elements than an array holds
     */
    public long[] longs() {
        long[] values = new long[arrayLength()];
        switch (dtype) {
            case I64 -> MemorySegment.copy(data, LONG, 0, values, 0, values.length);
            case I32 -> Arrays.setAll(values, i -> data.getAtIndex(INT, i));
            case U32 -> Arrays.setAll(values, i -> Integer.toUnsignedLong(data.getAtIndex(INT, i)));
            case I16 -> Arrays.setAll(values, i -> data.getAtIndex(SHORT, i));
            case U16 -> Arrays.setAll(values, i -> Short.toUnsignedLong(data.getAtIndex(SHORT, i)));
            case I8 -> Arrays.setAll(values, i -> data.get(ValueLayout.JAVA_BYTE, i));
            case U8 -> Arrays.setAll(values, i -> Byte.toUnsignedLong(data.get(ValueLayout.JAVA_BYTE, i)));
            default -> throw notOfType("an integer type");
        }
        return values;
    }

    private static void fill(float[] values, IntToFloat value) {
        for (int i = 0; i < values.length; i++) {
            values[i] = value.at(i);
        }
    }

    private interface IntToFloat {
        float at(int index);
    }

    private int arrayLength() {
        long elements = elements();
        if (elements > Integer.MAX_VALUE - 8) {
            throw new CraneException("tensor " + this + " is too large to be read into an array");
        }
        return (int) elements;
    }

    private CraneException notOfType(String wanted) {
        return new CraneException("tensor " + this + " is " + dtype + " where " + wanted + " is wanted");
    }

    @Override
    public String toString() {
        return name + " " + dtype + Arrays.toString(shape);
    }
}
