package dev.crane.analysis.metric;

import java.util.Arrays;
import java.util.Random;

import org.junit.jupiter.api.Test;

import dev.crane.analysis.metric.PairedBootstrap.Estimate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class PairedBootstrapTest {
    @Test
    void constantDifferenceIsCertain() {
        Estimate estimate = new PairedBootstrap(999, 0.95, 1).meanDifference(new double[]{1, 2, 3}, new double[]{1.5, 2.5, 3.5});
        assertEquals(new Estimate(0.5, 0.5, 0.5, 0.001), estimate);
        assertEquals(1, new PairedBootstrap(999, 0.95, 1).meanDifference(new double[]{1, 2}, new double[]{1, 2}).p());
    }

    @Test
    void twoItemsHaveThreeOutcomes() {
        // Differences 0 and 1: resampled means 0, ½, 1 with probability ¼, ½, ¼; the outer two are as far from ½ as ½ is from 0, so p → ½.
        Estimate estimate = new PairedBootstrap(40_000, 0.95, 3).meanDifference(new double[]{1, 0}, new double[]{1, 1});
        assertEquals(0.5, estimate.value());
        assertEquals(0, estimate.low());
        assertEquals(1, estimate.high());
        // Binomial deviation √(0.25 / 40,000) = 0.0025; four of them.
        assertEquals(0.5, estimate.p(), 0.01);
    }

    @Test
    void manyItemsGiveTheNormalInterval() {
        Random random = new Random(12);
        int n = 400;
        double[] before = random.doubles(n).toArray();
        double[] after = Arrays.stream(before).map(x -> x + 0.1 + random.nextGaussian()).toArray();
        double[] differences = new double[n];
        Arrays.setAll(differences, i -> after[i] - before[i]);
        SampleMean mean = SampleMean.of(differences);
        // The bootstrap's own deviation is the population one over √n; of n = 400 normal differences its interval is mean ± 1.96 of it.
        // A 97.5 % quantile of 20,000 draws is off by √(0.025·0.975/20,000)/φ(1.96) = 0.019 deviations (1 σ); the mean's own
        // distribution is normal to about 0.01.
        double deviation = mean.standardError() * Math.sqrt((n - 1.0) / n);
        Estimate estimate = new PairedBootstrap(20_000, 0.95, 5).meanDifference(before, after);
        assertEquals(mean.mean(), estimate.value(), 1e-14);
        assertEquals(mean.mean() - 1.96 * deviation, estimate.low(), 0.08 * deviation);
        assertEquals(mean.mean() + 1.96 * deviation, estimate.high(), 0.08 * deviation);
        // Two-sided normal p of the observed mean; deviation of the estimate √(p(1−p)/20,000) ≤ 0.0036.
        assertEquals(2 * normalTail(Math.abs(mean.mean()) / deviation), estimate.p(), 0.015);
    }

    @Test
    void ratioWeighsDocumentsByTheirTokens() {
        // Summed negative log-likelihoods over 10 and 90 tokens: (5 + 0) / 100 nats a token, not the mean of 0.5 and 0.
        Estimate estimate = PairedBootstrap.DEFAULT.ratioDifference(new double[]{20, 180}, new double[]{25, 180}, new double[]{10, 90});
        assertEquals(0.05, estimate.value(), 1e-15);
        // Both resamples the short document: 5 / 10; both the long one: 0.
        assertEquals(0, estimate.low());
        assertEquals(0.5, estimate.high());
    }

    @Test
    void groupsAreDrawnOnTheirOwn() {
        // The product of two independent means, each 0, ½ or 1 with ¼, ½, ¼: 0 with 7/16, so P(|θ* − ¼| ≥ ¼) = P(0) + P(½) + P(1) = 7/16
        // + 4/16 + 1/16 = ¾.
        double[] values = {0, 1};
        Estimate estimate = new PairedBootstrap(40_000, 0.95, 8).estimate(new int[]{2, 2},
                drawn -> Arrays.stream(drawn[0]).mapToDouble(i -> values[i]).sum()
                        * Arrays.stream(drawn[1]).mapToDouble(i -> values[i]).sum() / 4);
        assertEquals(0.25, estimate.value());
        assertEquals(0.75, estimate.p(), 0.01);
    }

    @Test
    void undefinedResamplesDoNotCount() {
        Estimate estimate = new PairedBootstrap(1000, 0.9, 4).estimate(new int[]{2},
                drawn -> drawn[0][0] == drawn[0][1] ? Double.NaN : 1);
        assertEquals(1, estimate.low());
        assertEquals(1, estimate.high());
        assertTrue(Double.isNaN(new PairedBootstrap(10, 0.9, 4).estimate(new int[]{1}, drawn -> Double.NaN).p()));
    }

    @Test
    void theSeedDecides() {
        double[] before = {1, 5, 2, 8, 3};
        double[] after = {2, 4, 2, 9, 7};
        assertEquals(new PairedBootstrap(500, 0.95, 7).meanDifference(before, after),
                new PairedBootstrap(500, 0.95, 7).meanDifference(before, after));
    }

    @Test
    void badInputIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new PairedBootstrap(0, 0.95, 1));
        assertThrows(IllegalArgumentException.class, () -> new PairedBootstrap(10, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> PairedBootstrap.DEFAULT.meanDifference(new double[2], new double[3]));
        assertThrows(IllegalArgumentException.class, () -> PairedBootstrap.DEFAULT.meanDifference(new double[0], new double[0]));
        assertThrows(IllegalArgumentException.class,
                () -> PairedBootstrap.DEFAULT.ratioDifference(new double[1], new double[1], new double[1]));
    }

    /** P(Z > z) by Simpson's rule from z to 10, far finer than what is compared. */
    private static double normalTail(double z) {
        int steps = 2000;
        double h = (10 - z) / steps;
        double sum = 0;
        for (int i = 0; i <= steps; i++) {
            double x = z + i * h;
            sum += (i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2) * Math.exp(-x * x / 2);
        }
        return sum * h / 3 / Math.sqrt(2 * Math.PI);
    }
}
