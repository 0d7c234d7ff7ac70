package dev.crane.models.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** How near computed values are to golden ones. */
final class Closeness {
    private Closeness() {
    }

    /** Asserts that ‖actual − expected‖ ≤ tolerance · ‖expected‖; where nothing but zeros is expected, nothing but zeros may be there. */
    static void assertNear(float[] expected, float[] actual, double tolerance, String what) {
        assertEquals(expected.length, actual.length, what);
        double difference = 0;
        double size = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += Math.pow((double) actual[i] - expected[i], 2);
            size += Math.pow(expected[i], 2);
        }
        double relative = Math.sqrt(difference) / Math.sqrt(size);
        assertTrue(size == 0 ? difference == 0 : relative <= tolerance, what + ": relative error " + relative);
    }

    static float largest(float[] values) {
        float largest = 0;
        for (float value : values)
            largest = Math.max(largest, Math.abs(value));
        return largest;
    }
}
