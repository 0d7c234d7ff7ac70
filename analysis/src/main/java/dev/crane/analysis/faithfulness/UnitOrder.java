package dev.crane.analysis.faithfulness;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

import dev.crane.models.random.SplitMix64;

/**
 * An order in which units are deleted.
 *
 * @param name of the order, such as {@code relevance-margin}
 * @param seed of a random one; else empty
 * @param pooled pooled indices of all units, the first to go first
 */
record UnitOrder(String name, String seed, int[] pooled) {
    /** The largest share margin of mean relevance first. */
    static final String MARGIN = "relevance-margin";
    /** The largest mean of absolute relevance first. */
    static final String RELEVANCE = "relevance";
    /** The largest mean absolute activation first. */
    static final String ACTIVATION = "activation";
    /** Drawn. */
    static final String RANDOM = "random";

    /** The largest value first; equal values in unit order. */
    static UnitOrder descending(String name, double[] values) {
        return new UnitOrder(name, "",
                IntStream.range(0, values.length).boxed().sorted(Comparator.comparingDouble((Integer i) -> -values[i]))
                        .mapToInt(Integer::intValue).toArray());
    }

    /** Every order alike, by a seed of its own. */
    static UnitOrder random(int units, long seed, int number) {
        SplitMix64 random = SplitMix64.named(seed, RANDOM + " " + number);
        int[] order = IntStream.range(0, units).toArray();
        for (int i = units - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            int moved = order[i];
            order[i] = order[other];
            order[other] = moved;
        }
        return new UnitOrder(RANDOM, Integer.toString(number), order);
    }

    /** The first {@code count} units, ascending. */
    int[] first(int count) {
        return Arrays.stream(pooled, 0, count).sorted().toArray();
    }

    /** All but the first {@code count} units, ascending. */
    int[] rest(int count) {
        return Arrays.stream(pooled, count, pooled.length).sorted().toArray();
    }
}
