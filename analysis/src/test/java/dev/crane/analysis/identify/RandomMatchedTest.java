package dev.crane.analysis.identify;

import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

import dev.crane.analysis.mask.UnitLayout;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.analysis.statistics.StatisticsAccumulator;
import dev.crane.engine.CraneException;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class RandomMatchedTest {
    private static final HookPoint GATE = new HookPoint(Site.MLP_GATE, 0);
    private static final HookPoint DOWN = new HookPoint(Site.MLP_DOWN, 3);
    private static final List<LanguageStatistics> STATISTICS = List.of(empty("en"), empty("zh"));
    private static final UnitMask MASK = UnitMask.of(Map.of(GATE, new int[]{0, 1, 2, 3, 4}, DOWN, new int[]{39}));
    private static final Map<String, UnitMask> LIKE = Map.of("en", MASK, "zh", MASK);

    @Test
    void matchesEveryHookPoint() {
        Map<String, Selection> selections = new RandomMatched(LIKE, true, 1).select(STATISTICS);
        assertEquals(MASK.counts(), selections.get("en").mask().counts());
        assertEquals(MASK.counts(), selections.get("zh").mask().counts());
        assertNotEquals(selections.get("en").mask(), selections.get("zh").mask());
        assertEquals(6, selections.get("en").top(10).size());
    }

    @Test
    void uniformKeepsTheNumberAndReachesEveryUnit() {
        UnitMask all = UnitMask.empty();
        boolean moved = false;
        for (int seed = 0; seed < 200; seed++) {
            UnitMask mask = new RandomMatched(LIKE, false, seed).select(STATISTICS).get("en").mask();
            assertEquals(6, mask.count());
            moved |= !mask.counts().equals(MASK.counts());
            all = all.union(mask);
        }
        assertTrue(moved);
        // A unit is missed by all 200 draws of 6 out of 140 with probability 1.6e−4; by the sequence of these seeds none is.
        assertEquals(140, all.count());
    }

    @Test
    void seedsDecide() {
        UnitMask mask = new RandomMatched(LIKE, true, 1).select(STATISTICS).get("en").mask();
        assertEquals(mask, new RandomMatched(LIKE, true, 1).select(STATISTICS).get("en").mask());
        assertNotEquals(mask, new RandomMatched(LIKE, true, 2).select(STATISTICS).get("en").mask());
    }

    @Test
    void masksThatDoNotFitAreUserErrors() {
        CraneException e = assertThrows(CraneException.class, () -> new RandomMatched(Map.of("en", MASK), true, 1).select(STATISTICS));
        assertEquals("random has no mask of zh to match; there are masks of [en]", e.getMessage());
        UnitMask wide = UnitMask.of(Map.of(DOWN, new int[]{40}));
        e = assertThrows(CraneException.class, () -> new RandomMatched(Map.of("en", wide), true, 1).select(STATISTICS));
        assertEquals("the mask of en to match has unit 40 of model.layers.3.mlp.down_proj, which has 40 units here", e.getMessage());
    }

    private static LanguageStatistics empty(String language) {
        return new StatisticsAccumulator(language, new UnitLayout(Map.of(GATE, 100, DOWN, 40)), 0).snapshot(Map.of());
    }
}
