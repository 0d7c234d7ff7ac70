package dev.crane.analysis.metric;

import java.util.Arrays;
import java.util.Comparator;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.IntStream;

/** How far two numbers of the same items go together, from −1 to 1; NaN where one of them does not vary, or there are fewer than two items. */
public final class Correlation {
    private Correlation() {
    }

    /** Pearson's r: Σ (x − x̄)(y − ȳ) / √(Σ (x − x̄)² · Σ (y − ȳ)²). */
    public static double pearson(double[] x, double[] y) {
        if (x.length != y.length)
            throw new IllegalArgumentException(x.length + " and " + y.length + " values");
        double meanX = Arrays.stream(x).average().orElse(Double.NaN);
        double meanY = Arrays.stream(y).average().orElse(Double.NaN);
        double xy = 0;
        double xx = 0;
        double yy = 0;
        for (int i = 0; i < x.length; i++) {
            xy += (x[i] - meanX) * (y[i] - meanY);
            xx += (x[i] - meanX) * (x[i] - meanX);
            yy += (y[i] - meanY) * (y[i] - meanY);
        }
        return xx == 0 || yy == 0 ? Double.NaN : Math.clamp(xy / Math.sqrt(xx * yy), -1, 1);
    }

    /** Spearman's ρ: Pearson's r of the ranks, where equal values share the mean of their ranks. */
    public static double spearman(double[] x, double[] y) {
        return pearson(ranks(x), ranks(y));
    }

    /** Ranks from 1, equal values sharing the mean of theirs. */
    static double[] ranks(double[] values) {
        int[] order = IntStream.range(0, values.length).boxed().sorted(Comparator.comparingDouble(i -> values[i])).mapToInt(i -> i)
                .toArray();
        double[] ranks = new double[values.length];
        for (int from = 0; from < order.length;) {
            int to = from;
            while (to < order.length && values[order[to]] == values[order[from]])
                to++;
            for (int i = from; i < to; i++)
                ranks[order[i]] = (from + 1 + to) / 2.0;
            from = to;
        }
        return ranks;
    }

    /** A correlation of pairs with the percentile interval of a bootstrap in which pairs are drawn again. */
    public static PairedBootstrap.Estimate estimate(ToDoubleBiFunction<double[], double[]> correlation, double[] x, double[] y,
            PairedBootstrap bootstrap) {
        return bootstrap.estimate(new int[]{x.length}, drawn -> correlation.applyAsDouble(
                Arrays.stream(drawn[0]).mapToDouble(i -> x[i]).toArray(), Arrays.stream(drawn[0]).mapToDouble(i -> y[i]).toArray()));
    }
}
