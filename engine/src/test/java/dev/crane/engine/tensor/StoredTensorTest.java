package dev.crane.engine.tensor;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;

import org.junit.jupiter.api.Test;

import dev.crane.engine.CraneException;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

class StoredTensorTest {
    /** The bytes stand at an odd address, as they may in a file. */
    private static StoredTensor tensor(DType dtype, String hex, long... shape) {
        byte[] bytes = HexFormat.of().parseHex("ff" + hex);
        return new StoredTensor("t", dtype, shape, MemorySegment.ofArray(bytes).asSlice(1));
    }

    @Test
    void widensFloats() {
        // Encodings of 1, −2.5, the smallest subnormal and infinity, from the IEEE 754 formats.
        float[] f16 = {1, -2.5f, 0x1p-24f, Float.POSITIVE_INFINITY};
        assertArrayEquals(f16, tensor(DType.F16, "003c" + "00c1" + "0100" + "007c", 2, 2).floats());
        float[] bf16 = {1, -2.5f, 0x1p-133f, Float.POSITIVE_INFINITY};
        assertArrayEquals(bf16, tensor(DType.BF16, "803f" + "20c0" + "0100" + "807f", 4).floats());
        assertArrayEquals(new float[]{1, -2.5f}, tensor(DType.F32, "0000803f" + "000020c0", 2).floats());
        assertArrayEquals(new double[]{1, -2.5, 0x1p-24}, tensor(DType.F16, "003c" + "00c1" + "0100", 3).doubles());
        assertArrayEquals(new double[]{1, -2.5}, tensor(DType.BF16, "803f" + "20c0", 2).doubles());
        assertArrayEquals(new double[]{-2.5}, tensor(DType.F32, "000020c0").doubles());
        assertArrayEquals(new double[]{1, -2}, tensor(DType.F64, "000000000000f03f" + "00000000000000c0", 2, 1).doubles());
    }

    @Test
    void widensIntegers() {
        assertArrayEquals(new long[]{-2, 1}, tensor(DType.I64, "feffffffffffffff" + "0100000000000000", 2).longs());
        assertArrayEquals(new long[]{-2}, tensor(DType.I32, "feffffff", 1).longs());
        assertArrayEquals(new long[]{4294967294L}, tensor(DType.U32, "feffffff", 1).longs());
        assertArrayEquals(new long[]{-2, 256}, tensor(DType.I16, "feff" + "0001", 2).longs());
        assertArrayEquals(new long[]{65534}, tensor(DType.U16, "feff", 1).longs());
        assertArrayEquals(new long[]{-2}, tensor(DType.I8, "fe", 1).longs());
        assertArrayEquals(new long[]{254}, tensor(DType.U8, "fe", 1).longs());
        assertArrayEquals(new long[0], tensor(DType.U8, "", 3, 0).longs());
    }

    @Test
    void refusesOtherTypes() {
        CraneException e = assertThrows(CraneException.class, () -> tensor(DType.I32, "00000000", 1).floats());
        assertEquals("tensor t I32[1] is I32 where F32, F16 or BF16 is wanted", e.getMessage());
        assertThrows(CraneException.class, () -> tensor(DType.F32, "00000000", 1).longs());
        assertThrows(CraneException.class, () -> tensor(DType.I8, "00", 1).doubles());
    }
}
