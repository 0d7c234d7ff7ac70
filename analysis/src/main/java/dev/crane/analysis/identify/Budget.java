package dev.crane.analysis.identify;

import java.util.Arrays;
import java.util.stream.IntStream;

import dev.crane.engine.CraneException;

/** How many units are taken from a ranking. Units without a value (NaN) are never taken; equal values rank in unit order. */
public sealed interface Budget {
    /**
     * The pooled indices that are taken, ascending.
     *
     * @param ranking one value per unit of the layout, the largest ranking first; NaN for a unit that has none
     */
    int[] choose(double[] ranking);

    /** For provenance: {@code 0.05 of the units}, {@code 150 units}, {@code above 1.0}. */
    String describe();

    /**
     * A share of all units, those without a value included: the nearest whole number of them, but at least one.
     *
     * @param share above 0, at most 1
     */
    record Fraction(double share) implements Budget {
        public Fraction {
            if (!(share > 0 && share <= 1))
                throw new CraneException("a budget of " + share + " of the units: it must be above 0 and at most 1");
        }

        @Override
        public int[] choose(double[] ranking) {
            return largest(ranking, (int) Math.max(1, Math.round(share * ranking.length)));
        }

        @Override
        public String describe() {
            return share + " of the units";
        }
    }

    /**
     * A number of units.
     *
     * @param units at least 1
     */
    record Count(int units) implements Budget {
        public Count {
            if (units < 1)
                throw new CraneException("a budget of " + units + " units: it must be at least 1");
        }

        @Override
        public int[] choose(double[] ranking) {
            return largest(ranking, units);
        }

        @Override
        public String describe() {
            return units + " units";
        }
    }

    /**
     * All units whose value is larger than a threshold.
     *
     * @param threshold a finite number
     */
    record Above(double threshold) implements Budget {
        public Above {
            if (!Double.isFinite(threshold))
                throw new CraneException("a threshold of " + threshold + ": it must be a finite number");
        }

        @Override
        public int[] choose(double[] ranking) {
            return IntStream.range(0, ranking.length).filter(i -> ranking[i] > threshold).toArray();
        }

        @Override
        public String describe() {
            return "above " + threshold;
        }
    }

    private static int[] largest(double[] ranking, int count) {
        double[] sorted = Arrays.stream(ranking).filter(value -> !Double.isNaN(value)).sorted().toArray();
        int taken = Math.min(count, sorted.length);
        if (taken == 0)
            return new int[0];
        double last = sorted[sorted.length - taken];
        int atLast = taken - (int) Arrays.stream(sorted).filter(value -> value > last).count();
        int[] chosen = new int[taken];
        int next = 0;
        for (int i = 0; next < taken; i++) {
            if (ranking[i] > last || (ranking[i] == last && atLast-- > 0))
                chosen[next++] = i;
        }
        return chosen;
    }
}
