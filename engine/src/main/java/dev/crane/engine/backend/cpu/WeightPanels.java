package dev.crane.engine.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

import dev.crane.engine.tensor.DType;

import static dev.crane.engine.backend.cpu.Tile.DEPTH;
import static dev.crane.engine.backend.cpu.Tile.LANES;
import static dev.crane.engine.backend.cpu.Tile.WIDTH;

/**
 * Reads a block of a stored weight matrix and lays it out as panels for {@link Tile}: panel p holds columns p·WIDTH … of the product as
 * [k][WIDTH] in f32, {@link #PANEL} floats per panel. Widening bf16 and f16 is exact. Places of columns beyond the matrix keep what they held.
 *
 * <p>For z = x·Wᵀ a panel's columns are rows of W, so the block is transposed, a square of vectors at a time: at each step d = 8, 4, 2, 1 the element
 * (r, c + d) and the element (r + d, c) change places, for all r and c without bit d. Types of 16 bits move in pairs and come apart in the last step.
 */
final class WeightPanels {
    /** Floats per panel. */
    static final int PANEL = WIDTH * DEPTH;

    /** Length of the scratch array for a square. */
    static final int SQUARE = LANES * LANES;

    private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ORDER);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ORDER);

    /** Whether a square is 4, 8 or 16 wide and half a vector is a vector too. Other machines go element by element. */
    private static final boolean VECTORS = LANES == 4 || LANES == 8 || LANES == 16;

    private static final VectorSpecies<Float> FLOATS = Tile.SPECIES;
    private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, FLOATS.vectorShape());
    private static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class,
            VECTORS ? VectorShape.forBitSize(FLOATS.vectorBitSize() / 2) : FLOATS.vectorShape());

    private static final VectorMask<Integer> HIGH_1 = high(1);
    private static final VectorMask<Integer> HIGH_2 = high(2);
    private static final VectorMask<Integer> HIGH_4 = high(4);
    private static final VectorMask<Integer> HIGH_8 = high(8);
    private static final VectorShuffle<Integer> UP_1 = up(1);
    private static final VectorShuffle<Integer> UP_2 = up(2);
    private static final VectorShuffle<Integer> UP_4 = up(4);
    private static final VectorShuffle<Integer> UP_8 = up(8);
    private static final VectorShuffle<Integer> DOWN_1 = down(1);
    private static final VectorShuffle<Integer> DOWN_2 = down(2);
    private static final VectorShuffle<Integer> DOWN_4 = down(4);
    private static final VectorShuffle<Integer> DOWN_8 = down(8);

    private WeightPanels() {
    }

    /**
     * Panels of Wᵀ: B[k][j] = W[row + j][column + k].
     *
     * @param w a matrix of rows {@code rowLength} long; native memory or a byte array
     * @param columns columns of the panels
     * @param depth values of k, at most {@link Tile#DEPTH}
     * @param square scratch of {@link #SQUARE}
     */
    static void transposed(MemorySegment w, DType type, int rowLength, int row, int columns, int column, int depth, float[] panels,
            int[] square) {
        int bytes = type.bits() / 8;
        long rowBytes = (long) rowLength * bytes;
        int step = type == DType.F32 ? LANES : 2 * LANES;
        boolean vectors = VECTORS && depth >= step;
        for (int j = 0; j < columns; j += LANES) {
            long at = (row + j) * rowBytes + (long) column * bytes;
            int to = j / WIDTH * PANEL + j % WIDTH;
            if (!vectors || columns - j < LANES) {
                for (int c = 0; c < Math.min(LANES, columns - j); c++) {
                    for (int k = 0; k < depth; k++) {
                        panels[to + c + k * WIDTH] = element(w, type, at + c * rowBytes + (long) k * bytes);
                    }
                }
                continue;
            }
            for (int k = 0; k < depth; k += step) {
                // The last square lies over the one before it where the depth is no multiple of its side.
                int from = Math.min(k, depth - step);
                loadSquare(w, at + (long) from * bytes, rowBytes, square);
                if (type == DType.F32) {
                    storeSquare(square, panels, to + from * WIDTH);
                } else {
                    storeSquare(square, type == DType.BF16, panels, to + from * WIDTH);
                }
            }
        }
    }

    /**
     * Panels of W: B[k][j] = W[row + k][column + j].
     *
     * @param w a matrix of rows {@code rowLength} long; native memory or a byte array
     * @param depth values of k, at most {@link Tile#DEPTH}
     * @param columns columns of the panels
     */
    static void straight(MemorySegment w, DType type, int rowLength, int row, int depth, int column, int columns, float[] panels) {
        int bytes = type.bits() / 8;
        long rowBytes = (long) rowLength * bytes;
        for (int j = 0; j < columns; j += WIDTH) {
            long at = row * rowBytes + (long) (column + j) * bytes;
            int to = j / WIDTH * PANEL;
            if (!VECTORS || columns - j < WIDTH) {
                for (int k = 0; k < depth; k++) {
                    for (int c = 0; c < Math.min(WIDTH, columns - j); c++) {
                        panels[to + k * WIDTH + c] = element(w, type, at + k * rowBytes + (long) c * bytes);
                    }
                }
            } else {
                switch (type) {
                    case F32 -> straightF32(w, at, rowBytes, depth, panels, to);
                    case BF16 -> straightBf16(w, at, rowBytes, depth, panels, to);
                    default -> straightF16(w, at, rowBytes, depth, panels, to);
                }
            }
        }
    }

    private static void straightF32(MemorySegment w, long at, long rowBytes, int depth, float[] panels, int to) {
        for (int k = 0; k < depth; k++) {
            FloatVector.fromMemorySegment(FLOATS, w, at + k * rowBytes, ORDER).intoArray(panels, to + k * WIDTH);
            FloatVector.fromMemorySegment(FLOATS, w, at + k * rowBytes + 4L * LANES, ORDER).intoArray(panels, to + k * WIDTH + LANES);
        }
    }

    private static void straightBf16(MemorySegment w, long at, long rowBytes, int depth, float[] panels, int to) {
        for (int k = 0; k < depth; k++) {
            bf16(unsigned(w, at + k * rowBytes)).intoArray(panels, to + k * WIDTH);
            bf16(unsigned(w, at + k * rowBytes + 2L * LANES)).intoArray(panels, to + k * WIDTH + LANES);
        }
    }

    private static void straightF16(MemorySegment w, long at, long rowBytes, int depth, float[] panels, int to) {
        for (int k = 0; k < depth; k++) {
            f16(unsigned(w, at + k * rowBytes)).intoArray(panels, to + k * WIDTH);
            f16(unsigned(w, at + k * rowBytes + 2L * LANES)).intoArray(panels, to + k * WIDTH + LANES);
        }
    }

    private static IntVector unsigned(MemorySegment w, long at) {
        return (IntVector) ShortVector.fromMemorySegment(SHORTS, w, at, ORDER).convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
    }

    private static float element(MemorySegment w, DType type, long at) {
        return switch (type) {
            case F32 -> w.get(FLOAT, at);
            case BF16 -> Float.intBitsToFloat(w.get(SHORT, at) << 16);
            default -> Float.float16ToFloat(w.get(SHORT, at));
        };
    }

    /** bf16 is the upper half of an f32. */
    private static FloatVector bf16(IntVector bits) {
        return bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    /**
     * f16 (1 sign, 5 exponent, 10 mantissa bits) to f32 (1, 8, 23): the exponent's bias grows by 112; infinity and NaN keep all exponent bits set;
     * subnormals are mantissa · 2⁻²⁴.
     */
    private static FloatVector f16(IntVector bits) {
        IntVector magnitude = bits.and(0x7fff);
        IntVector normal = magnitude.lanewise(VectorOperators.LSHL, 13).add(112 << 23);
        IntVector special = normal.add(112 << 23);
        IntVector subnormal = ((FloatVector) magnitude.convertShape(VectorOperators.I2F, FLOATS, 0)).mul(0x1p-24f).reinterpretAsInts();
        return normal.blend(special, magnitude.compare(VectorOperators.GE, 0x7c00))
                .blend(subnormal, magnitude.compare(VectorOperators.LT, 0x0400))
                .or(bits.and(0x8000).lanewise(VectorOperators.LSHL, 16)).reinterpretAsFloats();
    }

    /** Loads a square of 32-bit words and takes it through the steps above 2. */
    private static void loadSquare(MemorySegment w, long at, long rowBytes, int[] square) {
        if (LANES == 4) {
            for (int i = 0; i < LANES; i++) {
                IntVector.fromMemorySegment(INTS, w, at + i * rowBytes, ORDER).intoArray(square, i * LANES);
            }
            return;
        }
        int half = LANES / 2;
        for (int i = 0; i < half; i++) {
            IntVector a = IntVector.fromMemorySegment(INTS, w, at + i * rowBytes, ORDER);
            IntVector b = IntVector.fromMemorySegment(INTS, w, at + (i + half) * rowBytes, ORDER);
            if (LANES == 8) {
                low(a, b, UP_4, HIGH_4).intoArray(square, i * LANES);
                high(a, b, DOWN_4, HIGH_4).intoArray(square, (i + half) * LANES);
            } else {
                low(a, b, UP_8, HIGH_8).intoArray(square, i * LANES);
                high(a, b, DOWN_8, HIGH_8).intoArray(square, (i + half) * LANES);
            }
        }
        if (LANES == 16) {
            for (int q = 0; q < LANES; q += 8) {
                for (int i = q; i < q + 4; i++) {
                    IntVector a = IntVector.fromArray(INTS, square, i * LANES);
                    IntVector b = IntVector.fromArray(INTS, square, (i + 4) * LANES);
                    low(a, b, UP_4, HIGH_4).intoArray(square, i * LANES);
                    high(a, b, DOWN_4, HIGH_4).intoArray(square, (i + 4) * LANES);
                }
            }
        }
    }

    /** Steps 2 and 1; each word is an f32. */
    private static void storeSquare(int[] square, float[] panels, int to) {
        for (int i = 0; i < LANES; i += 4) {
            IntVector a = IntVector.fromArray(INTS, square, i * LANES);
            IntVector b = IntVector.fromArray(INTS, square, (i + 1) * LANES);
            IntVector c = IntVector.fromArray(INTS, square, (i + 2) * LANES);
            IntVector d = IntVector.fromArray(INTS, square, (i + 3) * LANES);
            IntVector ac = low(a, c, UP_2, HIGH_2);
            IntVector bd = low(b, d, UP_2, HIGH_2);
            low(ac, bd, UP_1, HIGH_1).reinterpretAsFloats().intoArray(panels, to + i * WIDTH);
            high(ac, bd, DOWN_1, HIGH_1).reinterpretAsFloats().intoArray(panels, to + (i + 1) * WIDTH);
            IntVector ca = high(a, c, DOWN_2, HIGH_2);
            IntVector db = high(b, d, DOWN_2, HIGH_2);
            low(ca, db, UP_1, HIGH_1).reinterpretAsFloats().intoArray(panels, to + (i + 2) * WIDTH);
            high(ca, db, DOWN_1, HIGH_1).reinterpretAsFloats().intoArray(panels, to + (i + 3) * WIDTH);
        }
    }

    /** Steps 2 and 1; each word is a pair of 16-bit floats, the lower half first. */
    private static void storeSquare(int[] square, boolean bf16, float[] panels, int to) {
        for (int i = 0; i < LANES; i += 4) {
            IntVector a = IntVector.fromArray(INTS, square, i * LANES);
            IntVector b = IntVector.fromArray(INTS, square, (i + 1) * LANES);
            IntVector c = IntVector.fromArray(INTS, square, (i + 2) * LANES);
            IntVector d = IntVector.fromArray(INTS, square, (i + 3) * LANES);
            IntVector ac = low(a, c, UP_2, HIGH_2);
            IntVector bd = low(b, d, UP_2, HIGH_2);
            storePairs(low(ac, bd, UP_1, HIGH_1), bf16, panels, to + 2 * i * WIDTH);
            storePairs(high(ac, bd, DOWN_1, HIGH_1), bf16, panels, to + (2 * i + 2) * WIDTH);
            IntVector ca = high(a, c, DOWN_2, HIGH_2);
            IntVector db = high(b, d, DOWN_2, HIGH_2);
            storePairs(low(ca, db, UP_1, HIGH_1), bf16, panels, to + (2 * i + 4) * WIDTH);
            storePairs(high(ca, db, DOWN_1, HIGH_1), bf16, panels, to + (2 * i + 6) * WIDTH);
        }
    }

    private static void storePairs(IntVector pairs, boolean bf16, float[] panels, int to) {
        if (bf16) {
            bf16(pairs).intoArray(panels, to);
            pairs.and(0xffff0000).reinterpretAsFloats().intoArray(panels, to + WIDTH);
        } else {
            f16(pairs.and(0xffff)).intoArray(panels, to);
            f16(pairs.lanewise(VectorOperators.LSHR, 16)).intoArray(panels, to + WIDTH);
        }
    }

    /** The row without bit d after its step: its own elements where c lacks bit d, else the other row's from d places below. */
    private static IntVector low(IntVector a, IntVector b, VectorShuffle<Integer> up, VectorMask<Integer> high) {
        return a.blend(b.rearrange(up), high);
    }

    /** The row with bit d after its step. */
    private static IntVector high(IntVector a, IntVector b, VectorShuffle<Integer> down, VectorMask<Integer> high) {
        return a.rearrange(down).blend(b, high);
    }

    private static VectorMask<Integer> high(int d) {
        boolean[] bits = new boolean[LANES];
        for (int c = 0; c < LANES; c++) {
            bits[c] = (c & d) != 0;
        }
        return VectorMask.fromArray(INTS, bits, 0);
    }

    private static VectorShuffle<Integer> up(int d) {
        return VectorShuffle.fromOp(INTS, c -> (c & d) == 0 ? c : c - d);
    }

    private static VectorShuffle<Integer> down(int d) {
        return VectorShuffle.fromOp(INTS, c -> (c & d) == 0 && c + d < LANES ? c + d : c);
    }
}
