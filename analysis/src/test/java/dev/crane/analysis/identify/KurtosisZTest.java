package dev.crane.analysis.identify;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

import org.junit.jupiter.api.Test;

import dev.crane.analysis.mask.UnitLayout;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.engine.CraneException;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class KurtosisZTest {
    private static final UnitLayout LAYOUT = new UnitLayout(Map.of(SampleStatistics.POINT, 5));
    private static final double NONE = Double.NaN;
    private static final Map<String, double[]> KURTOSIS = Map.of("en", new double[]{0, NONE, 1, 1, 6}, "zh",
            new double[]{3, 1, 3, 1, NONE});

    @Test
    void standardScoresByHand() {
        // en: four units with a kurtosis, mean 2, deviations −2 −1 −1 4, population variance 22/4; zh: mean 2, deviation 1.
        double sd = Math.sqrt(5.5);
        Map<String, Selection> selections = select(KurtosisZ.DEFAULT);
        Selection en = selections.get("en");
        assertArrayEquals(new double[]{-2 / sd, NONE, -1 / sd, -1 / sd, 4 / sd}, en.values("z"), 1e-15);
        assertEquals(2, en.facts().get("kurtosis_mean"));
        assertEquals(sd, en.facts().get("kurtosis_sd"), 1e-15);
        assertArrayEquals(new int[]{4}, en.mask().units(SampleStatistics.POINT));
        // z = 1 exactly is not above 1.
        assertArrayEquals(new double[]{1, -1, 1, -1, NONE}, selections.get("zh").values("z"));
        assertEquals(0, selections.get("zh").mask().count());
    }

    @Test
    void marginAgainstOtherLanguages() {
        KurtosisZ method = new KurtosisZ(new Budget.Above(-10), OptionalDouble.of(0.5), OptionalDouble.empty());
        // zh ahead of en by 1 + 2/√5.5, (en has none), 1 + 1/√5.5, −1 + 1/√5.5, (zh has none).
        assertArrayEquals(new int[]{0, 1, 2}, select(method).get("zh").mask().units(SampleStatistics.POINT));
        assertEquals(1 + 2 / Math.sqrt(5.5), select(method).get("zh").values("margin")[0], 1e-15);
        assertArrayEquals(new int[]{3, 4}, select(method).get("en").mask().units(SampleStatistics.POINT));
    }

    @Test
    void softPreference() {
        KurtosisZ method = new KurtosisZ(new Budget.Above(-10), OptionalDouble.empty(), OptionalDouble.of(0.6));
        // |z| of zh is 1 each; of en .853, –, .426, .426, 1.706: zh's preference .540, 1, .701, .701, –.
        Selection zh = select(method).get("zh");
        assertArrayEquals(new double[]{1 / (1 + 2 / Math.sqrt(5.5)), 1, 1 / (1 + 1 / Math.sqrt(5.5)), 1 / (1 + 1 / Math.sqrt(5.5)), NONE},
                zh.values("preference"), 1e-15);
        assertArrayEquals(new int[]{1, 2, 3}, zh.mask().units(SampleStatistics.POINT));
    }

    @Test
    void budgetsTakeTheLargest() {
        assertArrayEquals(new int[]{2, 4},
                select(new KurtosisZ(new Budget.Count(2), OptionalDouble.empty(), OptionalDouble.empty())).get("en").mask()
                        .units(SampleStatistics.POINT));
        assertArrayEquals(new int[]{0},
                select(new KurtosisZ(new Budget.Fraction(0.2), OptionalDouble.empty(), OptionalDouble.empty())).get("zh").mask()
                        .units(SampleStatistics.POINT));
        // The budget counts those that pass: with the margin unit 4, then 3, not 2.
        assertArrayEquals(new int[]{3, 4},
                select(new KurtosisZ(new Budget.Count(2), OptionalDouble.of(0.5), OptionalDouble.empty())).get("en").mask()
                        .units(SampleStatistics.POINT));
    }

    @Test
    void unitsThatNeverVaryAreNeverSelected() {
        LanguageStatistics en = SampleStatistics.of("en", new float[]{1, 0, 1, 2}, new float[]{1, 0, 2, 2}, new float[]{1, 0, 4, 3},
                new float[]{1, 9, 8, 3}, new float[]{1, 0, 16, 2});
        Selection selection = new KurtosisZ(new Budget.Fraction(1), OptionalDouble.empty(), OptionalDouble.empty()).select(List.of(en))
                .get("en");
        assertTrue(Double.isNaN(selection.values("z")[0]));
        assertArrayEquals(new int[]{1, 2, 3}, selection.mask().units(SampleStatistics.POINT));
    }

    @Test
    void whatItCannotWorkWith() {
        LanguageStatistics few = SampleStatistics.of("en", new float[2], new float[2], new float[2]);
        CraneException e = assertThrows(CraneException.class, () -> KurtosisZ.DEFAULT.select(List.of(few)));
        assertEquals("crane-kurtosis needs at least 4 samples a language; en has 3", e.getMessage());
        LanguageStatistics flat = SampleStatistics.of("en", new float[2], new float[2], new float[2], new float[2]);
        e = assertThrows(CraneException.class, () -> KurtosisZ.DEFAULT.select(List.of(flat)));
        assertEquals("the units of en do not differ in kurtosis (0 of 2 have one), so none stands out", e.getMessage());
        assertThrows(CraneException.class, () -> new KurtosisZ(new Budget.Above(1), OptionalDouble.empty(), OptionalDouble.of(1.5)));
        assertThrows(CraneException.class, () -> new KurtosisZ(new Budget.Above(1), OptionalDouble.of(NONE), OptionalDouble.empty()));
    }

    private static Map<String, Selection> select(KurtosisZ method) {
        return method.select(List.of("en", "zh"), KURTOSIS, LAYOUT);
    }
}
