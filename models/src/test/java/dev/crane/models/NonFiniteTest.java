package dev.crane.models;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalLong;
import java.util.Random;

import org.junit.jupiter.api.Test;

import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;

import static org.junit.jupiter.api.Assertions.assertEquals;

class NonFiniteTest {
    /** All 65,536 values of a 16-bit type, each alone among ones at each place of a word and of the rest after the last word. */
    @Test
    void agreesWithTheFormatsOnEveryValue() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            int place = bits % 7;
            short value = (short) bits;
            assertEquals(Float.isFinite(Float.float16ToFloat(value)) ? OptionalLong.empty() : OptionalLong.of(place),
                    NonFinite.first(shorts(DType.F16, (short) 0x3c00, place, value)));
            assertEquals(Float.isFinite(Float.intBitsToFloat(value << 16)) ? OptionalLong.empty() : OptionalLong.of(place),
                    NonFinite.first(shorts(DType.BF16, (short) 0x3f80, place, value)));
        }
    }

    @Test
    void agreesWithF32() {
        Random random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            float value = Float.intBitsToFloat(i % 2 == 0 ? random.nextInt() : random.nextInt() | 0x7f800000);
            ByteBuffer bytes = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
            bytes.putFloat(4 * (i % 3), value);
            assertEquals(Float.isFinite(value) ? OptionalLong.empty() : OptionalLong.of(i % 3),
                    NonFinite.first(tensor(DType.F32, bytes, 3)));
        }
    }

    @Test
    void findsTheFirstAmongMillions() {
        // Three blocks of 8 MiB and a little more; the ones found are on both sides of a border.
        int n = 3 * (1 << 22) + 3;
        ByteBuffer bytes = ByteBuffer.allocate(2 * n).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(OptionalLong.empty(), NonFinite.first(tensor(DType.BF16, bytes, n)));
        for (int at : new int[]{n - 1, 2 << 22, (1 << 22) + 1, 1 << 22, (1 << 22) - 1}) {
            bytes.putShort(2 * at, (short) 0x7fc0);
            assertEquals(OptionalLong.of(at), NonFinite.first(tensor(DType.BF16, bytes, n)));
        }
    }

    private static StoredTensor shorts(DType dtype, short one, int place, short value) {
        ByteBuffer bytes = ByteBuffer.allocate(14).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 7; i++) {
            bytes.putShort(2 * i, i == place ? value : one);
        }
        return tensor(dtype, bytes, 7);
    }

    private static StoredTensor tensor(DType dtype, ByteBuffer bytes, long elements) {
        return new StoredTensor("t", dtype, new long[]{elements}, MemorySegment.ofBuffer(bytes.rewind()));
    }
}
