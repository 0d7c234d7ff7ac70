package dev.crane.analysis.corpus;

import java.util.stream.IntStream;

import dev.crane.models.random.SplitMix64;

/** Which documents of a corpus are taken; they stay in the file's order. */
public sealed interface Choice {
    /** How many are asked for; {@link Integer#MAX_VALUE} for all. */
    int count();

    /** Every document. */
    static Choice all() {
        return new First(Integer.MAX_VALUE);
    }

    /** The first {@code count}. */
    static Choice first(int count) {
        return new First(count);
    }

    /** {@code count}, chosen by {@code seed} where the corpus has more. */
    static Choice seeded(int count, long seed) {
        return new Seeded(count, seed);
    }

    /** The documents up to a count. */
    record First(int count) implements Choice {
        /** Checks the count. */
        public First {
            requirePositive(count);
        }
    }

    /**
     * Documents at random, all sets of {@code count} equally likely. Where the corpus has no more than {@code count}, all are taken; otherwise the
     * lines that {@link SplitMix64#sample} draws from the sequence of the seed.
     */
    record Seeded(int count, long seed) implements Choice {
        /** Checks the count. */
        public Seeded {
            requirePositive(count);
        }

        /** The chosen lines of a corpus with {@code available} documents, ascending. Memory grows with the count alone. */
        int[] lines(int available) {
            return available <= count ? IntStream.range(0, available).toArray() : new SplitMix64(seed).sample(count, available);
        }
    }

    private static void requirePositive(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("asked for " + count + " documents");
        }
    }
}
