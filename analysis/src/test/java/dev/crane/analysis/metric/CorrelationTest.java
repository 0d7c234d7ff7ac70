package dev.crane.analysis.metric;

import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Cases worked out by hand. */
class CorrelationTest {
    @Test
    void pearsonAndSpearman() {
        double[] x = {1, 2, 3, 4};
        // Deviations −1.5 −.5 .5 1.5 and −1 −2 1 2: Σ xy = 6, Σ xx = 5, Σ yy = 10.
        assertEquals(6 / Math.sqrt(50), Correlation.pearson(x, new double[]{2, 1, 4, 5}), 1e-15);
        // Ranks 2 1 3 4: Σ d² = 2, ρ = 1 − 6 · 2 / (4 · 15).
        assertEquals(0.8, Correlation.spearman(x, new double[]{2, 1, 4, 5}), 1e-15);
        assertEquals(1, Correlation.spearman(x, new double[]{-9, 0, 1e-3, 1e9}));
        assertEquals(-1, Correlation.pearson(x, new double[]{8, 6, 4, 2}), 1e-15);
        assertTrue(Double.isNaN(Correlation.pearson(x, new double[]{5, 5, 5, 5})));
        assertTrue(Double.isNaN(Correlation.pearson(new double[0], new double[0])));
    }

    @Test
    void equalValuesShareTheMeanOfTheirRanks() {
        assertArrayEquals(new double[]{3.5, 1, 3.5, 2, 5}, Correlation.ranks(new double[]{7, -1, 7, 0, 8}));
        // Ranks 1.5 1.5 3 and 1 2.5 2.5: deviations −.5 −.5 1 and −1 .5 .5, Σ xy = .75, Σ xx = Σ yy = 1.5.
        assertEquals(0.5, Correlation.spearman(new double[]{4, 4, 6}, new double[]{0, 3, 3}), 1e-15);
    }

    @Test
    void anIntervalHoldsTheValue() {
        double[] x = new double[40];
        double[] y = new double[40];
        for (int i = 0; i < x.length; i++) {
            x[i] = i;
            y[i] = i + 12 * Math.sin(i * 7);
        }
        PairedBootstrap.Estimate estimate = Correlation.estimate(Correlation::pearson, x, y, new PairedBootstrap(500, 0.95, 1));
        assertEquals(Correlation.pearson(x, y), estimate.value());
        assertTrue(0.5 < estimate.low() && estimate.low() < estimate.value() && estimate.value() < estimate.high() && estimate.high() < 1);
    }
}
