package dev.crane.models.random;

import java.nio.charset.StandardCharsets;

/**
 * The SplitMix64 generator: a 64-bit state that grows by the odd constant 0x9E3779B97F4A7C15 with each draw and is then mixed by Stafford's
 * variant 13. G. L. Steele, D. Lea and C. H. Flood, “Fast Splittable Pseudorandom Number Generators”, OOPSLA 2014; the constants are
 * those of S. Vigna's reference implementation. Written out here because the JDK does not promise that its own generators keep their
 * sequences, and every drawn sample, mask and interval must come out the same for the same seed on any JDK.
 *
 * <p>Not for secrets. Not safe for use by several threads at once.
 */
public final class SplitMix64 {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private long state;

    /** The sequence of a seed. */
    public SplitMix64(long seed) {
        state = seed;
    }

    /**
     * The sequence of a seed and a name, so that draws for different things (languages, say) under one seed are unrelated: the state
     * begins at mix(seed) XOR the 64-bit FNV-1a hash of the name's UTF-8 bytes.
     */
    public static SplitMix64 named(long seed, String name) {
        long hash = 0xCBF29CE484222325L;
        for (byte b : name.getBytes(StandardCharsets.UTF_8))
            hash = (hash ^ (b & 0xFF)) * 0x100000001B3L;
        return new SplitMix64(mix(seed + GOLDEN) ^ hash);
    }

    /** One of many unrelated sequences of a seed, by its number: the state begins at mix(seed + (number + 1) · 0x9E3779B97F4A7C15). */
    public static SplitMix64 numbered(long seed, long number) {
        return new SplitMix64(mix(seed + GOLDEN * (number + 1)));
    }

    /** 64 random bits. */
    public long nextLong() {
        state += GOLDEN;
        return mix(state);
    }

    /** A number in [0, 1): the 53 highest bits of a draw, each multiple of 2⁻⁵³ as likely. */
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1p-53;
    }

    /**
     * A number from 0 to bound − 1, each exactly as likely: the high half of a 64 × 64 product, drawn again in the rare cases that would
     * favour some numbers. D. Lemire, “Fast Random Integer Generation in an Interval”, ACM TOMACS 29 (2019).
     */
    public int nextInt(int bound) {
        if (bound < 1)
            throw new IllegalArgumentException("a random number below " + bound);
        long x = nextLong();
        if (Long.compareUnsigned(x * bound, bound) < 0) {
            long unfair = Long.remainderUnsigned(-(long) bound, bound);
            while (Long.compareUnsigned(x * bound, unfair) < 0)
                x = nextLong();
        }
        return (int) Math.unsignedMultiplyHigh(x, bound);
    }

    /**
     * {@code count} different numbers from 0 to {@code bound} − 1, ascending, every such set as likely: D. E. Knuth, TAOCP volume 2, 3.4.2,
     * algorithm S. Takes at most one draw for each number below the bound.
     */
    public int[] sample(int count, int bound) {
        if (count < 0 || count > bound)
            throw new IllegalArgumentException(count + " different numbers below " + bound);
        int[] chosen = new int[count];
        int taken = 0;
        for (int i = 0; taken < count; i++)
            if (nextInt(bound - i) < count - taken)
                chosen[taken++] = i;
        return chosen;
    }

    private static long mix(long z) {
        long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
        return b ^ (b >>> 31);
    }
}
