package dev.crane.engine.backend.cpu;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class MatrixProductTest {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final float SENTINEL = -12345.678f;

    /** One product [rows, in] · [out, in]ᵀ and its backward, with gaps around and between the rows of every array. */
    private record Case(int rows, int in, int out, StoredTensor weight, float[] values, float[] x, float[] dz, float[] bias) {
        static Case random(int rows, int in, int out, DType type, long seed) {
            Random random = new Random(seed);
            float[] values = new float[out * in];
            byte[] bytes = new byte[values.length * type.bits() / 8 + 1];
            MemorySegment data = MemorySegment.ofArray(bytes).asSlice(1);
            for (int i = 0; i < values.length; i++) {
                values[i] = put(data, type, i, (float) random.nextGaussian());
            }
            return new Case(rows, in, out, new StoredTensor("w", type, new long[]{out, in}, data), values,
                    gaussian(random, rows * (in + 3) + 5),
                    gaussian(random, rows * (out + 1) + 2), gaussian(random, out));
        }

        /** Stores the value rounded to the type; returns what is stored. */
        private static float put(MemorySegment data, DType type, int i, float value) {
            if (type == DType.F32) {
                data.set(FLOAT, 4L * i, value);
                return value;
            }
            boolean bf16 = type == DType.BF16;
            short bits = bf16 ? (short) (Float.floatToIntBits(value) >>> 16) : Float.floatToFloat16(value);
            data.set(SHORT, 2L * i, bits);
            return bf16 ? Float.intBitsToFloat(bits << 16) : Float.float16ToFloat(bits);
        }

        private static float[] gaussian(Random random, int n) {
            float[] values = new float[n];
            for (int i = 0; i < n; i++) {
                values[i] = (float) random.nextGaussian();
            }
            return values;
        }

        /** Rows [from, from + n) of z, with two sentinels after each row and five before the first. */
        float[] linear(CpuThreads threads, int from, int n, boolean withBias) {
            float[] z = new float[5 + n * (out + 2)];
            Arrays.fill(z, SENTINEL);
            new MatrixProduct(threads).linear(weight, withBias ? bias : null, n, x, 5 + from * (in + 3), in + 3, z, 5, out + 2);
            return dense(z, n, out);
        }

        float[] backward(CpuThreads threads, int from, int n, float[] start) {
            float[] dx = new float[5 + n * (in + 2)];
            Arrays.fill(dx, SENTINEL);
            if (start != null) {
                for (int t = 0; t < n; t++) {
                    System.arraycopy(start, (from + t) * in, dx, 5 + t * (in + 2), in);
                }
            }
            new MatrixProduct(threads).linearBackwardInput(weight, n, dz, 2 + from * (out + 1), out + 1, dx, 5, in + 2, start != null);
            return dense(dx, n, in);
        }

        private static float[] dense(float[] array, int n, int width) {
            float[] values = new float[n * width];
            int at = 0;
            for (int i = 0; i < array.length; i++) {
                int row = Math.floorDiv(i - 5, width + 2);
                if (i >= 5 && (i - 5) % (width + 2) < width) {
                    values[at++] = array[i];
                } else {
                    assertEquals(SENTINEL, array[i], "written outside of row " + row);
                }
            }
            return values;
        }

        float xAt(int t, int k) {
            return x[5 + t * (in + 3) + k];
        }

        float dzAt(int t, int j) {
            return dz[2 + t * (out + 1) + j];
        }

        /** The order of summation that {@link MatrixProduct} promises, one element at a time. */
        float[] linearInOrder(boolean withBias) {
            float[] z = new float[rows * out];
            for (int t = 0; t < rows; t++) {
                for (int j = 0; j < out; j++) {
                    float sum = 0;
                    for (int k0 = 0; k0 < in; k0 += 256) {
                        float block = 0;
                        for (int k = k0; k < Math.min(in, k0 + 256); k++) {
                            block = Math.fma(xAt(t, k), values[j * in + k], block);
                        }
                        sum += block;
                    }
                    z[t * out + j] = withBias ? sum + bias[j] : sum;
                }
            }
            return z;
        }

        float[] backwardInOrder(float[] start) {
            float[] dx = new float[rows * in];
            for (int t = 0; t < rows; t++) {
                for (int i = 0; i < in; i++) {
                    float sum = start == null ? 0 : start[t * in + i];
                    for (int j0 = 0; j0 < out; j0 += 256) {
                        float block = 0;
                        for (int j = j0; j < Math.min(out, j0 + 256); j++) {
                            block = Math.fma(dzAt(t, j), values[j * in + i], block);
                        }
                        sum += block;
                    }
                    dx[t * in + i] = sum;
                }
            }
            return dx;
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "1,7,1", "3,1,5", "5,3,2", "2,31,33", "4,32,32", "14,64,96", "15,65,97", "73,100,19", "61,257,40", "9,600,130",
            "30,20,1030", "13,515,257"})
    void matchesItsOrderBitForBitAndTheExactProductWithinRounding(int rows, int in, int out) {
        try (CpuThreads one = new CpuThreads(1)) {
            for (DType type : List.of(DType.F32, DType.BF16, DType.F16)) {
                Case c = Case.random(rows, in, out, type, 31L * rows + 7L * in + out);
                float[] z = c.linear(one, 0, rows, true);
                assertSameBits(c.linearInOrder(true), z);
                assertSameBits(c.linearInOrder(false), c.linear(one, 0, rows, false));
                float[] dx = c.backward(one, 0, rows, null);
                assertSameBits(c.backwardInOrder(null), dx);
                assertSameBits(c.backwardInOrder(dx), c.backward(one, 0, rows, dx));
                for (int t = 0; t < rows; t++) {
                    for (int j = 0; j < out; j++) {
                        double exact = c.bias[j];
                        double size = Math.abs(exact);
                        for (int k = 0; k < in; k++) {
                            double term = (double) c.xAt(t, k) * c.values[j * in + k];
                            exact += term;
                            size += Math.abs(term);
                        }
                        assertEquals(exact, z[t * out + j], tolerance(in, size));
                    }
                    for (int i = 0; i < in; i++) {
                        double exact = 0;
                        double size = 0;
                        for (int j = 0; j < out; j++) {
                            double term = (double) c.dzAt(t, j) * c.values[j * in + i];
                            exact += term;
                            size += Math.abs(term);
                        }
                        assertEquals(exact, dx[t * in + i], tolerance(out, size));
                    }
                }
            }
        }
    }

    /**
     * Each term goes through at most min(n, 256) roundings of its block, one for each block's sum and one for the bias, each of relative size 2⁻²⁴
     * at most, of sums no larger than Σ|terms|(1 + small): the worst case. A little is added for "small".
     */
    private static double tolerance(int n, double sumOfMagnitudes) {
        return 1.01 * (Math.min(n, 256) + n / 256 + 2) * 0x1p-24 * sumOfMagnitudes;
    }

    @ParameterizedTest
    @CsvSource({"73,130,70", "73,64,1", "73,1,64", "73,300,515"})
    void aRowHasTheSameBitsInAnyBatchOnAnyNumberOfThreads(int rows, int in, int out) {
        for (DType type : List.of(DType.F32, DType.BF16, DType.F16)) {
            Case c = Case.random(rows, in, out, type, rows + in);
            float[] z = null;
            float[] dx = null;
            for (int count = 1; count <= 3; count++) {
                try (CpuThreads threads = new CpuThreads(count)) {
                    float[] nowZ = c.linear(threads, 0, rows, false);
                    float[] nowDx = c.backward(threads, 0, rows, null);
                    z = z == null ? nowZ : z;
                    dx = dx == null ? nowDx : dx;
                    assertSameBits(z, nowZ);
                    assertSameBits(dx, nowDx);
                    for (int n : new int[]{1, 2, 5, 11, 16}) {
                        for (int from = 0; from + n <= rows; from += 23) {
                            assertSameBits(Arrays.copyOfRange(z, from * out, (from + n) * out), c.linear(threads, from, n, false));
                            assertSameBits(Arrays.copyOfRange(dx, from * in, (from + n) * in), c.backward(threads, from, n, null));
                        }
                    }
                }
            }
        }
    }

    /** Large enough for the work to be cut among threads, both ways. */
    @ParameterizedTest
    @CsvSource({"300,256,64", "40,512,600"})
    void partsOfALargeProductHaveTheSameBits(int rows, int in, int out) {
        Case c = Case.random(rows, in, out, DType.BF16, 5);
        try (CpuThreads one = new CpuThreads(1); CpuThreads two = new CpuThreads(2); CpuThreads seven = new CpuThreads(7)) {
            float[] z = c.linear(one, 0, rows, true);
            assertSameBits(z, c.linear(two, 0, rows, true));
            assertSameBits(z, c.linear(seven, 0, rows, true));
            float[] dx = c.backward(one, 0, rows, z.length == rows * in ? z : new float[rows * in]);
            assertSameBits(dx, c.backward(seven, 0, rows, z.length == rows * in ? z : new float[rows * in]));
        }
    }

    @Test
    void otherRowsDoNotMatterEvenWhenNotFinite() {
        Case c = Case.random(20, 90, 40, DType.F32, 9);
        try (CpuThreads one = new CpuThreads(1)) {
            float[] clean = c.linear(one, 0, 20, false);
            c.x[5 + 3 * 93 + 1] = Float.NaN;
            c.x[5 + 4 * 93 + 1] = Float.POSITIVE_INFINITY;
            float[] z = c.linear(one, 0, 20, false);
            for (int t = 0; t < 20; t++) {
                for (int j = 0; j < 40; j++) {
                    if (t == 3 || t == 4) {
                        assertTrue(!Float.isFinite(z[t * 40 + j]));
                    } else {
                        assertEquals(clean[t * 40 + j], z[t * 40 + j]);
                    }
                }
            }
            // What one product leaves in the thread's buffers does not reach the next.
            Case small = Case.random(1, 3, 2, DType.F32, 10);
            assertSameBits(small.linearInOrder(true), small.linear(one, 0, 1, true));
        }
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
    void weightsAreReadFromAnyKindOfMemory(DType type) {
        Case c = Case.random(6, 70, 50, type, 3);
        try (CpuThreads one = new CpuThreads(1); Arena arena = Arena.ofConfined()) {
            float[] expected = c.linear(one, 0, 6, false);
            MemorySegment mapped = arena.allocate(c.weight.data().byteSize() + 3).asSlice(3).copyFrom(c.weight.data());
            for (MemorySegment data : List.of(mapped, mapped.asReadOnly(), c.weight.data().asReadOnly(),
                    MemorySegment.ofArray(shorts(c.weight.data())))) {
                Case same = new Case(6, 70, 50, new StoredTensor("w", type, c.weight.shape(), data), c.values, c.x, c.dz, c.bias);
                assertSameBits(expected, same.linear(one, 0, 6, false));
            }
        }
    }

    private static short[] shorts(MemorySegment bytes) {
        short[] shorts = new short[(int) bytes.byteSize() / 2];
        MemorySegment.ofArray(shorts).copyFrom(bytes);
        return shorts;
    }

    @Test
    void noRowsAreNoWorkAndWrongArgumentsAreRefused() {
        Case c = Case.random(2, 4, 3, DType.F32, 1);
        try (CpuThreads one = new CpuThreads(1)) {
            MatrixProduct product = new MatrixProduct(one);
            product.linear(c.weight, null, 0, new float[0], 0, 4, new float[0], 0, 3);
            float[] x = new float[8];
            float[] z = new float[6];
            assertThrows(IndexOutOfBoundsException.class, () -> product.linear(c.weight, null, 2, x, 1, 4, z, 0, 3));
            assertThrows(IndexOutOfBoundsException.class, () -> product.linear(c.weight, null, 3, new float[12], 0, 4, z, 0, 3));
            assertThrows(IndexOutOfBoundsException.class, () -> product.linear(c.weight, new float[2], 2, x, 0, 4, z, 0, 3));
            assertThrows(IllegalArgumentException.class, () -> product.linear(c.weight, null, 2, x, 0, 3, z, 0, 3));
            assertThrows(IllegalArgumentException.class, () -> product.linearBackwardInput(c.weight, 2, z, 0, 3, x, 0, 3, false));
            StoredTensor vector = new StoredTensor("v", DType.F32, new long[]{12}, c.weight.data());
            assertThrows(IllegalArgumentException.class, () -> product.linear(vector, null, 2, x, 0, 4, z, 0, 3));
            StoredTensor integers = new StoredTensor("i", DType.I32, new long[]{3, 4}, c.weight.data());
            assertThrows(IllegalArgumentException.class, () -> product.linear(integers, null, 2, x, 0, 4, z, 0, 3));
        }
    }

    /** Vectors of any width, and code that is never compiled, give the bits that this process gives. */
    @ParameterizedTest
    @ValueSource(strings = {"-XX:MaxVectorSize=32", "-XX:MaxVectorSize=16", "-XX:MaxVectorSize=8", "-Xint"})
    void bitsDependNeitherOnTheVectorsOfTheMachineNorOnTheCompiler(String option) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), option,
                "--add-modules=jdk.incubator.vector", "-cp", System.getProperty("java.class.path"), MatrixProductTest.class.getName()));
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertEquals(0, process.waitFor(), output);
        assertEquals(Integer.toHexString(hash()), output);
    }

    /** Prints {@link #hash}. */
    public static void main(String[] args) {
        System.out.println(Integer.toHexString(hash()));
    }

    private static int hash() {
        int hash = 1;
        try (CpuThreads one = new CpuThreads(1)) {
            for (DType type : List.of(DType.F32, DType.BF16, DType.F16)) {
                Case c = Case.random(17, 290, 37, type, 77);
                hash = 31 * hash + Arrays.hashCode(c.linear(one, 0, 17, true));
                hash = 31 * hash + Arrays.hashCode(c.backward(one, 0, 17, null));
            }
        }
        return hash;
    }

    private static void assertSameBits(float[] expected, float[] actual) {
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < expected.length; i++) {
            if (Float.floatToIntBits(expected[i]) != Float.floatToIntBits(actual[i])) {
                assertEquals(expected[i], actual[i], "element " + i);
                throw new AssertionError("element " + i + ": zeros of different sign");
            }
        }
    }
}
