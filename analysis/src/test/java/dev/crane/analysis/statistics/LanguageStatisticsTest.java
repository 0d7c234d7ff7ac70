package dev.crane.analysis.statistics;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.crane.analysis.mask.UnitLayout;
import dev.crane.engine.CraneException;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.engine.statistic.Moments;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

class LanguageStatisticsTest {
    private static final HookPoint GATE = new HookPoint(Site.MLP_GATE, 0);
    private static final HookPoint DOWN = new HookPoint(Site.MLP_DOWN, 0);
    private static final UnitLayout LAYOUT = new UnitLayout(Map.of(GATE, 3, DOWN, 2));
    private static final Map<String, String> PROVENANCE = Map.of(ProvenanceKey.MODEL_HASH, "abc", ProvenanceKey.RULE, "attnlrp",
            ProvenanceKey.SCORE, "relevance", ProvenanceKey.TARGET, "mean-logit", ProvenanceKey.MAX_TOKENS, "192", ProvenanceKey.CORPUS,
            "en.jsonl", ProvenanceKey.CORPUS_HASH, "123", ProvenanceKey.SEED, "42");

    @Test
    void accumulatesMomentsExamplesAndProvenance() {
        LanguageStatistics statistics = statistics("en", 0, 10);
        assertEquals(10, statistics.samples());
        assertEquals(LAYOUT, statistics.layout());
        assertEquals("10", statistics.provenance().get(ProvenanceKey.SAMPLES));
        assertEquals("70", statistics.provenance().get(ProvenanceKey.TOKENS));
        assertEquals("0-9", statistics.provenance().get(ProvenanceKey.LINES));
        Moments gate = new Moments(3);
        for (int line = 0; line < 10; line++)
            gate.add(scores(line).get(GATE));
        assertArrayEquals(gate.m4(), statistics.moments().get(GATE).m4(), 0);
        double[] pooled = statistics.pooled(Moments::mean);
        assertEquals(5, pooled.length);
        assertEquals(gate.mean()[2], pooled[2]);
        assertEquals(statistics.moments().get(DOWN).mean()[1], pooled[4]);
    }

    @Test
    void goingOnFromASnapshotHasTheSameBits() {
        LanguageStatistics whole = statistics("en", 0, 12);
        StatisticsAccumulator resumed = new StatisticsAccumulator(statistics("en", 0, 5));
        for (int line = 5; line < 12; line++)
            resumed.add(line, 7, scores(line));
        assertSame(whole, resumed.snapshot(PROVENANCE), 0);
    }

    @Test
    void snapshotsDoNotChange() {
        StatisticsAccumulator accumulator = new StatisticsAccumulator("en", LAYOUT, 2);
        accumulator.add(0, 7, scores(0));
        LanguageStatistics one = accumulator.snapshot(PROVENANCE);
        accumulator.add(1, 7, scores(1));
        assertEquals(1, one.samples());
        assertEquals(-1, one.topExamples().get(GATE).line(1, 0));
    }

    @Test
    void scoresThatAreNoNumbersStopIt() {
        StatisticsAccumulator accumulator = new StatisticsAccumulator("en", LAYOUT, 2);
        Map<HookPoint, float[]> bad = new TreeMap<>(scores(0));
        bad.put(DOWN, new float[]{0, Float.NaN});
        CraneException e = assertThrows(CraneException.class, () -> accumulator.add(17, 7, bad));
        assertEquals(
                "the score of model.layers.0.mlp.down_proj row 1 is NaN in line 17 of the corpus of en (lines count from 0): leave that line out, "
                        + "or compute in f32",
                e.getMessage());
        assertEquals(0, accumulator.snapshot(PROVENANCE).samples());
        assertThrows(IllegalArgumentException.class, () -> accumulator.add(17, 7, Map.of(GATE, new float[3])));
    }

    @Test
    void shardsAddUp() {
        LanguageStatistics merged = LanguageStatistics
                .merge(List.of(statistics("en", 0, 4), statistics("en", 4, 9), statistics("en", 9, 12)));
        assertEquals("0-11", merged.provenance().get(ProvenanceKey.LINES));
        assertEquals("84", merged.provenance().get(ProvenanceKey.TOKENS));
        // Rounding of 12 values of order 1, raised to the fourth power.
        assertSame(statistics("en", 0, 12), merged, 1e-13);
    }

    @Test
    void shardsThatOverlapDoNotAddUp() {
        CraneException e = assertThrows(CraneException.class,
                () -> LanguageStatistics.merge(List.of(statistics("en", 0, 5), statistics("en", 4, 9))));
        assertEquals(
                "the statistics of en (en.jsonl) cannot be merged: some of their lines (4-8) are already in (0-4); a sample must count once",
                e.getMessage());
        LanguageStatistics unknown = with(statistics("en", 5, 9), ProvenanceKey.LINES, null);
        e = assertThrows(CraneException.class, () -> LanguageStatistics.merge(List.of(statistics("en", 0, 5), unknown)));
        assertEquals("the statistics of en (en.jsonl) do not say which lines of the corpus they are of, so nothing can be added to them",
                e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"model_hash, model hash", "rule, rule", "score, score", "target, target", "max_tokens, max tokens"})
    void languagesFromDifferentRunsCannotBeCompared(String key, String name) {
        LanguageStatistics en = statistics("en", 0, 5);
        LanguageStatistics zh = with(statistics("zh", 0, 5), key, "other");
        CraneException e = assertThrows(CraneException.class, () -> LanguageStatistics.requireComparable(List.of(en, zh)));
        assertEquals(
                "the statistics of en (en.jsonl) and zh (en.jsonl) cannot be compared: their " + name + " differs (" + PROVENANCE.get(key)
                        + " and other)",
                e.getMessage());
        LanguageStatistics shard = with(statistics("en", 5, 9), key, null);
        e = assertThrows(CraneException.class, () -> LanguageStatistics.merge(List.of(en, shard)));
        assertEquals(
                "the statistics of en (en.jsonl) and en (en.jsonl) cannot be merged: their " + name + " differs (" + PROVENANCE.get(key)
                        + " and not given)",
                e.getMessage());
    }

    @Test
    void languagesOfDifferentSizeOrUnitsCannotBeCompared() {
        LanguageStatistics en = statistics("en", 0, 5);
        CraneException e = assertThrows(CraneException.class,
                () -> LanguageStatistics.requireComparable(List.of(en, statistics("zh", 0, 4))));
        assertEquals(
                "the statistics of en (en.jsonl) and zh (en.jsonl) cannot be compared: they are of 5 and 4 samples; compute both with --samples 4",
                e.getMessage());
        LanguageStatistics gate = statistics("zh", 0, 5).restrictedTo(Set.of(Site.MLP_GATE));
        e = assertThrows(CraneException.class, () -> LanguageStatistics.requireComparable(List.of(en, gate)));
        assertEquals(
                "the statistics of en (en.jsonl) and zh (en.jsonl) cannot be compared: they are of different units; compute both with the same "
                        + "--units",
                e.getMessage());
        e = assertThrows(CraneException.class, () -> LanguageStatistics.requireComparable(List.of(en, en)));
        assertEquals("there are two statistics of en: merge them, or leave one out", e.getMessage());
        LanguageStatistics.requireComparable(List.of(en, statistics("zh", 3, 8)));
    }

    @Test
    void restrictingToSites() {
        LanguageStatistics down = statistics("en", 0, 5).restrictedTo(Set.of(Site.MLP_DOWN));
        assertEquals(Set.of(DOWN), down.moments().keySet());
        assertEquals(Set.of(DOWN), down.topExamples().keySet());
        CraneException e = assertThrows(CraneException.class, () -> down.restrictedTo(Set.of(Site.MLP_DOWN, Site.MLP_NEURON)));
        assertEquals("the statistics of en have no units at mlp.neuron, only at mlp.down: compute them again with --units", e.getMessage());
    }

    private static LanguageStatistics statistics(String language, int from, int to) {
        StatisticsAccumulator accumulator = new StatisticsAccumulator(language, LAYOUT, 2);
        for (int line = from; line < to; line++)
            accumulator.add(line, 7, scores(line));
        return accumulator.snapshot(PROVENANCE);
    }

    private static Map<HookPoint, float[]> scores(int line) {
        Random random = new Random(line);
        float[] gate = {random.nextFloat(), random.nextFloat() - 3, random.nextFloat()};
        return Map.of(GATE, gate, DOWN, new float[]{random.nextFloat(), -random.nextFloat()});
    }

    private static LanguageStatistics with(LanguageStatistics statistics, String key, String value) {
        SortedMap<String, String> provenance = new TreeMap<>(statistics.provenance());
        if (value == null)
            provenance.remove(key);
        else
            provenance.put(key, value);
        return new LanguageStatistics(statistics.language(), statistics.moments(), statistics.topExamples(), provenance);
    }

    private static void assertSame(LanguageStatistics expected, LanguageStatistics actual, double tolerance) {
        assertEquals(expected.language(), actual.language());
        assertEquals(expected.provenance(), actual.provenance());
        assertEquals(expected.moments().keySet(), actual.moments().keySet());
        expected.moments().forEach((point, moments) -> {
            Moments here = actual.moments().get(point);
            assertEquals(moments.count(), here.count());
            assertArrayEquals(moments.mean(), here.mean(), tolerance);
            assertArrayEquals(moments.m2(), here.m2(), tolerance);
            assertArrayEquals(moments.m3(), here.m3(), tolerance);
            assertArrayEquals(moments.m4(), here.m4(), tolerance);
            assertArrayEquals(moments.absMean(), here.absMean(), tolerance);
            assertArrayEquals(expected.topExamples().get(point).scores(), actual.topExamples().get(point).scores());
            assertArrayEquals(expected.topExamples().get(point).lines(), actual.topExamples().get(point).lines());
        });
    }
}
