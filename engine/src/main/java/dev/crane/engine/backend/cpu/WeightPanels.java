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
 * [k][WIDTH] in f32, {@link #PANEL} floats per panel. Widening bf16 and f16 is exact. Places of columns beyond the matrix hold anything.
 *
 * <p>For z = x·Wᵀ a panel's columns are rows of W, so the block is transposed, a square of vectors at a time: at each step d = 8, 4, 2, 1 the element
 * (r, c + d) and the element (r + d, c) change places, for all r and c without bit d. Types of 16 bits move in pairs and come apart at the end. F16 is
 * laid out as if it were bf16 and widened in place afterwards.
 *
 * <p>As in {@link Tile}, methods with vectors call nothing but the Vector API; that is why some lines come in several copies.
 */
final class WeightPanels {
    /** Floats per panel. */
    static final int PANEL = WIDTH * DEPTH;

    /** Length of the scratch array for a strip of squares: as many rows of the matrix as a vector has lanes. */
    static final int STRIP = LANES * DEPTH;

    private static final int SQUARE = LANES * LANES;

    private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ORDER);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ORDER);

    /** Whether a square is 4, 8 or 16 wide and half a vector is a vector too. Other machines go element by element. */
    private static final boolean VECTORS = LANES == 4 || LANES == 8 || LANES == 16;

    private static final VectorSpecies<Float> FLOATS = Tile.SPECIES;
    private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, FLOATS.vectorShape());
    private static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class,
            VECTORS ? VectorShape.forBitSize(FLOATS.vectorBitSize() / 2) : FLOATS.vectorShape());

    /** Lanes with bit d. */
    private static final VectorMask<Integer> HIGH_1 = high(1);
    private static final VectorMask<Integer> HIGH_2 = high(2);
    private static final VectorMask<Integer> HIGH_4 = high(4);
    private static final VectorMask<Integer> HIGH_8 = high(8);
    /** Takes the elements of the lanes without bit d to the lanes d above. */
    private static final VectorShuffle<Integer> UP_1 = VectorShuffle.fromOp(INTS, c -> (c & 1) == 0 ? c : c - 1);
    private static final VectorShuffle<Integer> UP_2 = VectorShuffle.fromOp(INTS, c -> (c & 2) == 0 ? c : c - 2);
    private static final VectorShuffle<Integer> UP_4 = VectorShuffle.fromOp(INTS, c -> (c & 4) == 0 ? c : c - 4);
    private static final VectorShuffle<Integer> UP_8 = VectorShuffle.fromOp(INTS, c -> (c & 8) == 0 ? c : c - 8);
    /** Takes the elements of the lanes with bit d to the lanes d below. */
    private static final VectorShuffle<Integer> DOWN_1 = VectorShuffle.fromOp(INTS, c -> (c | 1) < LANES ? c | 1 : c);
    private static final VectorShuffle<Integer> DOWN_2 = VectorShuffle.fromOp(INTS, c -> (c | 2) < LANES ? c | 2 : c);
    private static final VectorShuffle<Integer> DOWN_4 = VectorShuffle.fromOp(INTS, c -> (c | 4) < LANES ? c | 4 : c);
    private static final VectorShuffle<Integer> DOWN_8 = VectorShuffle.fromOp(INTS, c -> (c | 8) < LANES ? c | 8 : c);

    private WeightPanels() {
    }

    private static VectorMask<Integer> high(int d) {
        boolean[] bits = new boolean[LANES];
        for (int c = 0; c < LANES; c++) {
            bits[c] = (c & d) != 0;
        }
        return VectorMask.fromArray(INTS, bits, 0);
    }

    /**
     * Panels of Wᵀ: B[k][j] = W[row + j][column + k].
     *
     * @param w a matrix of rows {@code rowLength} long; native memory or a byte array
     * @param columns columns of the panels
     * @param depth values of k, at most {@link Tile#DEPTH}
     * @param strip scratch of {@link #STRIP}
     */
    static void transposed(MemorySegment w, DType type, int rowLength, int row, int columns, int column, int depth, float[] panels,
            int[] strip) {
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
            int squares = depth / step;
            transpose(w, type, at, rowBytes, squares, strip, panels, to);
            if (squares * step < depth) {
                // One more square, over the end of the last one.
                int k = depth - step;
                transpose(w, type, at + (long) k * bytes, rowBytes, 1, strip, panels, to + k * WIDTH);
            }
        }
        if (type == DType.F16) {
            widenF16(panels, columns, depth);
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
            } else if (type == DType.F32) {
                straightF32(w, at, rowBytes, depth, panels, to);
            } else {
                straightBf16(w, at, rowBytes, depth, panels, to);
            }
        }
        if (type == DType.F16) {
            widenF16(panels, columns, depth);
        }
    }

    private static void transpose(MemorySegment w, DType type, long at, long rowBytes, int squares, int[] strip, float[] panels, int to) {
        switch (LANES) {
            case 4 -> load4(w, at, rowBytes, squares, strip);
            case 8 -> load8(w, at, rowBytes, squares, strip);
            default -> load16(w, at, rowBytes, squares, strip);
        }
        if (type == DType.F32) {
            storeF32(strip, squares, panels, to);
        } else {
            storeBf16(strip, squares, panels, to);
        }
    }

    private static float element(MemorySegment w, DType type, long at) {
        return type == DType.F32 ? w.get(FLOAT, at) : Float.intBitsToFloat(w.get(SHORT, at) << 16);
    }

    private static void straightF32(MemorySegment w, long at, long rowBytes, int depth, float[] panels, int to) {
        for (int k = 0; k < depth; k++) {
            FloatVector.fromMemorySegment(FLOATS, w, at + k * rowBytes, ORDER).intoArray(panels, to + k * WIDTH);
            FloatVector.fromMemorySegment(FLOATS, w, at + k * rowBytes + 4L * LANES, ORDER).intoArray(panels, to + k * WIDTH + LANES);
        }
    }

    /** bf16 is the upper half of an f32. */
    private static void straightBf16(MemorySegment w, long at, long rowBytes, int depth, float[] panels, int to) {
        for (int k = 0; k < depth; k++) {
            IntVector left = (IntVector) ShortVector.fromMemorySegment(SHORTS, w, at + k * rowBytes, ORDER)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
            left.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(panels, to + k * WIDTH);
            IntVector right = (IntVector) ShortVector.fromMemorySegment(SHORTS, w, at + k * rowBytes + 2L * LANES, ORDER)
                    .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
            right.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(panels, to + k * WIDTH + LANES);
        }
    }

    /**
     * f16 (1 sign, 5 exponent, 10 mantissa bits) in the upper half of each element to f32 (1, 8, 23): the exponent's bias grows by 112; infinity and
     * NaN keep all exponent bits set; subnormals are mantissa · 2⁻²⁴.
     */
    private static void widenF16(float[] panels, int columns, int depth) {
        for (int panel = 0; panel * WIDTH < columns; panel++) {
            for (int i = panel * PANEL; i < panel * PANEL + depth * WIDTH; i += LANES) {
                IntVector bits = FloatVector.fromArray(FLOATS, panels, i).reinterpretAsInts();
                IntVector magnitude = bits.lanewise(VectorOperators.LSHR, 16).and(0x7fff);
                IntVector normal = magnitude.lanewise(VectorOperators.LSHL, 13).add(112 << 23);
                FloatVector subnormal = ((FloatVector) magnitude.convertShape(VectorOperators.I2F, FLOATS, 0)).mul(0x1p-24f);
                normal.blend(normal.add(112 << 23), magnitude.compare(VectorOperators.GE, 0x7c00))
                        .blend(subnormal.reinterpretAsInts(), magnitude.compare(VectorOperators.LT, 0x0400))
                        .or(bits.and(0x80000000)).reinterpretAsFloats().intoArray(panels, i);
            }
        }
    }

    /**
     * Takes the signs off panels.
     *
     * @param columns columns of the panels
     * @param depth values of k, at most {@link Tile#DEPTH}
     */
    static void absolute(float[] panels, int columns, int depth) {
        for (int panel = 0; panel * WIDTH < columns; panel++) {
            for (int i = panel * PANEL; i < panel * PANEL + depth * WIDTH; i += LANES) {
                FloatVector.fromArray(FLOATS, panels, i).abs().intoArray(panels, i);
            }
        }
    }

    private static void load4(MemorySegment w, long at, long rowBytes, int squares, int[] strip) {
        for (int q = 0; q < squares; q++) {
            for (int i = 0; i < 4; i++) {
                long from = at + 4L * LANES * q + i * rowBytes;
                int into = q * SQUARE + i * LANES;
                IntVector.fromMemorySegment(INTS, w, from, ORDER).intoArray(strip, into);
            }
        }
    }

    /** Step 4. */
    private static void load8(MemorySegment w, long at, long rowBytes, int squares, int[] strip) {
        for (int q = 0; q < squares; q++) {
            for (int i = 0; i < 4; i++) {
                long from = at + 4L * LANES * q + i * rowBytes;
                int into = q * SQUARE + i * LANES;
                IntVector a = IntVector.fromMemorySegment(INTS, w, from, ORDER);
                IntVector b = IntVector.fromMemorySegment(INTS, w, from + 4 * rowBytes, ORDER);
                a.blend(b.rearrange(UP_4), HIGH_4).intoArray(strip, into);
                a.rearrange(DOWN_4).blend(b, HIGH_4).intoArray(strip, into + 4 * LANES);
            }
        }
    }

    /** Steps 8 and 4. */
    private static void load16(MemorySegment w, long at, long rowBytes, int squares, int[] strip) {
        for (int q = 0; q < squares; q++) {
            for (int i = 0; i < 4; i++) {
                long from = at + 4L * LANES * q + i * rowBytes;
                int into = q * SQUARE + i * LANES;
                IntVector a = IntVector.fromMemorySegment(INTS, w, from, ORDER);
                IntVector b = IntVector.fromMemorySegment(INTS, w, from + 4 * rowBytes, ORDER);
                IntVector c = IntVector.fromMemorySegment(INTS, w, from + 8 * rowBytes, ORDER);
                IntVector d = IntVector.fromMemorySegment(INTS, w, from + 12 * rowBytes, ORDER);
                IntVector ac = a.blend(c.rearrange(UP_8), HIGH_8);
                IntVector ca = a.rearrange(DOWN_8).blend(c, HIGH_8);
                IntVector bd = b.blend(d.rearrange(UP_8), HIGH_8);
                IntVector db = b.rearrange(DOWN_8).blend(d, HIGH_8);
                ac.blend(bd.rearrange(UP_4), HIGH_4).intoArray(strip, into);
                ac.rearrange(DOWN_4).blend(bd, HIGH_4).intoArray(strip, into + 4 * LANES);
                ca.blend(db.rearrange(UP_4), HIGH_4).intoArray(strip, into + 8 * LANES);
                ca.rearrange(DOWN_4).blend(db, HIGH_4).intoArray(strip, into + 12 * LANES);
            }
        }
    }

    /** Steps 2 and 1; each word is an f32. */
    private static void storeF32(int[] strip, int squares, float[] panels, int to) {
        for (int i = 0; i < squares * LANES; i += 4) {
            IntVector a = IntVector.fromArray(INTS, strip, i * LANES);
            IntVector b = IntVector.fromArray(INTS, strip, (i + 1) * LANES);
            IntVector c = IntVector.fromArray(INTS, strip, (i + 2) * LANES);
            IntVector d = IntVector.fromArray(INTS, strip, (i + 3) * LANES);
            IntVector ac = a.blend(c.rearrange(UP_2), HIGH_2);
            IntVector ca = a.rearrange(DOWN_2).blend(c, HIGH_2);
            IntVector bd = b.blend(d.rearrange(UP_2), HIGH_2);
            IntVector db = b.rearrange(DOWN_2).blend(d, HIGH_2);
            ac.blend(bd.rearrange(UP_1), HIGH_1).reinterpretAsFloats().intoArray(panels, to + i * WIDTH);
            ac.rearrange(DOWN_1).blend(bd, HIGH_1).reinterpretAsFloats().intoArray(panels, to + (i + 1) * WIDTH);
            ca.blend(db.rearrange(UP_1), HIGH_1).reinterpretAsFloats().intoArray(panels, to + (i + 2) * WIDTH);
            ca.rearrange(DOWN_1).blend(db, HIGH_1).reinterpretAsFloats().intoArray(panels, to + (i + 3) * WIDTH);
        }
    }

    /** Steps 2 and 1; each word is a pair of bf16, the lower half first. */
    private static void storeBf16(int[] strip, int squares, float[] panels, int to) {
        for (int i = 0; i < squares * LANES; i += 4) {
            IntVector a = IntVector.fromArray(INTS, strip, i * LANES);
            IntVector b = IntVector.fromArray(INTS, strip, (i + 1) * LANES);
            IntVector c = IntVector.fromArray(INTS, strip, (i + 2) * LANES);
            IntVector d = IntVector.fromArray(INTS, strip, (i + 3) * LANES);
            IntVector ac = a.blend(c.rearrange(UP_2), HIGH_2);
            IntVector ca = a.rearrange(DOWN_2).blend(c, HIGH_2);
            IntVector bd = b.blend(d.rearrange(UP_2), HIGH_2);
            IntVector db = b.rearrange(DOWN_2).blend(d, HIGH_2);
            IntVector p = ac.blend(bd.rearrange(UP_1), HIGH_1);
            IntVector q = ac.rearrange(DOWN_1).blend(bd, HIGH_1);
            IntVector r = ca.blend(db.rearrange(UP_1), HIGH_1);
            IntVector s = ca.rearrange(DOWN_1).blend(db, HIGH_1);
            p.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(panels, to + 2 * i * WIDTH);
            p.and(0xffff0000).reinterpretAsFloats().intoArray(panels, to + (2 * i + 1) * WIDTH);
            q.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(panels, to + (2 * i + 2) * WIDTH);
            q.and(0xffff0000).reinterpretAsFloats().intoArray(panels, to + (2 * i + 3) * WIDTH);
            r.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(panels, to + (2 * i + 4) * WIDTH);
            r.and(0xffff0000).reinterpretAsFloats().intoArray(panels, to + (2 * i + 5) * WIDTH);
            s.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(panels, to + (2 * i + 6) * WIDTH);
            s.and(0xffff0000).reinterpretAsFloats().intoArray(panels, to + (2 * i + 7) * WIDTH);
        }
    }
}
