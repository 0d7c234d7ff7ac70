package dev.crane.analysis.metric;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * p-values of several comparisons, corrected so that the chance of even one false “difference” among them stays below the level that they are held against:
 * S. Holm, “A simple sequentially rejective multiple test procedure”, Scandinavian Journal of Statistics 6, 1979. With m p-values in ascending order the k-th
 * (from 0) becomes the largest of min(1, (m − j) · p_j) over j ≤ k. Nothing is assumed about how the comparisons depend on each other.
 */
public final class Holm {
    private Holm() {
    }

    /**
     * Corrects them.
     *
     * @param p p-values of comparisons that are made together; NaN stands for no comparison: it counts for nothing and stays
     * @return the corrected ones, in the same order
     */
    public static double[] adjusted(double[] p) {
        int[] order = IntStream.range(0, p.length).filter(i -> !Double.isNaN(p[i])).boxed().sorted((a, b) -> Double.compare(p[a], p[b]))
                .mapToInt(Integer::intValue).toArray();
        double[] adjusted = new double[p.length];
        Arrays.fill(adjusted, Double.NaN);
        double largest = 0;
        for (int k = 0; k < order.length; k++) {
            largest = Math.max(largest, Math.min(1, (order.length - k) * p[order[k]]));
            adjusted[order[k]] = largest;
        }
        return adjusted;
    }
}
