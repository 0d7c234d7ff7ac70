package dev.crane.analysis.identify;

import java.util.List;
import java.util.Map;
import java.util.Set;

import org.junit.jupiter.api.Test;

import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.engine.CraneException;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

class ShareMarginTest {
    // Means: en 2 1 −1 0 (Σ|m| = 4), zh 0 1 1 0 (2), vi 1 0 0 3 (4). Mean absolutes: en 2 2 1 0 (5), zh 0 1 1 1 (3), vi 1 0 0 3 (4).
    private static final LanguageStatistics EN = SampleStatistics.of("en", new float[]{1, 3, -1, 0}, new float[]{3, -1, -1, 0});
    private static final LanguageStatistics ZH = SampleStatistics.of("zh", new float[]{0, 1, 1, 1}, new float[]{0, 1, 1, -1});
    private static final LanguageStatistics VI = SampleStatistics.of("vi", new float[]{1, 0, 0, 3}, new float[]{1, 0, 0, 3});
    private static final List<LanguageStatistics> ALL = List.of(EN, ZH, VI);

    @Test
    void sharesAndMarginsByHand() {
        Map<String, Selection> selections = new ShareMargin("crane", false, new Budget.Count(1)).select(ALL);
        assertEquals(List.of("en", "zh", "vi"), List.copyOf(selections.keySet()));
        Selection en = selections.get("en");
        assertArrayEquals(new double[]{0.5, 0.25, -0.25, 0}, en.values("share"));
        assertArrayEquals(new double[]{0.25, -0.25, -0.75, -0.75}, en.values("margin"));
        assertArrayEquals(new double[]{-0.5, 0.25, 0.5, -0.75}, selections.get("zh").values("margin"));
        assertArrayEquals(new double[]{-0.25, -0.5, -0.5, 0.75}, selections.get("vi").values("margin"));
        assertArrayEquals(new int[]{0}, en.mask().units(SampleStatistics.POINT));
        assertArrayEquals(new int[]{2}, selections.get("zh").mask().units(SampleStatistics.POINT));
        assertArrayEquals(new int[]{3}, selections.get("vi").mask().units(SampleStatistics.POINT));
        assertEquals(Set.of("share", "margin"), en.valueNames());
        assertEquals(List.of(new Selection.Ranked(SampleStatistics.POINT, 0, 0.25)), en.top(5));
    }

    @Test
    void meanAbsolutes() {
        Selection en = new ShareMargin("crane", true, new Budget.Above(0)).select(ALL).get("en");
        // Shares en .4 .4 .2 0, zh 0 1/3 1/3 1/3, vi .25 0 0 .75.
        assertArrayEquals(new double[]{.15, .4 - 1 / 3.0, .2 - 1 / 3.0, -.75}, en.values("margin"), 1e-15);
        assertArrayEquals(new int[]{0, 1}, en.mask().units(SampleStatistics.POINT));
    }

    @Test
    void topRanksByMargin() {
        Selection zh = new ShareMargin("crane", false, new Budget.Count(3)).select(ALL).get("zh");
        assertEquals(List.of(2, 1), zh.top(2).stream().map(Selection.Ranked::unit).toList());
        assertArrayEquals(new int[]{0, 1, 2}, zh.mask().units(SampleStatistics.POINT));
    }

    @Test
    void needsLanguagesThatDiffer() {
        CraneException e = assertThrows(CraneException.class, () -> ShareMargin.CRANE.select(List.of(EN)));
        assertEquals("crane compares languages and has only en: give the statistics of at least two", e.getMessage());
        LanguageStatistics nothing = SampleStatistics.of("xx", new float[4], new float[4]);
        e = assertThrows(CraneException.class, () -> ShareMargin.CRANE.select(List.of(EN, nothing)));
        assertEquals("every score of xx is 0: none of its units can be told from another", e.getMessage());
    }

    @Test
    void settingsSayWhatItDependsOn() {
        assertEquals(Map.of("budget", "0.05 of the units", "mean", "signed"), ShareMargin.CRANE.settings());
    }
}
