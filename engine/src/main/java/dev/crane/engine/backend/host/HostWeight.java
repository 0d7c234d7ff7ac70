package dev.crane.engine.backend.host;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

import dev.crane.engine.backend.Weight;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

/**
 * A parameter read where it is stored; rows are widened to f32 one at a time.
 *
 * @param stored a matrix [out, in] or a vector [out] of type F32, F16 or BF16
 */
public record HostWeight(StoredTensor stored) implements Weight {
    private static final ValueLayout.OfFloat F32 = JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort B16 = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Checks type, shape and size. */
    public HostWeight {
        int dimensions = stored.shape().length;
        if (!stored.dtype().isWeight() || dimensions < 1 || dimensions > 2)
            throw new IllegalArgumentException(stored + " is not a matrix or vector of F32, F16 or BF16");
        if (stored.data().byteSize() != Math.multiplyExact(stored.elements(), (long) stored.dtype().bits() / 8))
            throw new IllegalArgumentException(stored + " in " + stored.data().byteSize() + " bytes");
    }

    @Override
    public String name() {
        return stored.name();
    }

    @Override
    public DType dtype() {
        return stored.dtype();
    }

    @Override
    public int out() {
        return stored.size(0);
    }

    @Override
    public int in() {
        return stored.shape().length == 2 ? stored.size(1) : 1;
    }

    /** Widens {@code count} values, counted from {@code first} in row-major order, into {@code target} from index {@code at}. */
    public void read(long first, int count, float[] target, int at) {
        MemorySegment data = stored.data();
        switch (stored.dtype()) {
            case F32 -> MemorySegment.copy(data, F32, first * Float.BYTES, target, at, count);
            case BF16 -> {
                for (int i = 0; i < count; i++)
                    target[at + i] = Float.intBitsToFloat(data.get(B16, (first + i) * Short.BYTES) << 16);
            }
            default -> {
                for (int i = 0; i < count; i++)
                    target[at + i] = Float.float16ToFloat(data.get(B16, (first + i) * Short.BYTES));
            }
        }
    }

    /** Row {@code index} as f32. */
    public float[] row(int index) {
        float[] row = new float[in()];
        read((long) index * in(), in(), row, 0);
        return row;
    }

    /** A vector's values as f32. */
    public float[] vector() {
        if (in() != 1)
            throw new IllegalArgumentException(stored + " is not a vector");
        float[] values = new float[out()];
        read(0, out(), values, 0);
        return values;
    }
}
