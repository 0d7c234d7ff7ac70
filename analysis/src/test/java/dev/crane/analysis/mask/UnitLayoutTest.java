package dev.crane.analysis.mask;

import java.util.Map;

import org.junit.jupiter.api.Test;

import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

class UnitLayoutTest {
    private static final HookPoint GATE0 = new HookPoint(Site.MLP_GATE, 0);
    private static final HookPoint DOWN0 = new HookPoint(Site.MLP_DOWN, 0);
    private static final HookPoint GATE1 = new HookPoint(Site.MLP_GATE, 1);
    private static final UnitLayout LAYOUT = new UnitLayout(Map.of(GATE1, 4, GATE0, 3, DOWN0, 2));

    @Test
    void layerThenSiteThenRow() {
        assertEquals(9, LAYOUT.units());
        String order = "";
        for (int i = 0; i < 9; i++)
            order += LAYOUT.point(i).layer() + LAYOUT.point(i).site().label().substring(4) + LAYOUT.unit(i) + " ";
        assertEquals("0gate0 0gate1 0gate2 0down0 0down1 1gate0 1gate1 1gate2 1gate3 ", order);
        assertEquals(5, LAYOUT.start(GATE1));
        assertEquals(2, LAYOUT.width(DOWN0));
        assertEquals(0, LAYOUT.width(new HookPoint(Site.MLP_UP, 0)));
        assertThrows(IndexOutOfBoundsException.class, () -> LAYOUT.point(9));
    }

    @Test
    void emptyHookPointsHoldNothing() {
        UnitLayout layout = new UnitLayout(Map.of(GATE0, 2, DOWN0, 0, GATE1, 1));
        assertEquals(GATE1, layout.point(2));
        assertEquals(0, layout.unit(2));
    }

    @Test
    void poolingAndMasks() {
        assertArrayEquals(new double[]{1, 2, 3, 4, 5, 6, 7, 8, 9},
                LAYOUT.pool(Map.of(GATE0, new double[]{1, 2, 3}, DOWN0, new double[]{4, 5}, GATE1, new double[]{6, 7, 8, 9})));
        assertThrows(IllegalArgumentException.class, () -> LAYOUT.pool(Map.of(GATE0, new double[]{1, 2, 3})));
        assertEquals(UnitMask.of(Map.of(GATE0, new int[]{2}, GATE1, new int[]{0, 3})), LAYOUT.mask(new int[]{2, 5, 8}));
        assertEquals(UnitMask.empty(), LAYOUT.mask(new int[0]));
    }

    @Test
    void ofAModel() {
        UnitLayout layout = UnitLayout.of(SmallModel.SPEC, java.util.List.of(Site.MLP_DOWN, Site.MLP_GATE));
        assertEquals(new UnitLayout(Map.of(GATE0, 6, DOWN0, 4, GATE1, 6, new HookPoint(Site.MLP_DOWN, 1), 4)), layout);
    }
}
