package dev.crane.kernels;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.cuda.ElementType;
import dev.crane.kernels.SegmentReduce.Reduction;

import static dev.crane.cuda.ElementType.BF16;
import static dev.crane.cuda.ElementType.F32;
import static org.junit.jupiter.api.Assertions.assertEquals;

/** Sums over rows and over the tokens of sequences, and streaming moments. */
class ReductionKernelsTest extends KernelTest {
    /** Sequences of one token, of fewer and of more than a block has lanes, and of more than a lane adds at once. */
    private static final int[] OFFSETS = {0, 1, 4, 44, 344};

    static Stream<Arguments> widths() {
        return Stream.of(F32, BF16).flatMap(type -> Stream.of(1, 37, 64, 200).map(width -> Arguments.of(type, width)));
    }

    @ParameterizedTest
    @MethodSource("widths")
    void rows(ElementType type, int width) {
        int rows = 11;
        float[] x = random("x", rows * width);
        float[] y = random("y", rows * width);
        Matrix sums = output(F32, rows, 1);
        new RowSums(library).sums(stream, input(type, "x", rows, width), sums.address());
        assertClose(IntStream.range(0, rows).mapToDouble(t -> IntStream.range(t * width, (t + 1) * width).mapToDouble(i -> x[i]).sum())
                .toArray(), sums, "sums");
        Matrix dots = output(F32, rows, 1);
        new RowSums(library).dots(stream, input(type, "x", rows, width), input(type, "y", rows, width), dots.address());
        assertClose(IntStream.range(0, rows).mapToDouble(t -> IntStream.range(t * width, (t + 1) * width).mapToDouble(i -> (double) x[i]
                * y[i]).sum()).toArray(), dots, "dots");
    }

    /** Column u of sequence b, as its tokens have it. */
    private static double[] column(float[] x, int width, int b, int u) {
        return IntStream.range(OFFSETS[b], OFFSETS[b + 1]).mapToDouble(t -> x[t * width + u]).toArray();
    }

    @ParameterizedTest
    @MethodSource("widths")
    void segments(ElementType type, int width) {
        int rows = OFFSETS[4];
        float[] z = random("z", rows * width);
        float[] delta = random("delta", rows * width);
        float[] s = random("s", rows);
        double[] dots = new double[4 * width];
        double[] weighted = new double[4 * width];
        Map<Reduction, double[]> reduced = new EnumMap<>(Reduction.class);
        for (Reduction reduction : Reduction.values())
            reduced.put(reduction, new double[4 * width]);
        for (int b = 0; b < 4; b++)
            for (int u = 0; u < width; u++) {
                for (int t = OFFSETS[b]; t < OFFSETS[b + 1]; t++) {
                    dots[b * width + u] += (double) z[t * width + u] * delta[t * width + u];
                    weighted[b * width + u] += (double) s[t] * delta[t * width + u];
                }
                double[] column = column(z, width, b, u);
                reduced.get(Reduction.MEAN)[b * width + u] = Arrays.stream(column).average().orElseThrow();
                reduced.get(Reduction.MEAN_ABS)[b * width + u] = Arrays.stream(column).map(Math::abs).average().orElseThrow();
                reduced.get(Reduction.MAX)[b * width + u] = Arrays.stream(column).max().orElseThrow();
                reduced.get(Reduction.NORM)[b * width + u] = Math.sqrt(Arrays.stream(column).map(v -> v * v).sum());
                reduced.get(Reduction.COUNT_POSITIVE)[b * width + u] = Arrays.stream(column).filter(v -> v > 0).count();
            }
        long offsets = ints(OFFSETS);
        Matrix out = output(F32, 4, width);
        new SegmentDot(library).launch(stream, input(type, "z", rows, width), input(type, "delta", rows, width), offsets, out);
        assertClose(dots, out, "dot");
        new SegmentDot(library).launch(stream, input(type, "z", rows, width), input(F32, "delta", rows, width), offsets, out);
        assertClose(dots, out, "dot with an f32 gradient");
        new SegmentWeightedSum(library).launch(stream, floats(s), input(type, "delta", rows, width), offsets, out);
        assertClose(weighted, out, "weighted sum");
        for (Reduction reduction : Reduction.values()) {
            new SegmentReduce(library).launch(stream, input(type, "z", rows, width), offsets, reduction, out);
            assertClose(reduced.get(reduction), out, reduction.name());
        }
    }

    @Test
    void reductionsOfNothingAndOfNan() {
        float[] x = {1, Float.NaN, 2};
        Matrix out = output(F32, 3, 1);
        long offsets = ints(0, 0, 3, 3);
        new SegmentReduce(library).launch(stream, matrix(F32, 3, 1, x), offsets, Reduction.MAX, out);
        assertClose(new double[]{Double.NEGATIVE_INFINITY, Double.NaN, Double.NEGATIVE_INFINITY}, out, "max");
        new SegmentReduce(library).launch(stream, matrix(F32, 3, 1, x), offsets, Reduction.COUNT_POSITIVE, out);
        assertClose(new double[]{0, 2, 0}, out, "count");
    }

    @Test
    void moments() {
        int samples = 23;
        int units = 300;
        float[] scores = random("scores", samples * units);
        long[] moments = new long[5];
        for (int i = 0; i < 5; i++)
            moments[i] = doubles(new double[units]);
        int done = 0;
        for (int batch : new int[]{1, 4, 18}) {
            Matrix some = matrix(F32, batch, units, Arrays.copyOfRange(scores, done * units, (done + batch) * units));
            new MomentsUpdate(library).launch(stream, some, done, moments[0], moments[1], moments[2], moments[3], moments[4]);
            done += batch;
        }
        for (int u = 0; u < units; u++) {
            int unit = u;
            double[] x = IntStream.range(0, samples).mapToDouble(n -> scores[n * units + unit]).toArray();
            double mean = Arrays.stream(x).average().orElseThrow();
            assertEquals(mean, readDoubles(moments[0], units)[u], 1e-12);
            for (int p = 2; p <= 4; p++) {
                int power = p;
                double expected = Arrays.stream(x).map(v -> Math.pow(v - mean, power)).sum();
                assertEquals(expected, readDoubles(moments[p - 1], units)[u], 1e-10 * samples);
            }
            assertEquals(Arrays.stream(x).map(Math::abs).average().orElseThrow(), readDoubles(moments[4], units)[u], 1e-12);
            u += 36;
        }
    }
}
