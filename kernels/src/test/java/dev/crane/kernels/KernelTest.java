package dev.crane.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;

import dev.crane.bindings.LibraryResult.Missing;
import dev.crane.bindings.NativeLibrary;
import dev.crane.cuda.Context;
import dev.crane.cuda.Device;
import dev.crane.cuda.DeviceBuffer;
import dev.crane.cuda.ElementType;
import dev.crane.cuda.Stream;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

/**
 * Launchers on a device, the software device or a real one, against plain loops in f64 over the same (rounded) inputs. Everything on the device lies
 * between sentinels; a test ends with a look at them.
 */
@Tag("soft-device")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class KernelTest {
    private static final int GUARD = 256;
    private static final byte SENTINEL = (byte) 0xA5;

    Context context;
    Stream stream;
    KernelLibrary library;
    private final List<DeviceBuffer> buffers = new ArrayList<>();

    @BeforeAll
    void open() {
        if (NativeLibrary.CUDA.find() instanceof Missing missing)
            abort(missing.advice());
        List<Device> devices = Device.all();
        assumeFalse(devices.isEmpty(), "no CUDA device");
        context = devices.getFirst().open();
        stream = context.stream();
        library = new KernelLibrary(context);
    }

    @AfterEach
    void checkAndFree() {
        try {
            buffers.forEach(this::checkGuards);
        } finally {
            buffers.forEach(DeviceBuffer::close);
            buffers.clear();
        }
    }

    @AfterAll
    void close() {
        if (context == null)
            return;
        library.close();
        stream.close();
        assertEquals(List.of(), context.open());
        context.close();
    }

    // ---- data ----

    /** Multiples of 1/64 in [−2, 2), exact in every type. */
    static float[] random(String name, int count) {
        Random random = new Random(name.hashCode());
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = (random.nextInt(256) - 128) / 64f;
        return values;
    }

    /** A matrix of random values, those that {@link #random} gives for the name. */
    Matrix input(ElementType type, String name, int rows, int columns) {
        return matrix(type, rows, columns, random(name, rows * columns));
    }

    /** A matrix of NaN. */
    Matrix output(ElementType type, int rows, int columns) {
        float[] nothing = new float[rows * columns];
        Arrays.fill(nothing, Float.NaN);
        return matrix(type, rows, columns, nothing);
    }

    /** A matrix of given values, rounded to its type. */
    Matrix matrix(ElementType type, int rows, int columns, float[] values) {
        return matrix(type, rows, columns, values, 0);
    }

    /** A matrix whose first element lies {@code shift} elements behind an address that is a multiple of 256. */
    Matrix matrix(ElementType type, int rows, int columns, float[] values, int shift) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate((long) Math.max(1, values.length) * type.bytes(), 16);
            for (int i = 0; i < values.length; i++)
                switch (type) {
                    case F32 -> host.setAtIndex(JAVA_FLOAT, i, values[i]);
                    case BF16 -> host.setAtIndex(JAVA_SHORT, i, bf16(values[i]));
                    case F16 -> host.setAtIndex(JAVA_SHORT, i, Float.floatToFloat16(values[i]));
                }
            return new Matrix(type, upload(host.asSlice(0, (long) values.length * type.bytes()), shift * type.bytes()), rows, columns);
        }
    }

    long floats(float... values) {
        return matrix(ElementType.F32, 1, values.length, values).address();
    }

    long ints(int... values) {
        return upload(MemorySegment.ofArray(values), 0);
    }

    long doubles(double... values) {
        return upload(MemorySegment.ofArray(values), 0);
    }

    private long upload(MemorySegment values, int shift) {
        long size = values.byteSize();
        DeviceBuffer buffer = context.memory().allocate(GUARD + shift + size + GUARD, stream);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(buffer.bytes(), 16);
            host.fill(SENTINEL);
            MemorySegment.copy(values, 0, host, GUARD + shift, size);
            buffer.copyFrom(host, 0, stream);
            stream.synchronize();
        }
        buffers.add(buffer);
        return buffer.address() + GUARD + shift;
    }

    private MemorySegment download(Arena arena, long address, long bytes) {
        DeviceBuffer buffer = buffers.stream().filter(b -> address >= b.address() && address + bytes <= b.address() + b.bytes()).findFirst()
                .orElseThrow();
        MemorySegment host = arena.allocate(Math.max(1, bytes), 16).asSlice(0, bytes);
        buffer.copyTo(host, address - buffer.address(), stream);
        stream.synchronize();
        return host;
    }

    private void checkGuards(DeviceBuffer buffer) {
        try (Arena arena = Arena.ofConfined()) {
            byte[] all = download(arena, buffer.address(), buffer.bytes()).toArray(JAVA_BYTE);
            for (int i = 0; i < GUARD; i++) {
                assertEquals(SENTINEL, all[i], "written before a buffer");
                assertEquals(SENTINEL, all[all.length - 1 - i], "written behind a buffer of " + (all.length - 2 * GUARD) + " bytes");
            }
        }
    }

    float[] read(Matrix matrix) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = download(arena, matrix.address(), matrix.elements() * matrix.type().bytes());
            float[] values = new float[(int) matrix.elements()];
            for (int i = 0; i < values.length; i++)
                values[i] = switch (matrix.type()) {
                    case F32 -> host.getAtIndex(JAVA_FLOAT, i);
                    case BF16 -> Float.intBitsToFloat(host.getAtIndex(JAVA_SHORT, i) << 16);
                    case F16 -> Float.float16ToFloat(host.getAtIndex(JAVA_SHORT, i));
                };
            return values;
        }
    }

    float[] readFloats(long address, int count) {
        return read(new Matrix(ElementType.F32, address, 1, count));
    }

    int[] readInts(long address, int count) {
        try (Arena arena = Arena.ofConfined()) {
            return download(arena, address, 4L * count).toArray(JAVA_INT);
        }
    }

    double[] readDoubles(long address, int count) {
        try (Arena arena = Arena.ofConfined()) {
            return download(arena, address, 8L * count).toArray(JAVA_DOUBLE);
        }
    }

    /** Round to nearest, ties to even. */
    static short bf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) (Float.isNaN(value) ? 0x7fc0 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    }

    // ---- comparison ----

    /**
     * Largest normalised error ‖a − b‖ / ‖b‖ for results of a type: f32 chains of a few hundred terms and functions to 2⁻²² stay below 10⁻⁵; a result
     * rounded to bf16 errs by up to 2⁻⁹, twice that where an intermediate is rounded too.
     */
    static double tolerance(ElementType type) {
        return type == ElementType.F32 ? 1e-5 : 1e-2;
    }

    void assertClose(double[] expected, Matrix actual, String what) {
        assertClose(expected, read(actual), tolerance(actual.type()), what);
    }

    static void assertClose(double[] expected, float[] actual, double tolerance, String what) {
        assertEquals(expected.length, actual.length, what);
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < actual.length; i++) {
            if (!Double.isFinite(expected[i]) || !Float.isFinite(actual[i])) {
                assertEquals((float) expected[i], actual[i], what + "[" + i + "]");
                continue;
            }
            difference += (expected[i] - actual[i]) * (expected[i] - actual[i]);
            norm += expected[i] * expected[i];
        }
        double error = Math.sqrt(difference) / Math.max(Math.sqrt(norm), Double.MIN_NORMAL);
        assertTrue(difference == 0 || error <= tolerance, what + ": normalised error " + error);
    }

    static double[] doubles(float[] values) {
        double[] result = new double[values.length];
        for (int i = 0; i < values.length; i++)
            result[i] = values[i];
        return result;
    }
}
