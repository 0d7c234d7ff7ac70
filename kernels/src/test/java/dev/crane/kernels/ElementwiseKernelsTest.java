package dev.crane.kernels;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.cuda.ElementType;

import static dev.crane.cuda.ElementType.BF16;
import static dev.crane.cuda.ElementType.F16;
import static dev.crane.cuda.ElementType.F32;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

/** Ops that treat each element alone, on rows of one element, of whole vectors and of neither. */
class ElementwiseKernelsTest extends KernelTest {
    static Stream<Arguments> shapes() {
        return Stream.of(F32, BF16)
                .flatMap(type -> Stream.of(new int[]{1, 1}, new int[]{3, 37}, new int[]{5, 64}, new int[]{2, 1000})
                        .map(s -> Arguments.of(type,
                                s[0], s[1])));
    }

    @ParameterizedTest
    @EnumSource
    void embeds(ElementType type) {
        for (int width : new int[]{37, 64}) {
            int[] ids = {3, 0, 49, 3};
            Matrix out = output(F32, ids.length, width);
            new Embed(library).launch(stream, input(type, "table", 50, width), ints(ids), 1.5f, out);
            float[] table = random("table", 50 * width);
            assertClose(IntStream.range(0, ids.length * width).mapToDouble(i -> 1.5 * table[ids[i / width] * width + i % width]).toArray(),
                    out,
                    "embed");
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void movesRows(ElementType type, int rows, int width) {
        int[] index = IntStream.range(0, rows).map(i -> rows - 1 - i).toArray();
        float[] x = random("x", rows * width);
        double[] expected = IntStream.range(0, x.length).mapToDouble(i -> x[index[i / width] * width + i % width]).toArray();
        Matrix gathered = output(type, rows, width);
        new Rows(library).gather(stream, input(type, "x", rows, width), ints(index), gathered);
        assertClose(expected, gathered, "gather");
        Matrix scattered = output(type, rows, width);
        new Rows(library).scatter(stream, input(type, "x", rows, width), ints(index), scattered);
        assertClose(expected, scattered, "scatter");
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void adds(ElementType type, int rows, int width) {
        float[] x = random("x", rows * width);
        float[] delta = random("delta", rows * width);
        double[] expected = IntStream.range(0, x.length).mapToDouble(i -> (double) x[i] + delta[i]).toArray();
        Matrix wide = input(F32, "x", rows, width);
        new Add(library).launch(stream, wide, input(type, "delta", rows, width));
        assertClose(expected, wide, "add");
        Matrix narrow = input(type, "x", rows, width);
        new Add(library).launch(stream, narrow, input(type, "delta", rows, width));
        assertClose(expected, narrow, "add of one type");
    }

    /** Where the first element is not at a whole vector, single elements are read and written. */
    @Test
    void worksAtAnyAddress() {
        Matrix x = matrix(F32, 3, 64, random("x", 192), 1);
        new Add(library).launch(stream, x, matrix(BF16, 3, 64, random("delta", 192), 3));
        float[] delta = random("delta", 192);
        float[] before = random("x", 192);
        assertClose(IntStream.range(0, 192).mapToDouble(i -> (double) before[i] + delta[i]).toArray(), x, "add");
        Matrix out = matrix(BF16, 3, 64, new float[192], 5);
        new Cast(library).launch(stream, x, out);
        assertClose(doubles(read(x)), out, "cast");
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void fills(ElementType type, int rows, int width) {
        Matrix x = output(type, rows, width);
        new Fill(library).launch(stream, x, -2.5f);
        assertClose(IntStream.range(0, rows * width).mapToDouble(i -> -2.5).toArray(), x, "fill");
    }

    @Test
    void castsRoundToNearestEven() {
        float[] values = new float[1000];
        for (int i = 0; i < values.length; i++)
            values[i] = Float.intBitsToFloat(i * 0x01234567 + 0x00123456);
        float[] special = {0f, -0f, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 65504, 65519.996f, 65520, 1e-8f, 3e-8f, 6.1e-5f,
                5.97e-8f,
                Float.MIN_VALUE, Float.MAX_VALUE, 1 + 1 / 256f, 1 + 3 / 256f, 1 + 3 / 2048f};
        System.arraycopy(special, 0, values, 0, special.length);
        Matrix x = matrix(F32, 1, 1000, values);
        for (ElementType type : List.of(BF16, F16)) {
            Matrix out = output(type, 1, 1000);
            new Cast(library).launch(stream, x, out);
            float[] expected = new float[1000];
            for (int i = 0; i < 1000; i++)
                expected[i] = type == F16
                        ? Float.float16ToFloat(Float.floatToFloat16(values[i]))
                        : Float.intBitsToFloat(bf16(values[i]) << 16);
            assertArrayEquals(expected, read(out), type.name());
            Matrix back = output(F32, 1, 1000);
            new Cast(library).launch(stream, out, back);
            assertArrayEquals(expected, read(back), type + " and back");
        }
        Matrix half = matrix(F16, 1, 37, random("half", 37));
        Matrix brain = output(BF16, 1, 37);
        new Cast(library).launch(stream, half, brain);
        assertArrayEquals(random("half", 37), read(brain));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void edits(ElementType type, int rows, int width) {
        TestEdits edits = new TestEdits(rows, width);
        for (boolean bitmaps : new boolean[]{false, true}) {
            Edits onDevice = edits.upload(this, bitmaps);
            Matrix x = input(type, "x", rows, width);
            new Edit(library).launch(stream, x, onDevice);
            float[] before = random("x", rows * width);
            double[] edited = IntStream.range(0, before.length).mapToDouble(i -> edits.value(before[i], i / width, i % width, bitmaps))
                    .toArray();
            assertClose(edited, x, "edit");
            Matrix gradient = input(type, "gradient", rows, width);
            float[] values = read(x);
            new Edit(library).backward(stream, gradient, x, onDevice);
            float[] g = random("gradient", rows * width);
            assertClose(
                    IntStream.range(0, g.length).mapToDouble(i -> edits.gradient(g[i], values[i], i / width, i % width, bitmaps)).toArray(),
                    gradient, "backward of edit");
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void softcaps(ElementType type, int rows, int width) {
        float[] x = random("x", rows * width);
        x[0] = 0;
        for (RuleTwin rule : RuleTwin.ALL) {
            Softcap softcap = new Softcap(library, rule.name());
            Matrix capped = matrix(type, rows, width, x);
            softcap.launch(stream, capped, 1.5f);
            assertClose(IntStream.range(0, x.length).mapToDouble(i -> 1.5 * Math.tanh(x[i] / 1.5)).toArray(), capped, "softcap");
            Matrix gradient = input(type, "gradient", rows, width);
            softcap.backward(stream, gradient, matrix(type, rows, width, x), 1.5f);
            float[] g = random("gradient", rows * width);
            assertClose(IntStream.range(0, x.length).mapToDouble(i -> {
                double tanh = Math.tanh(x[i] / 1.5);
                return g[i] * (!rule.ratio() ? 1 - tanh * tanh : x[i] == 0 ? 1 : 1.5 * tanh / x[i]);
            }).toArray(), gradient, "backward of softcap, " + rule);
        }
    }

    /** No built-in rule changes the gradient of a linear layer's output. */
    @ParameterizedTest
    @MethodSource("shapes")
    void linearRulesOfTheBuildDoNothing(ElementType type, int rows, int width) {
        for (RuleTwin rule : RuleTwin.ALL) {
            Matrix gradient = input(type, "gradient", rows, width);
            new LinearRule(library, rule.name()).launch(stream, input(type, "z", rows, width), gradient);
            assertArrayEquals(random("gradient", rows * width), read(gradient));
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void sharesByGamma(ElementType type, int rows, int width) {
        Gamma gamma = new Gamma(library);
        float[] x = random("x", rows * width);
        Matrix absolute = output(type, rows, width);
        gamma.absolute(stream, input(type, "x", rows, width), absolute);
        assertClose(IntStream.range(0, x.length).mapToDouble(i -> Math.abs(x[i])).toArray(), absolute, "absolute");

        float[] value = random("value", rows * width);
        float[] sum = random("sum", rows * width);
        Matrix signed = input(type, "sum", rows, width);
        gamma.addSigned(stream, input(type, "x", rows, width), input(type, "value", rows, width), signed);
        assertClose(IntStream.range(0, x.length).mapToDouble(i -> sum[i] + Math.signum(x[i]) * value[i]).toArray(), signed, "add signed");

        float[] bias = random("bias", width);
        float[] g = random("gradient", rows * width);
        double[] share = IntStream.range(0, x.length).mapToDouble(i -> {
            double ofItsSign = Math.max(0, (Math.abs(x[i]) - Math.copySign(1, x[i]) * bias[i % width] + Math.abs(value[i])) / 2);
            return x[i] == 0 ? 0 : g[i] * Math.abs(x[i]) / (Math.abs(x[i]) + 0.25 * ofItsSign);
        }).toArray();
        float[] amounts = value.clone();
        for (int i = 0; i < amounts.length; i++)
            amounts[i] = Math.abs(amounts[i]);
        Matrix gradient = input(type, "gradient", rows, width);
        Matrix magnitudes = matrix(type, rows, width, amounts);
        gamma.launch(stream, input(type, "x", rows, width), input(F32, "bias", 1, width).address(), 0.25f, gradient, magnitudes);
        assertClose(IntStream.range(0, x.length).mapToDouble(i -> 1.125 * share[i]).toArray(), gradient, "gradient");
        assertClose(IntStream.range(0, x.length).mapToDouble(i -> Math.copySign(0.125, x[i]) * share[i]).toArray(), magnitudes,
                "magnitudes");
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void findsTheFirstNonFiniteRow(ElementType type, int rows, int width) {
        long workspace = matrix(F32, 1, FirstNonFinite.WORKSPACE_BYTES / 4, new float[FirstNonFinite.WORKSPACE_BYTES / 4]).address();
        long result = ints(7);
        float[] x = random("x", rows * width);
        for (int bad = rows; bad >= 0; bad--) {
            if (bad < rows)
                x[bad * width + width / 2] = bad % 2 == 0 ? Float.NaN : Float.NEGATIVE_INFINITY;
            new FirstNonFinite(library).launch(stream, matrix(type, rows, width, x), workspace, result);
            assertEquals(bad == rows ? -1 : bad, readInts(result, 1)[0]);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16"})
    void rotates(ElementType type) {
        for (int[] shape : new int[][]{{1, 1, 2, 1}, {3, 2, 12, 6}, {5, 3, 64, 32}, {4, 2, 40, 8}, {2, 3, 13, 5}}) {
            int tokens = shape[0];
            int heads = shape[1];
            int headDim = shape[2];
            int half = shape[3];
            int width = heads * headDim;
            int[] positions = IntStream.range(0, tokens).map(t -> 2 * t + 1).toArray();
            float[] cos = random("cos", 12 * half);
            float[] sin = random("sin", 12 * half);
            float[] x = random("x", tokens * width);
            for (boolean inverse : new boolean[]{false, true}) {
                double[] expected = doubles(x);
                for (int t = 0; t < tokens; t++)
                    for (int h = 0; h < heads; h++)
                        for (int i = 0; i < half; i++) {
                            double c = cos[positions[t] * half + i];
                            double s = (inverse ? -1 : 1) * sin[positions[t] * half + i];
                            int at = t * width + h * headDim + i;
                            expected[at] = x[at] * c - x[at + half] * s;
                            expected[at + half] = x[at + half] * c + x[at] * s;
                        }
                Matrix inPlace = input(type, "x", tokens, width);
                Matrix cosines = matrix(F32, 12, half, cos);
                Matrix sines = matrix(F32, 12, half, sin);
                Matrix apart = output(type, tokens, width);
                new Rope(library).launch(stream, inPlace, apart, headDim, ints(positions), cosines, sines, inverse);
                assertClose(expected, apart, "rope to another matrix");
                new Rope(library).launch(stream, inPlace, inPlace, headDim, ints(positions), cosines, sines, inverse);
                assertClose(expected, inPlace, "rope in place");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16"})
    void drawsNormalNumbers(ElementType type) {
        int count = 20_003;
        Matrix x = output(type, 1, count);
        new RandomNormal(library).launch(stream, x, 2, 42);
        float[] values = read(x);
        double mean = 0;
        double square = 0;
        for (float v : values) {
            mean += v / count;
            square += (double) v * v / count;
        }
        // standard errors: 2/√n = 0.014 and 4·√(2/n) = 0.04
        assertEquals(0, mean, 0.06);
        assertEquals(4, square, 0.16);
        Matrix some = output(type, 1, 7);
        new RandomNormal(library).launch(stream, some, 2, 42);
        for (int i = 0; i < 7; i++)
            assertEquals(values[i], read(some)[i]);
    }
}
