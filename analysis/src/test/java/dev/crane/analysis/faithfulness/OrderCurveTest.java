package dev.crane.analysis.faithfulness;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

import dev.crane.engine.CraneException;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Areas worked out by hand, and what an order is. */
class OrderCurveTest {
    private static final int[] GRID = {0, 2, 10};

    @Test
    void areas() {
        // Deleting 2 of 10 units does all the harm of 4 nats; at random it does 1. Between them 0, 3, 0 at 0, 2, 10: area 3 + 12 of a rectangle of 40.
        OrderCurve best = new OrderCurve("relevance", "", GRID, new double[]{1, 5, 5}, new double[]{5, 1, 1});
        double[] random = {1, 2, 5};
        assertEquals(15.0 / 40, best.areaBetween(random, false, 1, 5), 1e-15);
        // Keeping 2 units brings all back; at random 1 nat of it.
        assertEquals(15.0 / 40, best.areaBetween(new double[]{5, 4, 1}, true, 1, 5), 1e-15);
        assertEquals(0, best.areaBetween(best.deletion(), false, 1, 5));
        OrderCurve worst = new OrderCurve("relevance", "", GRID, new double[]{1, 1, 5}, new double[]{5, 5, 1});
        assertEquals(-5.0 / 40, worst.areaBetween(random, false, 1, 5), 1e-15);
        assertEquals(-5.0 / 40, worst.areaBetween(new double[]{5, 4, 1}, true, 1, 5), 1e-15);
        assertTrue(Double.isNaN(best.areaBetween(random, false, 5, 5)));
    }

    /** A grid that ends early: the area up to there, over the rectangle up to there. */
    @Test
    void areaOfAPart() {
        OrderCurve curve = new OrderCurve("relevance", "", new int[]{0, 1, 2}, new double[]{0, 2, 2}, new double[]{4, 4, 4});
        assertEquals((0.5 + 1) / 8, curve.areaBetween(new double[]{0, 1, 1}, false, 0, 4), 1e-15);
    }

    @Test
    void ordersNameEveryUnitOnce() {
        UnitOrder order = UnitOrder.descending("x", new double[]{0.5, -1, 3, 0.5, 0});
        assertArrayEquals(new int[]{2, 0, 3, 4, 1}, order.pooled());
        assertArrayEquals(new int[]{0, 2, 3}, order.first(3));
        assertArrayEquals(new int[]{1, 4}, order.rest(3));
        UnitOrder random = UnitOrder.random(100, 42, 1);
        assertArrayEquals(IntStream.range(0, 100).toArray(), random.first(100));
        assertArrayEquals(random.pooled(), UnitOrder.random(100, 42, 1).pooled());
        assertFalse(Arrays.equals(random.pooled(), UnitOrder.random(100, 42, 2).pooled()));
    }

    @Test
    void settingsAreChecked() {
        for (Runnable wrong : List.<Runnable>of(() -> settings(List.of(), 10, 3), () -> settings(List.of(1.5), 10, 3),
                () -> settings(List.of(0.1), 2, 3), () -> settings(List.of(0.1), 10, 2)))
            assertThrows(CraneException.class, wrong::run);
        assertEquals(List.of(0.1, 0.5), settings(List.of(0.5, 0.1, 0.5), 0, 3).fractions());
    }

    private static FaithfulnessSettings settings(List<Double> fractions, int sampled, int seeds) {
        return new FaithfulnessSettings(fractions, sampled, 1, 10, seeds, 1);
    }
}
