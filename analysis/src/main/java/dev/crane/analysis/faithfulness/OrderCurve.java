package dev.crane.analysis.faithfulness;

import java.util.Arrays;
import java.util.List;

/**
 * What deleting units, or keeping them alone, in an order does to the negative log-likelihood of a language's held-out text.
 *
 * @param order its name: {@code relevance-margin}, {@code relevance}, {@code activation} or {@code random}
 * @param seed of a random one; else empty
 * @param units k, ascending from 0: how many units, those that come first
 * @param deletion nats a token with those k units set to zero
 * @param insertion nats a token with all other units of the pool set to zero
 */
public record OrderCurve(String order, String seed, int[] units, double[] deletion, double[] insertion) {
    /** Of a curve: which of the two. */
    double[] values(boolean inserted) {
        return inserted ? insertion : deletion;
    }

    /** The mean of some curves on the same grid, k by k. */
    static double[] mean(List<OrderCurve> curves, boolean inserted) {
        double[] mean = new double[curves.getFirst().units.length];
        Arrays.setAll(mean, k -> curves.stream().mapToDouble(curve -> curve.values(inserted)[k]).average().orElseThrow());
        return mean;
    }

    /**
     * The area between this curve and a reference on the same grid, signed so that an order that finds what matters is above 0, and divided by that of the
     * rectangle between the whole model and the one without any unit of the pool:
     *
     * <pre>
     * A = s · ∫ (y(x) − r(x)) dx / ((x_m − x_0) · (y_all − y_none)),   s = +1 for deletion, −1 for insertion
     * </pre>
     *
     * with x the fraction of the units, integrated by the trapezoid rule over the grid x_0 = 0 … x_m. Deletion and insertion curves and the area under them are
     * those of V. Petsiuk, A. Das and K. Saenko, “RISE: Randomized Input Sampling for Explanation of Black-box Models” (2018), for units in the place of pixels; that an
     * order is compared with another one on the same model, rather than by its area alone, follows S. Blücher, J. Vielhaben and N. Strodthoff, “Decoupling
     * Pixel Flipping and Occlusion Strategy for Consistent XAI Benchmarks” (2024). NaN where deleting everything does no harm.
     *
     * @param reference nats a token at the same k: the mean of random orders
     * @param none nats a token of the whole model
     * @param all nats a token with every unit of the pool set to zero
     */
    public double areaBetween(double[] reference, boolean inserted, double none, double all) {
        double[] here = values(inserted);
        double area = 0;
        for (int i = 1; i < units.length; i++)
            area += (units[i] - units[i - 1]) * ((here[i] - reference[i]) + (here[i - 1] - reference[i - 1])) / 2;
        double rectangle = (units[units.length - 1] - units[0]) * (all - none);
        return rectangle > 0 ? (inserted ? -area : area) / rectangle : Double.NaN;
    }
}
