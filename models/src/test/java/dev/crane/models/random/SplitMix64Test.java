package dev.crane.models.random;

import java.util.Arrays;
import java.util.SplittableRandom;

import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class SplitMix64Test {
    @Test
    void publishedSequence() {
        // Rosetta Code, “Pseudo-random numbers/Splitmix64”, seed 1234567.
        SplitMix64 random = new SplitMix64(1234567);
        assertEquals(6457827717110365317L, random.nextLong());
        assertEquals(3203168211198807973L, random.nextLong());
        assertEquals(Long.parseUnsignedLong("9817491932198370423"), random.nextLong());
        assertEquals(4593380528125082431L, random.nextLong());
        assertEquals(Long.parseUnsignedLong("16408922859458223821"), random.nextLong());
    }

    @Test
    void sameSequenceAsTheJdksToday() {
        SplitMix64 random = new SplitMix64(42);
        SplittableRandom jdk = new SplittableRandom(42);
        for (int i = 0; i < 100; i++)
            assertEquals(jdk.nextLong(), random.nextLong());
    }

    @Test
    void boundedNumbersAreUniform() {
        SplitMix64 random = new SplitMix64(1);
        int[] counts = new int[7];
        int draws = 70_000;
        for (int i = 0; i < draws; i++)
            counts[random.nextInt(7)]++;
        double chiSquare = Arrays.stream(counts).mapToDouble(count -> (count - 10_000.0) * (count - 10_000.0) / 10_000).sum();
        // 6 degrees of freedom: 99.9 % of the time below 22.5.
        assertTrue(chiSquare < 22.5, () -> "chi-square " + chiSquare);
        assertEquals(0, random.nextInt(1));
        assertThrows(IllegalArgumentException.class, () -> random.nextInt(0));
    }

    @Test
    void samplesAreSetsAndEveryOneIsAsLikely() {
        SplitMix64 random = new SplitMix64(9);
        assertArrayEquals(new int[]{0, 1, 2, 3}, random.sample(4, 4));
        assertArrayEquals(new int[0], random.sample(0, 4));
        int[] counts = new int[16];
        for (int i = 0; i < 20_000; i++) {
            int[] pair = random.sample(2, 5);
            assertTrue(pair[0] < pair[1]);
            counts[pair[0] * 3 + pair[1]]++; // 0…4 pairs map to distinct sums: 1 2 3 4, 5 6 7, 9 10, 13
        }
        double chiSquare = Arrays.stream(counts).filter(count -> count > 0).mapToDouble(count -> (count - 2000.0) * (count - 2000.0) / 2000)
                .sum();
        assertEquals(10, Arrays.stream(counts).filter(count -> count > 0).count());
        // 9 degrees of freedom: 99.9 % of the time below 27.9.
        assertTrue(chiSquare < 27.9, () -> "chi-square " + chiSquare);
        assertThrows(IllegalArgumentException.class, () -> random.sample(5, 4));
    }

    @Test
    void namesAndSeedsGiveOtherSequences() {
        long en = SplitMix64.named(1, "en").nextLong();
        assertEquals(en, SplitMix64.named(1, "en").nextLong());
        assertNotEquals(en, SplitMix64.named(2, "en").nextLong());
        assertNotEquals(en, SplitMix64.named(1, "zh").nextLong());
    }
}
