package dev.crane.analysis.metric;

/**
 * The mean of some measurements and how sure it is.
 *
 * @param count n
 * @param mean Σ x / n; NaN for n = 0
 * @param deviation sample standard deviation, √(Σ (x − mean)² / (n − 1)); NaN for n &lt; 2
 * @param standardError deviation / √n, as lm-evaluation-harness gives it for accuracies; NaN for n &lt; 2
 */
public record SampleMean(int count, double mean, double deviation, double standardError) {
    /** Of these measurements. */
    public static SampleMean of(double... values) {
        int n = values.length;
        double sum = 0;
        for (double value : values)
            sum += value;
        double mean = sum / n;
        double squares = 0;
        for (double value : values)
            squares += (value - mean) * (value - mean);
        double deviation = n < 2 ? Double.NaN : Math.sqrt(squares / (n - 1));
        return new SampleMean(n, mean, deviation, deviation / Math.sqrt(n));
    }
}
