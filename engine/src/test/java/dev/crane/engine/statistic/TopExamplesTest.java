package dev.crane.engine.statistic;

import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

class TopExamplesTest {
    @Test
    void keepsTheLargestAndBreaksTiesByLine() {
        TopExamples top = new TopExamples(2, 2);
        top.add(new float[]{1, -5}, 4);
        top.add(new float[]{3, -5}, 2);
        top.add(new float[]{3, -5}, 1);
        top.add(new float[]{2, -5}, 9);
        assertArrayEquals(new float[]{3, -5, 3, -5}, top.scores());
        assertArrayEquals(new long[]{1, 1, 2, 2}, top.lines());
        assertEquals(-5, top.score(1, 1));
        assertEquals(2, top.line(1, 0));
    }

    @Test
    void placesNotTakenAreMarked() {
        TopExamples top = new TopExamples(1, 3);
        top.add(new float[]{-2}, 5);
        assertArrayEquals(new float[]{-2, Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY}, top.scores());
        assertArrayEquals(new long[]{5, -1, -1}, top.lines());
    }

    @Test
    void sameAsSortingWhateverTheOrderAndSplit() {
        Random random = new Random(5);
        int samples = 50;
        int units = 7;
        float[][] scores = new float[samples][units];
        for (float[] sample : scores) {
            for (int u = 0; u < units; u++)
                sample[u] = random.nextInt(10) - 5; // few values, so that ties are common
        }
        List<Integer> shuffled = IntStream.range(0, samples).boxed().sorted(Comparator.comparingInt(i -> i * 37 % samples)).toList();
        TopExamples first = new TopExamples(units, 6);
        TopExamples second = new TopExamples(units, 6);
        for (int i : shuffled)
            (i % 3 == 0 ? first : second).add(scores[i], i);
        first.merge(second);
        for (int unit = 0; unit < units; unit++) {
            int u = unit;
            List<Integer> sorted = IntStream.range(0, samples).boxed()
                    .sorted(Comparator.<Integer>comparingDouble(i -> -scores[i][u]).thenComparing(Comparator.naturalOrder())).toList();
            for (int rank = 0; rank < 6; rank++) {
                assertEquals((long) sorted.get(rank), first.line(rank, u));
                assertEquals(scores[sorted.get(rank)][u], first.score(rank, u));
            }
        }
    }

    @Test
    void savedExamplesAreChecked() {
        TopExamples top = new TopExamples(2, 2, new float[]{3, 1, 2, Float.NEGATIVE_INFINITY}, new long[]{7, 8, 9, -1});
        top.add(new float[]{2.5f, 4}, 10);
        assertArrayEquals(new float[]{3, 4, 2.5f, 1}, top.scores());
        assertArrayEquals(new long[]{7, 10, 10, 8}, top.lines());
        assertThrows(IllegalArgumentException.class, () -> new TopExamples(1, 2, new float[]{1, 2}, new long[]{0, 1}));
        assertThrows(IllegalArgumentException.class, () -> new TopExamples(1, 2, new float[]{Float.NaN, 2}, new long[]{0, 1}));
        assertThrows(IllegalArgumentException.class, () -> new TopExamples(1, 2, new float[]{2, 1}, new long[]{0, -1}));
        assertThrows(IllegalArgumentException.class, () -> new TopExamples(2, 2, new float[]{2, 1}, new long[]{0, 1}));
        // An empty place above a taken one.
        assertThrows(IllegalArgumentException.class,
                () -> new TopExamples(1, 2, new float[]{Float.NEGATIVE_INFINITY, 2}, new long[]{-1, 1}));
    }
}
