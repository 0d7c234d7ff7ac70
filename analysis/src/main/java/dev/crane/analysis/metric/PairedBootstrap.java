package dev.crane.analysis.metric;

import java.util.Arrays;
import java.util.function.ToDoubleFunction;

import dev.crane.models.random.SplitMix64;

/**
 * How sure a difference between two models is that were measured on the same items or documents: these are drawn again with replacement,
 * both measurements of an item staying together. B. Efron and R. J. Tibshirani, “An Introduction to the Bootstrap”, 1993.
 *
 * <ul>
 * <li>Interval: percentile interval, the (1 ± level) / 2 quantiles of the resampled statistic, interpolated linearly between order
 * statistics.
 * <li>p-value, two-sided, of “no difference”: the resampled statistics are shifted so that their centre is zero, and
 * p = (1 + #{|θ* − θ| ≥ |θ|}) / (1 + resamples), so it is never 0 (A. C. Davison and D. V. Hinkley, “Bootstrap Methods and their
 * Application”, 1997, section 4.4).
 * </ul>
 *
 * The draws are those of {@link SplitMix64} from the seed, the same for every call: results depend on the seed and the data alone.
 *
 * @param resamples how many times all items are drawn again
 * @param level of the interval, between 0 and 1
 * @param seed of the draws
 */
public record PairedBootstrap(int resamples, double level, long seed) {
    /** 10,000 resamples, 95 %, seed 42. */
    public static final PairedBootstrap DEFAULT = new PairedBootstrap(10_000, 0.95, 42);

    /** Rounding may part two resamples that are equal; the p-value counts such as equal. */
    private static final double ROUNDING = 1e-12;

    public PairedBootstrap {
        if (resamples < 1 || !(level > 0 && level < 1))
            throw new IllegalArgumentException(resamples + " resamples for an interval of level " + level);
    }

    /**
     * A value and how sure it is.
     *
     * @param value on the data as they are
     * @param low lower end of the interval
     * @param high upper end of the interval
     * @param p two-sided p-value of the value being 0
     */
    public record Estimate(double value, double low, double high, double p) {}

    /**
     * The mean of after_i − before_i over items i: of correctness, the change of an accuracy.
     *
     * @param before one value per item
     * @param after one value per item, in the same order
     */
    public Estimate meanDifference(double[] before, double[] after) {
        double[] ones = new double[before.length];
        Arrays.fill(ones, 1);
        return ratioDifference(before, after, ones);
    }

    /**
     * Σ (after_i − before_i) / Σ weight_i over documents i: of summed negative log-likelihoods and token counts, the rise in nats a token.
     *
     * @param before one value per document
     * @param after one value per document, in the same order
     * @param weights one positive weight per document
     */
    public Estimate ratioDifference(double[] before, double[] after, double[] weights) {
        if (before.length == 0 || before.length != after.length || before.length != weights.length)
            throw new IllegalArgumentException(
                    before.length + " values before, " + after.length + " after, " + weights.length + " weights");
        double[] difference = new double[before.length];
        for (int i = 0; i < difference.length; i++) {
            if (!(weights[i] > 0))
                throw new IllegalArgumentException("weight " + i + " is " + weights[i]);
            difference[i] = after[i] - before[i];
        }
        return estimate(new int[]{before.length}, drawn -> {
            double sum = 0;
            double weight = 0;
            for (int i : drawn[0]) {
                sum += difference[i];
                weight += weights[i];
            }
            return sum / weight;
        });
    }

    /**
     * Any statistic of several groups of items, such as the selectivity of a mask over the documents of each language; the items of each
     * group are drawn again on their own.
     *
     * @param groups how many items each group has, at least one
     * @param statistic its value on some items: for each group their indices, as many as the group has. A resample on which it is NaN
     * counts
     *        neither for the interval nor for p; where all are NaN so are these
     */
    public Estimate estimate(int[] groups, ToDoubleFunction<int[][]> statistic) {
        int[][] drawn = new int[groups.length][];
        for (int g = 0; g < groups.length; g++) {
            if (groups[g] < 1)
                throw new IllegalArgumentException("group " + g + " has no items");
            drawn[g] = new int[groups[g]];
            Arrays.setAll(drawn[g], i -> i);
        }
        double value = statistic.applyAsDouble(drawn);
        SplitMix64 random = new SplitMix64(seed);
        double[] resampled = new double[resamples];
        int kept = 0;
        int asFar = 0;
        for (int r = 0; r < resamples; r++) {
            for (int[] group : drawn)
                for (int i = 0; i < group.length; i++)
                    group[i] = random.nextInt(group.length);
            double again = statistic.applyAsDouble(drawn);
            if (Double.isNaN(again))
                continue;
            resampled[kept++] = again;
            if (Math.abs(again - value) >= Math.abs(value) * (1 - ROUNDING))
                asFar++;
        }
        double[] sorted = Arrays.copyOf(resampled, kept);
        Arrays.sort(sorted);
        double p = kept == 0 ? Double.NaN : (1.0 + asFar) / (1.0 + kept);
        return new Estimate(value, quantile(sorted, (1 - level) / 2), quantile(sorted, (1 + level) / 2), p);
    }

    private static double quantile(double[] sorted, double q) {
        if (sorted.length == 0)
            return Double.NaN;
        double place = q * (sorted.length - 1);
        int below = (int) Math.floor(place);
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }
}
