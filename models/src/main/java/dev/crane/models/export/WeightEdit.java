package dev.crane.models.export;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

import dev.crane.engine.CraneException;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;

/**
 * Some rows or columns of a tensor times a factor.
 *
 * @param tensor the tensor that is changed; its data are not touched
 * @param axis the dimension along which {@code index} counts
 * @param index what is changed
 * @param factor 0 makes every number +0 in any type whose zero is all bits zero; any other needs F32, F16 or BF16, and is rounded to it
 */
record WeightEdit(StoredTensor tensor, int axis, int[] index, float factor) {
    private static final ValueLayout.OfShort B16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    WeightEdit {
        DType type = tensor.dtype();
        boolean possible = factor == 0 ? type.isWeight() || type == DType.F8_E4M3 || type == DType.F8_E5M2 : type.isWeight();
        if (!possible) {
            throw new CraneException("tensor " + tensor + (factor == 0
                    ? " cannot be masked: weights must be F32, F16, BF16, F8_E4M3 or F8_E5M2"
                    : " cannot be scaled as it is stored; only weights of F32, F16 or BF16 can"));
        }
    }

    /** Changes a copy of the tensor's bytes. */
    void apply(MemorySegment bytes) {
        int inner = 1;
        for (int d = axis + 1; d < tensor.shape().length; d++) {
            inner = Math.multiplyExact(inner, tensor.size(d));
        }
        long outer = tensor.shape()[axis] == 0 ? 0 : tensor.elements() / inner / tensor.shape()[axis];
        for (long o = 0; o < outer; o++) {
            for (int at : index) {
                run(bytes, (o * tensor.shape()[axis] + at) * inner, inner);
            }
        }
    }

    /** Changes numbers that lie together. */
    private void run(MemorySegment bytes, long first, int count) {
        int width = tensor.dtype().bits() / 8;
        if (factor == 0) {
            bytes.asSlice(first * width, (long) count * width).fill((byte) 0);
            return;
        }
        for (long i = first; i < first + count; i++) {
            switch (tensor.dtype()) {
                case F32 -> bytes.setAtIndex(F32, i, finite(bytes.getAtIndex(F32, i) * factor));
                case F16 -> {
                    short scaled = Float.floatToFloat16(Float.float16ToFloat(bytes.getAtIndex(B16, i)) * factor);
                    finite(Float.float16ToFloat(scaled));
                    bytes.setAtIndex(B16, i, scaled);
                }
                default -> {
                    short scaled = bfloat16(Float.intBitsToFloat(bytes.getAtIndex(B16, i) << 16) * factor);
                    finite(Float.intBitsToFloat(scaled << 16));
                    bytes.setAtIndex(B16, i, scaled);
                }
            }
        }
    }

    private float finite(float value) {
        if (!Float.isFinite(value)) {
            throw new CraneException("tensor " + tensor + " times " + factor + " does not fit its type");
        }
        return value;
    }

    /** The nearest bf16, ties to even; for finite values. */
    private static short bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }
}
