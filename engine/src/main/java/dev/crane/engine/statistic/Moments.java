package dev.crane.engine.statistic;

import java.util.Arrays;

/**
 * Streaming central moments up to the fourth, and the mean absolute value, of each unit of one hook point; one observation per unit and
 * sample.
 *
 * <p>For observations x_1 … x_n of a unit: mean = Σ x / n, m_p = Σ (x − mean)^p for p = 2, 3, 4 (sums, not divided by n), absMean = Σ
 * |x| / n. All in f64. Updates are the one-pass formulas of T. B. Terriberry (“Computing Higher-Order Moments Online”, 2007), merging
 * those of P. Pébay (“Formulas for Robust, One-Pass Parallel Computation of Covariances and Arbitrary-Order Statistical Moments”, Sandia
 * report SAND2008-6212, 2008, section 2), which extend Chan, Golub and LeVeque (1979) from variance to higher orders. Both stay accurate
 * where the mean is large and the variance small.
 *
 * <p>The bits of the result depend on the order of {@link #add} and {@link #merge}, not on time, threads or batches: a run that was
 * stopped after s samples, saved and restored through {@link #Moments(long, double[], double[], double[], double[], double[])} and fed
 * the rest in order has the bits of an unbroken one. Merging shards gives the same values up to rounding, not the same bits.
 *
 * <p>Not safe for use by several threads at once.
 */
public final class Moments {
    private final double[] mean;
    private final double[] m2;
    private final double[] m3;
    private final double[] m4;
    private final double[] absMean;
    private long count;

    /** No observations yet, of {@code units} units. */
    public Moments(int units) {
        this(0, new double[units], new double[units], new double[units], new double[units], new double[units]);
    }

    /**
     * Moments as they were saved; the arrays (each one value per unit) are copied.
     *
     * @throws IllegalArgumentException if the arrays differ in length or {@code count} is negative
     */
    public Moments(long count, double[] mean, double[] m2, double[] m3, double[] m4, double[] absMean) {
        if (count < 0)
            throw new IllegalArgumentException("a count of " + count);
        int units = mean.length;
        if (m2.length != units || m3.length != units || m4.length != units || absMean.length != units) {
            throw new IllegalArgumentException("moments of " + units + ", " + m2.length + ", " + m3.length + ", " + m4.length + " and "
                    + absMean.length + " units");
        }
        this.count = count;
        this.mean = mean.clone();
        this.m2 = m2.clone();
        this.m3 = m3.clone();
        this.m4 = m4.clone();
        this.absMean = absMean.clone();
    }

    /** A copy that changes no more with this one. */
    public Moments copy() {
        return new Moments(count, mean, m2, m3, m4, absMean);
    }

    /** How many units. */
    public int units() {
        return mean.length;
    }

    /** n: how many samples were added. */
    public long count() {
        return count;
    }

    /**
     * Adds one sample.
     *
     * @param scores one finite value per unit; not kept
     */
    public void add(float[] scores) {
        if (scores.length != mean.length)
            throw new IllegalArgumentException(scores.length + " scores for " + mean.length + " units");
        count++;
        double n = count;
        double fourth = n * n - 3 * n + 3;
        for (int i = 0; i < mean.length; i++) {
            double x = scores[i];
            double delta = x - mean[i];
            double step = delta / n;
            double step2 = step * step;
            double term = delta * step * (n - 1);
            mean[i] += step;
            m4[i] += term * step2 * fourth + 6 * step2 * m2[i] - 4 * step * m3[i];
            m3[i] += term * step * (n - 2) - 3 * step * m2[i];
            m2[i] += term;
            absMean[i] += (Math.abs(x) - absMean[i]) / n;
        }
    }

    /** Adds the observations behind {@code other}, which stays as it is. */
    public void merge(Moments other) {
        if (other.mean.length != mean.length)
            throw new IllegalArgumentException("moments of " + other.mean.length + " units merged into those of " + mean.length);
        if (other.count == 0)
            return;
        double a = count;
        double b = other.count;
        double n = a + b;
        for (int i = 0; i < mean.length; i++) {
            double delta = other.mean[i] - mean[i];
            double step = delta / n;
            double step2 = step * step;
            double mergedM4 = m4[i] + other.m4[i] + delta * step * step2 * a * b * (a * a - a * b + b * b)
                    + 6 * step2 * (a * a * other.m2[i] + b * b * m2[i]) + 4 * step * (a * other.m3[i] - b * m3[i]);
            double mergedM3 = m3[i] + other.m3[i] + delta * step2 * a * b * (a - b) + 3 * step * (a * other.m2[i] - b * m2[i]);
            m4[i] = mergedM4;
            m3[i] = mergedM3;
            m2[i] += other.m2[i] + delta * step * a * b;
            // Exact where this one is empty: the step is then the other's mean over its own count.
            mean[i] = a == 0 ? other.mean[i] : mean[i] + step * b;
            absMean[i] = a == 0 ? other.absMean[i] : absMean[i] + (other.absMean[i] - absMean[i]) * b / n;
        }
        count += other.count;
    }

    /** Mean of each unit; a copy. */
    public double[] mean() {
        return mean.clone();
    }

    /** Σ (x − mean)² of each unit; a copy. */
    public double[] m2() {
        return m2.clone();
    }

    /** Σ (x − mean)³ of each unit; a copy. */
    public double[] m3() {
        return m3.clone();
    }

    /** Σ (x − mean)⁴ of each unit; a copy. */
    public double[] m4() {
        return m4.clone();
    }

    /** Mean of |x| of each unit; a copy. */
    public double[] absMean() {
        return absMean.clone();
    }

    /** Unbiased variance of each unit, m2 / (n−1); NaN where n &lt; 2. */
    public double[] variance() {
        double[] variance = new double[mean.length];
        for (int i = 0; i < variance.length; i++)
            variance[i] = count < 2 ? Double.NaN : m2[i] / (count - 1);
        return variance;
    }

    /**
     * Adjusted skewness of each unit, G1 = √(n(n−1)) / (n−2) · g1 with g1 = √n·m3/m2^1.5 (m2, m3 being sums here); of symmetric data 0. Joanes and Gill, as
     * for the kurtosis; SciPy's {@code skew(x, bias=False)}. NaN for a unit that never varied (m2 = 0), and for all where n &lt; 3.
     */
    public double[] skewness() {
        double[] skewness = new double[mean.length];
        double n = count;
        for (int i = 0; i < skewness.length; i++)
            skewness[i] = count < 3 || m2[i] == 0
                    ? Double.NaN
                    : Math.sqrt(n * (n - 1)) / (n - 2) * (Math.sqrt(n) * m3[i] / Math.pow(m2[i], 1.5));
        return skewness;
    }

    /**
     * Unbiased excess kurtosis of each unit, G2 = (n−1) / ((n−2)(n−3)) · [(n+1) g2 + 6] with g2 = n·m4/m2² − 3 (m2, m4 being sums here);
     * for normally distributed data its expectation is 0. D. N. Joanes and C. A. Gill, “Comparing measures of sample skewness and
     * kurtosis”, The Statistician 47 (1998); SciPy's {@code kurtosis(x, bias=False)}. NaN for a unit that never varied (m2 = 0), and for
     * all where n &lt; 4.
     */
    public double[] excessKurtosis() {
        double[] kurtosis = new double[mean.length];
        if (count < 4) {
            Arrays.fill(kurtosis, Double.NaN);
            return kurtosis;
        }
        double n = count;
        for (int i = 0; i < kurtosis.length; i++) {
            double biased = n * m4[i] / (m2[i] * m2[i]) - 3;
            kurtosis[i] = m2[i] == 0 ? Double.NaN : (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * biased + 6);
        }
        return kurtosis;
    }
}
