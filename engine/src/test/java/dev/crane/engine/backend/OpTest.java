package dev.crane.engine.backend;

import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.engine.backend.OpCase.Output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Every case on every backend against the scalar reference. */
class OpTest {
    /**
     * ‖a − b‖ / ‖b‖. An f32 chain of n terms errs by about √n/2 roundings of 2⁻²⁴, the longest chain here (1,100 keys) by 10⁻⁶ of the sum of the terms'
     * sizes, which for random signs is √n times the sum for the worst of the outputs but a few times for the norm of all; exponentials add their
     * argument's rounding, 4·10⁻⁷ for arguments below 8.
     */
    private static final double TOLERANCE = 1e-5;
    private static final TestBackend REFERENCE = TestBackend.reference();
    private static final TestBackend CPU = TestBackend.cpu(2);

    @AfterAll
    static void close() {
        REFERENCE.close();
        CPU.close();
    }

    static Stream<OpCase> cases() {
        return OpCases.all();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void agreesWithTheReference(OpCase test) {
        compare(test, false);
    }

    /** Where an op mixes tokens, a value that is finite in the reference may be NaN here in the sequences that hold one; others stay untouched. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void agreesOnNanAndInfinity(OpCase test) {
        compare(test, true);
    }

    private static void compare(OpCase test, boolean special) {
        compare(test, REFERENCE, CPU, special, TOLERANCE);
    }

    /** Runs a case on two backends; the first one is right. */
    static void compare(OpCase test, TestBackend reference, TestBackend backend, boolean special, double tolerance) {
        Map<String, Output> expected = test.run(reference, Map.of(), special, test.all());
        Map<String, Output> actual = test.run(backend, Map.of(), special, test.all());
        assertEquals(expected.keySet(), actual.keySet());
        expected.forEach((name, output) -> compare(name, output, actual.get(name), special && test.mixes() ? test : null, tolerance));
    }

    private static void compare(String name, Output expectedOutput, Output actualOutput, OpCase mixing, double tolerance) {
        float[] expected = expectedOutput.values();
        float[] actual = actualOutput.values();
        assertEquals(expected.length, actual.length, name);
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < expected.length; i++) {
            if (Float.isFinite(expected[i]) && Float.isFinite(actual[i])) {
                difference += Math.pow((double) expected[i] - actual[i], 2);
                norm += Math.pow(expected[i], 2);
            } else if (mixing == null || Float.isFinite(actual[i]) || mixing.sequence(expectedOutput, i) % 2 == 0)
                assertEquals(expected[i], actual[i], name + "[" + i + "]");
        }
        double error = Math.sqrt(difference) / Math.max(Math.sqrt(norm), Double.MIN_NORMAL);
        assertTrue(difference == 0 || error <= tolerance, name + ": normalised error " + error);
    }
}
