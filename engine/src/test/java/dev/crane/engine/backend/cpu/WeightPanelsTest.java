package dev.crane.engine.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.IntToDoubleFunction;

import org.junit.jupiter.api.Test;

import dev.crane.engine.tensor.DType;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** Widening against {@link Float#float16ToFloat} and the definition of bf16, on every one of the 65,536 patterns, in both layouts. */
class WeightPanelsTest {
    private static final int SIDE = 256;

    @Test
    void everyF16() {
        check(DType.F16, bits -> Float.float16ToFloat((short) bits));
    }

    @Test
    void everyBf16() {
        check(DType.BF16, bits -> Float.intBitsToFloat(bits << 16));
    }

    /** The matrix [256, 256] of all patterns in order, one byte off any alignment. */
    private static void check(DType type, IntToDoubleFunction expected) {
        ByteBuffer bytes = ByteBuffer.allocate(2 * SIDE * SIDE + 1).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put((byte) 0);
        for (int bits = 0; bits < SIDE * SIDE; bits++) {
            bytes.putShort((short) bits);
        }
        MemorySegment w = MemorySegment.ofArray(bytes.array()).asSlice(1);
        float[] panels = new float[(SIDE + Tile.WIDTH) / Tile.WIDTH * WeightPanels.PANEL];
        // 255 columns: the last panel is not full, so that elements are also read one by one.
        WeightPanels.straight(w, type, SIDE, 0, SIDE, 1, SIDE - 1, panels);
        for (int k = 0; k < SIDE; k++) {
            for (int j = 0; j < SIDE - 1; j++) {
                assertSameValue(expected, SIDE * k + j + 1, at(panels, k, j));
            }
        }
        // Depth 254: the last square lies over the one before it.
        WeightPanels.transposed(w, type, SIDE, 1, SIDE - 1, 2, SIDE - 2, panels, new int[WeightPanels.STRIP]);
        for (int k = 0; k < SIDE - 2; k++) {
            for (int j = 0; j < SIDE - 1; j++) {
                assertSameValue(expected, SIDE * (j + 1) + k + 2, at(panels, k, j));
            }
        }
    }

    private static float at(float[] panels, int k, int j) {
        return panels[j / Tile.WIDTH * WeightPanels.PANEL + k * Tile.WIDTH + j % Tile.WIDTH];
    }

    /** NaN's payload is not compared: hardware and library differ on whether widening makes a signalling NaN quiet. */
    private static void assertSameValue(IntToDoubleFunction expected, int bits, float actual) {
        float wanted = (float) expected.applyAsDouble(bits);
        assertEquals(Float.floatToIntBits(wanted), Float.floatToIntBits(actual), () -> "pattern " + Integer.toHexString(bits));
    }
}
