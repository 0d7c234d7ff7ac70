package dev.crane.engine.statistic;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Random;
import java.util.function.DoubleFunction;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class MomentsTest {
    private static final MathContext EXACT = new MathContext(60);

    @Test
    void smallCaseByHand() {
        // 2, 4, 4, 4, 5, 5, 7, 9: mean 5, deviations −3 −1 −1 −1 0 0 2 4; m2 = 9+3+4+16 = 32, m3 = −27−3+8+64 = 42, m4 = 81+3+16+256 = 356.
        Moments moments = moments(2, 4, 4, 4, 5, 5, 7, 9);
        assertEquals(8, moments.count());
        assertEquals(5, moments.mean()[0], 1e-14);
        assertEquals(32, moments.m2()[0], 1e-13);
        assertEquals(42, moments.m3()[0], 1e-12);
        assertEquals(356, moments.m4()[0], 1e-11);
        assertEquals(5, moments.absMean()[0], 1e-14);
        // g2 = 8·356/1024 − 3 = −0.21875; G2 = 7/(6·5)·(9·(−0.21875) + 6) = 0.940625, which SciPy's kurtosis(x, bias=False) also gives.
        assertEquals(0.940625, moments.excessKurtosis()[0], 1e-13);
    }

    @Test
    void varianceAndSkewnessByHand() {
        // 1, 2, 3, 4, 10: mean 4, deviations −3 −2 −1 0 6; m2 = 50, m3 = −27−8−1+216 = 180; g1 = √5·180/50^1.5, G1 = √20/3·g1 = 1.2·√2.
        Moments moments = moments(1, 2, 3, 4, 10);
        assertEquals(12.5, moments.variance()[0], 1e-13);
        assertEquals(1.2 * Math.sqrt(2), moments.skewness()[0], 1e-13);
        assertEquals(0, moments(-6, -2, 2, 6).skewness()[0], 1e-15);
        // Excel's documentation of SKEW (the same estimator): SKEW(3, 4, 5, 2, 3, 4, 5, 6, 4, 7) = 0.359543071.
        assertEquals(0.359543071, moments(3, 4, 5, 2, 3, 4, 5, 6, 4, 7).skewness()[0], 5e-10);
        assertTrue(Double.isNaN(moments(1).variance()[0]) && Double.isNaN(moments(1, 2).skewness()[0])
                && Double.isNaN(moments(3, 3, 3).skewness()[0]));
        assertEquals(0, moments(3, 3, 3).variance()[0]);
    }

    @Test
    void kurtosisOfTwoPublishedSamples() {
        // Excel's documentation of KURT (the same estimator): KURT(3, 4, 5, 2, 3, 4, 5, 6, 4, 7) = −0.151799637.
        assertEquals(-0.151799637, moments(3, 4, 5, 2, 3, 4, 5, 6, 4, 7).excessKurtosis()[0], 5e-10);
        // Four equally spaced values: −1.2 whatever their scale.
        assertEquals(-1.2, moments(-6, -2, 2, 6).excessKurtosis()[0], 1e-13);
    }

    @Test
    void absoluteMeanCountsSignsAway() {
        Moments moments = moments(-3, 1, -2, 6);
        assertEquals(0.5, moments.mean()[0], 1e-15);
        assertEquals(3, moments.absMean()[0], 1e-15);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1, 1e3, 1e6})
    void agreesWithExactArithmetic(double offset) {
        Random random = new Random(7);
        float[] data = new float[500];
        for (int i = 0; i < data.length; i++)
            data[i] = (float) (offset + Math.pow(random.nextGaussian(), 3));
        Moments moments = moments(data);
        BigDecimal mean = mean(data);
        // An observation of size c and spread s is known to the update within ulp(c): relative errors of a central sum are about
        // n·(c/s)·2^−53, here 500·1e6·1e−16 = 5e−8 at worst.
        double tolerance = Math.max(1e-12, 500 * offset * 0x1p-53);
        assertEquals(1, moments.mean()[0] / mean.doubleValue(), 1e-13 * Math.max(1, 1 / Math.abs(mean.doubleValue())));
        assertEquals(1, moments.m2()[0] / centralSum(data, mean, 2), tolerance);
        assertEquals(1, moments.m4()[0] / centralSum(data, mean, 4), tolerance);
        // m3 nearly cancels, so its error is measured against Σ |x − mean|³ ≤ √(m2·m4).
        double scale = Math.sqrt(centralSum(data, mean, 2) * centralSum(data, mean, 4));
        assertEquals(centralSum(data, mean, 3), moments.m3()[0], tolerance * scale);
    }

    @Test
    void largeMeanAndTinyVariance() {
        // Alternating 16777214 and 16777216 (at 2^24, where f32 ends to count by ones): mean 16777215, each deviation ±1, so m2 = m4 =
        // n, m3 = 0. Sums of squares in f64 would lose it all.
        float[] data = new float[1000];
        for (int i = 0; i < data.length; i++)
            data[i] = i % 2 == 0 ? 0x1p24f - 2 : 0x1p24f;
        Moments moments = moments(data);
        assertEquals(16777215, moments.mean()[0], 1e-7);
        assertEquals(1000, moments.m2()[0], 1e-4);
        assertEquals(1000, moments.m4()[0], 1e-3);
        assertEquals(0, moments.m3()[0], 1e-3);
    }

    @Test
    void mergingAnySplitEqualsOnePass() {
        Random random = new Random(3);
        float[][] samples = new float[60][5];
        for (float[] sample : samples) {
            for (int u = 0; u < sample.length; u++)
                sample[u] = (float) (u * 100 + Math.exp(random.nextGaussian()));
        }
        Moments whole = add(new Moments(5), samples, 0, 60);
        for (int cut = 0; cut <= 60; cut++) {
            Moments merged = add(new Moments(5), samples, 0, cut);
            Moments rest = add(new Moments(5), samples, cut, 60);
            merged.merge(rest);
            assertEquals(60, merged.count());
            // Rounding only: 60 samples, values up to 1e2 times their spread.
            for (int u = 0; u < 5; u++) {
                assertEquals(1, merged.mean()[u] / whole.mean()[u], 1e-13);
                assertEquals(1, merged.absMean()[u] / whole.absMean()[u], 1e-13);
                assertEquals(1, merged.m2()[u] / whole.m2()[u], 1e-11);
                assertEquals(1, merged.m3()[u] / whole.m3()[u], 1e-10);
                assertEquals(1, merged.m4()[u] / whole.m4()[u], 1e-10);
                assertEquals(whole.excessKurtosis()[u], merged.excessKurtosis()[u], 1e-9);
            }
        }
    }

    @Test
    void mergingWithNothingChangesNoBit() {
        Moments some = moments(0.1f, 0.7f, -3f);
        Moments left = new Moments(1);
        left.merge(some);
        Moments right = some.copy();
        right.merge(new Moments(1));
        assertSameBits(some, left);
        assertSameBits(some, right);
    }

    @Test
    void aRestoredRunHasTheSameBits() {
        Random random = new Random(11);
        float[][] samples = new float[40][9];
        for (float[] sample : samples) {
            for (int u = 0; u < sample.length; u++)
                sample[u] = (float) random.nextGaussian();
        }
        Moments whole = add(new Moments(9), samples, 0, 40);
        Moments first = add(new Moments(9), samples, 0, 17);
        Moments restored = new Moments(first.count(), first.mean(), first.m2(), first.m3(), first.m4(), first.absMean());
        assertSameBits(whole, add(restored, samples, 17, 40));
    }

    @Test
    void unitsThatNeverVaryHaveNoKurtosis() {
        Moments moments = new Moments(3);
        for (int i = 0; i < 20; i++)
            moments.add(new float[]{0, 0.3f, i % 2});
        assertArrayEquals(new double[]{0, 0}, new double[]{moments.m2()[0], moments.m2()[1]}, 0);
        assertTrue(Double.isNaN(moments.excessKurtosis()[0]));
        assertTrue(Double.isNaN(moments.excessKurtosis()[1]));
        assertTrue(Double.isFinite(moments.excessKurtosis()[2]));
    }

    @Test
    void threeSamplesAreTooFewForKurtosis() {
        assertTrue(Double.isNaN(moments(1, 2, 4).excessKurtosis()[0]));
    }

    @Test
    void wrongWidthsAreRefused() {
        Moments moments = new Moments(2);
        assertThrows(IllegalArgumentException.class, () -> moments.add(new float[3]));
        assertThrows(IllegalArgumentException.class, () -> moments.merge(new Moments(3)));
        assertThrows(IllegalArgumentException.class,
                () -> new Moments(1, new double[2], new double[2], new double[1], new double[2], new double[2]));
    }

    private static Moments moments(float... data) {
        Moments moments = new Moments(1);
        for (float x : data)
            moments.add(new float[]{x});
        return moments;
    }

    private static Moments add(Moments moments, float[][] samples, int from, int to) {
        for (int i = from; i < to; i++)
            moments.add(samples[i]);
        return moments;
    }

    private static BigDecimal mean(float[] data) {
        BigDecimal sum = BigDecimal.ZERO;
        for (float x : data)
            sum = sum.add(new BigDecimal(x));
        return sum.divide(BigDecimal.valueOf(data.length), EXACT);
    }

    private static double centralSum(float[] data, BigDecimal mean, int power) {
        DoubleFunction<BigDecimal> term = x -> new BigDecimal(x).subtract(mean).pow(power, EXACT);
        BigDecimal sum = BigDecimal.ZERO;
        for (float x : data)
            sum = sum.add(term.apply(x));
        return sum.doubleValue();
    }

    private static void assertSameBits(Moments expected, Moments actual) {
        assertEquals(expected.count(), actual.count());
        assertArrayEquals(expected.mean(), actual.mean(), 0);
        assertArrayEquals(expected.m2(), actual.m2(), 0);
        assertArrayEquals(expected.m3(), actual.m3(), 0);
        assertArrayEquals(expected.m4(), actual.m4(), 0);
        assertArrayEquals(expected.absMean(), actual.absMean(), 0);
    }
}
