package dev.crane.analysis.metric;

import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;

class SampleMeanTest {
    @Test
    void byHand() {
        // 2, 4, 4, 4, 5, 5, 7, 9: Σ (x − 5)² = 32.
        SampleMean mean = SampleMean.of(2, 4, 4, 4, 5, 5, 7, 9);
        assertEquals(new SampleMean(8, 5, Math.sqrt(32 / 7.0), Math.sqrt(32 / 7.0 / 8)), mean);
    }

    @Test
    void accuracyHasTheBinomialError() {
        // n items, k right: Σ (x − k/n)² = k (n − k) / n, so the error is √(p (1 − p) / (n − 1)); here p = 0.8, n = 100: 0.0402015…
        double[] right = new double[100];
        java.util.Arrays.fill(right, 0, 80, 1);
        assertEquals(Math.sqrt(0.8 * 0.2 / 99), SampleMean.of(right).standardError(), 1e-15);
    }

    @Test
    void tooFew() {
        assertEquals(new SampleMean(1, 3, Double.NaN, Double.NaN), SampleMean.of(3));
        assertEquals(Double.NaN, SampleMean.of().mean());
    }
}
