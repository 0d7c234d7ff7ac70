package dev.crane.analysis.metric;

import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

class HolmTest {
    @Test
    void stepsDownFromTheSmallest() {
        // Sorted .005 .01 .03 .04 times 4 3 2 1: .02 .03 .06 .04; the last must not be less than the one before it.
        assertArrayEquals(new double[]{.03, .06, .06, .02}, Holm.adjusted(new double[]{.01, .04, .03, .005}), 1e-15);
    }

    @Test
    void endsAtOneAndPassesOverWhatIsNoComparison() {
        assertArrayEquals(new double[]{1, Double.NaN, 1}, Holm.adjusted(new double[]{.6, Double.NaN, .9}));
        assertArrayEquals(new double[]{.5}, Holm.adjusted(new double[]{.5}));
        assertArrayEquals(new double[0], Holm.adjusted(new double[0]));
    }
}
