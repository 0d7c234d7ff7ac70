package dev.crane.analysis.corpus;

import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class ChoiceTest {
    /** From a Python program of the two published algorithms. */
    @Test
    void chosenLines() {
        assertArrayEquals(new int[]{4, 54, 59, 80, 105, 128, 145, 171}, new Choice.Seeded(8, 42).lines(192));
        assertArrayEquals(new int[]{10933, 22017, 118097, 123210, 232986, 374544, 538238, 654985, 667430, 703092, 795605, 844564},
                new Choice.Seeded(12, 7).lines(1_000_003));
        assertArrayEquals(new int[]{1, 2, 3, 4, 5}, new Choice.Seeded(5, -1).lines(6));
        int[] half = new Choice.Seeded(128, 42).lines(192);
        assertEquals(1_080_207, IntStream.range(0, half.length).map(i -> (i + 1) * half[i]).sum());
    }

    @Test
    void allWhereThereAreNoMore() {
        assertArrayEquals(new int[]{0, 1, 2}, new Choice.Seeded(3, 5).lines(3));
        assertArrayEquals(new int[]{0, 1, 2}, new Choice.Seeded(100, 5).lines(3));
    }

    @Test
    void everyLineEquallyOften() {
        int[] taken = new int[10];
        int seeds = 3_000;
        for (int seed = 0; seed < seeds; seed++) {
            for (int line : new Choice.Seeded(3, seed).lines(10)) {
                taken[line]++;
            }
        }
        // binomial: mean 900, deviation sqrt(3000 · 0.3 · 0.7) = 25; five of them is a chance of one in a million
        for (int count : taken) {
            assertTrue(Math.abs(count - 900) < 125, count + " of " + seeds);
        }
    }

    @Test
    void fewerThanOne() {
        assertThrows(IllegalArgumentException.class, () -> Choice.first(0));
        assertThrows(IllegalArgumentException.class, () -> Choice.seeded(0, 1));
    }
}
