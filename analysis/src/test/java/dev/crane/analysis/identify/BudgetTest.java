package dev.crane.analysis.identify;

import org.junit.jupiter.api.Test;

import dev.crane.engine.CraneException;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

class BudgetTest {
    private static final double[] RANKING = {3, Double.NaN, 5, 3, -1, 3};

    @Test
    void largestFirstTiesInUnitOrder() {
        assertArrayEquals(new int[]{2}, new Budget.Count(1).choose(RANKING));
        assertArrayEquals(new int[]{0, 2}, new Budget.Count(2).choose(RANKING));
        assertArrayEquals(new int[]{0, 2, 3}, new Budget.Count(3).choose(RANKING));
        assertArrayEquals(new int[]{0, 2, 3, 4, 5}, new Budget.Count(5).choose(RANKING));
        assertArrayEquals(new int[]{0, 2, 3, 4, 5}, new Budget.Count(9).choose(RANKING));
        assertArrayEquals(new int[0], new Budget.Count(9).choose(new double[]{Double.NaN}));
        assertArrayEquals(new int[]{0}, new Budget.Count(1).choose(new double[]{-0.0, 0.0}));
    }

    @Test
    void fractionsOfAllUnits() {
        assertArrayEquals(new int[]{0, 2, 3}, new Budget.Fraction(0.5).choose(RANKING));
        assertArrayEquals(new int[]{2}, new Budget.Fraction(0.01).choose(RANKING));
        assertArrayEquals(new int[]{0, 2, 3, 4, 5}, new Budget.Fraction(1).choose(RANKING));
    }

    @Test
    void thresholdsAreStrict() {
        assertArrayEquals(new int[]{2}, new Budget.Above(3).choose(RANKING));
        assertArrayEquals(new int[]{0, 2, 3, 5}, new Budget.Above(2.9).choose(RANKING));
    }

    @Test
    void impossibleBudgetsAreUserErrors() {
        assertThrows(CraneException.class, () -> new Budget.Count(0));
        assertThrows(CraneException.class, () -> new Budget.Fraction(0));
        CraneException e = assertThrows(CraneException.class, () -> new Budget.Fraction(5));
        assertEquals("a budget of 5.0 of the units: it must be above 0 and at most 1", e.getMessage());
        assertThrows(CraneException.class, () -> new Budget.Above(Double.NaN));
    }
}
