package dev.crane.kernels;

import java.util.Arrays;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.cuda.ElementType;

import static dev.crane.cuda.ElementType.BF16;
import static dev.crane.cuda.ElementType.F32;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

/** Single logits and log-probabilities, and their gradients. */
class TargetKernelsTest extends KernelTest {
    private static final int VOCABULARY = 50;

    static Stream<Arguments> types() {
        return Stream.of(ElementType.values()).flatMap(head -> Stream.of(F32, BF16).flatMap(h -> Stream.of(1, 37, 256).map(
                width -> Arguments.of(head, h, width))));
    }

    @ParameterizedTest
    @MethodSource("types")
    void logits(ElementType headType, ElementType type, int width) {
        int[] rows = {0, 4, 4, 2, 0, 1, 4, 4, 4};
        int[] tokens = {3, 49, 0, 7, 3, 3, 12, 13, 49};
        float[] head = random("head", VOCABULARY * width);
        float[] h = random("h", 5 * width);
        double[] expected = new double[rows.length];
        for (int n = 0; n < rows.length; n++)
            for (int i = 0; i < width; i++)
                expected[n] += (double) h[rows[n] * width + i] * head[tokens[n] * width + i];
        Matrix result = output(F32, 1, rows.length);
        new TargetLogits(library).launch(stream, input(headType, "head", VOCABULARY, width), input(type, "h", 5, width), ints(rows),
                ints(tokens),
                rows.length, result.address());
        assertClose(expected, result, "logits");

        int[] first = {0, 1, 3, 3, 5, 6};
        int[] grouped = {7, 3, 3, 49, 49, 0};
        float[] coefficients = {1, 0.5f, 0.25f, -1, 2, 0.75f};
        double[] gradient = new double[5 * width];
        for (int t = 0; t < 5; t++)
            for (int n = first[t]; n < first[t + 1]; n++)
                for (int i = 0; i < width; i++)
                    gradient[t * width + i] += coefficients[n] * head[grouped[n] * width + i];
        Matrix dh = output(type, 5, width);
        new TargetLogitsBackward(library).launch(stream, input(headType, "head", VOCABULARY, width), ints(first), ints(grouped),
                floats(coefficients), dh);
        assertClose(gradient, dh, "dh");
    }

    static Stream<Arguments> vocabularies() {
        return Stream.of(F32, BF16).flatMap(type -> Stream.of(1, 37, 320, 5000).map(width -> Arguments.of(type, width)));
    }

    @ParameterizedTest
    @MethodSource("vocabularies")
    void logprobs(ElementType type, int vocabulary) {
        int rows = 3;
        float[] logits = random("logits", rows * vocabulary);
        logits[vocabulary - 1] = Float.NEGATIVE_INFINITY; // a masked token, or the only one
        int[] tokens = {0, vocabulary / 2, vocabulary - 1};
        float[] coefficients = {1, -0.5f, 0.25f};
        double[] expected = new double[rows];
        double[] gradient = new double[rows * vocabulary];
        int[] best = new int[rows];
        for (int t = 0; t < rows; t++) {
            double max = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < vocabulary; i++)
                if (logits[t * vocabulary + i] > max) {
                    max = logits[t * vocabulary + i];
                    best[t] = i;
                }
            double sum = 0;
            for (int i = 0; i < vocabulary; i++)
                sum += Math.exp(logits[t * vocabulary + i] - max);
            double lse = max + Math.log(sum);
            expected[t] = logits[t * vocabulary + tokens[t]] - lse;
            for (int i = 0; i < vocabulary; i++)
                gradient[t * vocabulary + i] = coefficients[t] * ((i == tokens[t] ? 1 : 0) - Math.exp(logits[t * vocabulary + i] - lse));
        }
        Matrix x = matrix(type, rows, vocabulary, logits);
        Matrix result = output(F32, 1, rows);
        long greedy = ints(-1, -1, -1);
        new Logprobs(library).launch(stream, x, ints(tokens), result.address(), greedy);
        assertClose(expected, result, "logprobs");
        assertArrayEquals(best, readInts(greedy, rows));
        new Logprobs(library).backward(stream, x, ints(tokens), floats(coefficients));
        assertClose(gradient, x, "gradient");
    }

    @Test
    void logprobsOfRowsWithNan() {
        float[] logits = new float[3 * 40];
        Arrays.fill(logits, Float.NEGATIVE_INFINITY);
        logits[40 + 3] = Float.NaN;
        logits[40 + 5] = 2;
        logits[80 + 7] = Float.POSITIVE_INFINITY;
        Matrix result = output(F32, 1, 3);
        long greedy = ints(-1, -1, -1);
        new Logprobs(library).launch(stream, matrix(F32, 3, 40, logits), ints(0, 0, 0), result.address(), greedy);
        assertClose(new double[]{Double.NaN, Double.NaN, Double.NaN}, result, "logprobs");
        assertArrayEquals(new int[]{0, 5, 7}, readInts(greedy, 3));
    }
}
