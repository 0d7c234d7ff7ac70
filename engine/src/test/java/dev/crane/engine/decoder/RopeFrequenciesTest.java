package dev.crane.engine.decoder;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.engine.decoder.Positions.Rope;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

class RopeFrequenciesTest {
    private static final List<Double> SHORT = List.of(1.0, 1.0, 1.05, 1.1, 1.3, 1.75, 2.4, 2.85);
    private static final List<Double> LONG = List.of(1.0, 1.05, 1.2, 1.9, 3.5, 8.25, 21.0, 39.5);
    private static final Map<String, double[]> GOLDEN = golden();

    static Stream<Arguments> cases() {
        RopeScaling.LongRope longRope = new RopeScaling.LongRope(SHORT, LONG, 4096,
                RopeScaling.LongRope.attentionFactor(131072 / 4096.0, 4096));
        return Stream.of(
                Arguments.of("default-128", new Rope(10000, 128, new RopeScaling.None()), 100),
                Arguments.of("default-20", new Rope(500000, 20, new RopeScaling.None()), 100),
                Arguments.of("linear-16", new Rope(10000, 16, new RopeScaling.Linear(4)), 100),
                Arguments.of("llama3-128", new Rope(500000, 128, new RopeScaling.Llama3(8, 1, 4, 8192)), 100),
                Arguments.of("llama3-16", new Rope(50000, 16, new RopeScaling.Llama3(8, 1, 4, 32)), 100),
                Arguments.of("yarn-64",
                        new Rope(1000000, 64, new RopeScaling.Yarn(4, 32768, RopeScaling.Yarn.attentionFactor(4), 32, 1, true)), 100),
                Arguments.of("yarn-mscale-64",
                        new Rope(10000, 64, new RopeScaling.Yarn(40, 4096, RopeScaling.Yarn.attentionFactor(40, 1, 0.707), 32, 1, true)),
                        100),
                Arguments.of("yarn-untruncated-64",
                        new Rope(150000, 64, new RopeScaling.Yarn(32, 4096, RopeScaling.Yarn.attentionFactor(32), 24, 2, false)), 100),
                Arguments.of("longrope-16-short", new Rope(10000, 16, longRope), 4096),
                Arguments.of("longrope-16-long", new Rope(10000, 16, longRope), 4097));
    }

    static Stream<Arguments> narrowCases() {
        return cases().filter(c -> GOLDEN.containsKey(c.get()[0] + "@251"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void agreesWithTransformers(String name, Rope rope, int sequenceLength) {
        double[] golden = GOLDEN.get(name);
        RopeFrequencies frequencies = RopeFrequencies.of(rope, sequenceLength);
        // The factor is computed in double on both sides and then rounded to f32 here.
        assertEquals(golden[0], frequencies.attentionScaling(), Math.ulp((float) golden[0]));
        assertEquals(golden.length - 1, frequencies.inverse().length);
        for (int i = 0; i < frequencies.inverse().length; i++) {
            // torch's vectorised powf is good to one unit in the last place, the operations after it round the same way; scaling may amplify by two.
            assertEquals(golden[i + 1], frequencies.inverse()[i], 2 * Math.ulp((float) golden[i + 1]), name + " " + i);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("narrowCases")
    void rotatesAsTransformers(String name, Rope rope, int sequenceLength) {
        double[] golden = GOLDEN.get(name + "@251");
        RopeFrequencies frequencies = RopeFrequencies.of(rope, sequenceLength);
        int half = frequencies.inverse().length;
        float[] cos = new float[half + 1];
        float[] sin = new float[half + 1];
        frequencies.rotation(251, cos, sin, 1);
        for (int i = 0; i < half; i++) {
            // A frequency two units off moves an angle of up to 251 by at most 251 · 2^-22.
            double tolerance = 251 * Math.pow(2, -22);
            assertEquals(golden[i] * frequencies.attentionScaling(), cos[i + 1], tolerance);
            assertEquals(golden[half + i] * frequencies.attentionScaling(), sin[i + 1], tolerance);
        }
        assertEquals(0, cos[0]);
    }

    @Test
    void yarnFactorOfAnUnstretchedModelIsOne() {
        assertEquals(1, RopeScaling.Yarn.attentionFactor(1));
        assertEquals(1, RopeScaling.LongRope.attentionFactor(0.5, 4096));
    }

    @Test
    void refusesLongRopeListsOfTheWrongLength() {
        RopeScaling scaling = new RopeScaling.LongRope(SHORT, LONG, 4096, 1);
        Rope rope = new Rope(10000, 32, scaling);
        assertThrows(IllegalArgumentException.class, () -> RopeFrequencies.of(rope, 10));
    }

    private static Map<String, double[]> golden() {
        try (InputStream in = RopeFrequenciesTest.class.getResourceAsStream("/rope/transformers.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().filter(line -> !line.startsWith("#"))
                    .map(line -> line.split(" "))
                    .collect(Collectors.toMap(words -> words[0], words -> Stream.of(words).skip(1).flatMapToDouble(w -> DoubleStream.of(
                            Double.parseDouble(w))).toArray()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
