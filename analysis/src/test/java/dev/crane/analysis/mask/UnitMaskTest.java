package dev.crane.analysis.mask;

import java.util.Map;

import org.junit.jupiter.api.Test;

import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Intervention;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.hook.Site;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class UnitMaskTest {
    private static final HookPoint GATE0 = new HookPoint(Site.MLP_GATE, 0);
    private static final HookPoint UP0 = new HookPoint(Site.MLP_UP, 0);
    private static final HookPoint GATE1 = new HookPoint(Site.MLP_GATE, 1);
    private static final UnitMask A = UnitMask.of(Map.of(GATE0, new int[]{5, 1, 3}, UP0, new int[]{0}));
    private static final UnitMask B = UnitMask.of(Map.of(GATE0, new int[]{3, 4}, GATE1, new int[]{0}, UP0, new int[]{}));

    @Test
    void setAlgebra() {
        assertEquals(4, A.count());
        assertEquals(Map.of(GATE0, 2, GATE1, 1), B.counts());
        assertEquals(UnitMask.of(Map.of(GATE0, new int[]{1, 3, 4, 5}, UP0, new int[]{0}, GATE1, new int[]{0})), A.union(B));
        assertEquals(UnitMask.of(Map.of(GATE0, new int[]{3})), A.intersection(B));
        assertEquals(UnitMask.of(Map.of(GATE0, new int[]{1, 5}, UP0, new int[]{0})), A.minus(B));
        assertArrayEquals(new int[]{1, 3, 5}, A.units(GATE0));
        assertTrue(A.contains(GATE0, 5));
        assertFalse(A.contains(GATE1, 0));
        assertEquals(A.union(B).hashCode(), B.union(A).hashCode());
    }

    @Test
    void overlaps() {
        // One unit shared of 4 and 3: 1 / 6 and 1 / 3.
        assertEquals(1 / 6.0, A.jaccard(B));
        assertEquals(1 / 3.0, A.overlap(B));
        assertEquals(1, A.jaccard(A));
        assertEquals(1, A.overlap(A.union(B)));
        assertEquals(0, UnitMask.empty().jaccard(UnitMask.empty()));
        assertEquals(0, A.overlap(UnitMask.empty()));
    }

    @Test
    void becomesZerosAtItsHookPoints() {
        InterventionSet set = A.toInterventionSet("en.mask.json");
        assertEquals("en.mask.json", set.name());
        assertEquals(2, set.interventions().size());
        Intervention.Zero zero = assertInstanceOf(Intervention.Zero.class, set.interventions().get(0));
        assertEquals(GATE0, zero.point());
        assertArrayEquals(new int[]{1, 3, 5}, zero.units());
    }

    @Test
    void badRowsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> UnitMask.of(Map.of(GATE0, new int[]{1, 1})));
        assertThrows(IllegalArgumentException.class, () -> UnitMask.of(Map.of(GATE0, new int[]{-1})));
    }

    @Test
    void whatIsGivenAndTakenAreCopies() {
        int[] rows = {1, 2};
        UnitMask mask = UnitMask.of(Map.of(GATE0, rows));
        rows[0] = 7;
        mask.units(GATE0)[0] = 8;
        mask.units().get(GATE0)[0] = 9;
        assertArrayEquals(new int[]{1, 2}, mask.units(GATE0));
    }
}
