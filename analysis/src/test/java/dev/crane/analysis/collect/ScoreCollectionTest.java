package dev.crane.analysis.collect;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.analysis.Progress;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.analysis.statistics.ProvenanceKey;
import dev.crane.analysis.statistics.SampleScores;
import dev.crane.analysis.statistics.StatisticsFile;
import dev.crane.engine.Backends;
import dev.crane.engine.CraneException;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;
import dev.crane.models.CausalLanguageModel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class ScoreCollectionTest {
    private static final Path MODELS = Path.of("../models");
    private static CausalLanguageModel model;
    private static Corpus corpus;

    @TempDir
    Path folder;

    @BeforeAll
    static void load() {
        model = CausalLanguageModel.load(MODELS.resolve("babel-base"), Backends.create("cpu", 2), EngineOptions.DEFAULT);
        corpus = Corpus.open(MODELS.resolve("corpora/en.identify.jsonl"));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static CollectionSettings settings(int samples, boolean perSample, Score... scores) {
        SequencedMap<Quantity, Set<Site>> quantities = new LinkedHashMap<>();
        for (Score score : scores)
            quantities.put(quantity(score), Set.of(Site.MLP_UP));
        return new CollectionSettings(quantities, samples, 42, 24, 2, perSample ? quantities.keySet() : Set.of());
    }

    private static Quantity quantity(Score score) {
        return new Quantity.Relevance(Rule.ATTNLRP, new Target.MeanLogit(), score);
    }

    /** Stands for a process that is killed after a number of samples. */
    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private static Progress killingAt(long samples) {
        return step -> {
            if (step.done() >= samples)
                throw new Killed();
        };
    }

    private Map<Quantity, Path> folders(String name, Score... scores) {
        Map<Quantity, Path> folders = new HashMap<>();
        for (Score score : scores)
            folders.put(quantity(score), folder.resolve(name).resolve(score.label()));
        return folders;
    }

    private Path work() {
        return folder.resolve("work");
    }

    @Test
    void bitsDoNotDependOnBatchesOrInterruptions() throws IOException {
        Score[] both = {Score.RELEVANCE, Score.ROW_GRADIENT};
        CollectionSettings settings = settings(9, true, both);
        new ScoreCollection(model, settings, 4096).collect("en", corpus, folders("whole", both), work(), Progress.SILENT);
        ScoreCollection small = new ScoreCollection(model, settings, 50);
        for (long samples : new long[]{2, 2, 5, 8})
            assertThrows(Killed.class, () -> small.collect("en", corpus, folders("pieces", both), work(), killingAt(samples)));
        assertFalse(Files.exists(StatisticsFile.in(folders("pieces", both).get(quantity(Score.RELEVANCE)), "en")),
                "nothing half-done is seen");
        List<Long> steps = new ArrayList<>();
        List<Path> written = small.collect("en", corpus, folders("pieces", both), work(), step -> steps.add(step.done())).values().stream()
                .flatMap(List::stream).toList();
        assertTrue(steps.getFirst() >= 5, "goes on where it was: " + steps);
        assertEquals(4, written.size());
        for (Path file : written)
            assertArrayEquals(Files.readAllBytes(folder.resolve("whole").resolve(folder.resolve("pieces").relativize(file))),
                    Files.readAllBytes(file), file.toString());
        try (var left = Files.list(work())) {
            assertEquals(0, left.count(), "no state is left");
        }
    }

    @Test
    void statisticsAreOfTheSamples() {
        Map<Quantity, Path> to = folders("out", Score.RELEVANCE);
        new ScoreCollection(model, settings(5, true, Score.RELEVANCE), 4096).collect("en", corpus, to, work(), Progress.SILENT);
        LanguageStatistics statistics = StatisticsFile.read(StatisticsFile.in(to.get(quantity(Score.RELEVANCE)), "en"));
        assertEquals(5, statistics.samples());
        assertEquals(2, statistics.topExamples().firstEntry().getValue().capacity());
        assertEquals("attnlrp", statistics.provenance().get(ProvenanceKey.RULE));
        assertEquals("relevance", statistics.provenance().get(ProvenanceKey.SCORE));
        assertEquals("24", statistics.provenance().get(ProvenanceKey.MAX_TOKENS));
        assertEquals(Integer.toString(5 * 24), statistics.provenance().get(ProvenanceKey.TOKENS)); // all are longer than the cut
        assertEquals(corpus.sha256(), statistics.provenance().get(ProvenanceKey.CORPUS_HASH));
        try (SampleScores samples = SampleScores.open(SampleScores.in(to.get(quantity(Score.RELEVANCE)), "en"))) {
            HookPoint point = new HookPoint(Site.MLP_UP, 3);
            double sum = 0;
            for (int s = 0; s < 5; s++)
                sum += samples.scores(point, s)[17];
            assertEquals(sum / 5, statistics.moments().get(point).mean()[17], 1e-12 * Math.abs(sum)); // two orders of five f64 sums
        }
    }

    @Test
    void aStateOfOtherInputsIsNotTakenUp() {
        assertThrows(Killed.class, () -> new ScoreCollection(model, settings(6, false, Score.RELEVANCE), 50).collect("en", corpus,
                folders("a", Score.RELEVANCE), work(), killingAt(4)));
        List<Long> steps = new ArrayList<>();
        new ScoreCollection(model, settings(5, false, Score.RELEVANCE), 50).collect("en", corpus, folders("b", Score.RELEVANCE), work(),
                step -> steps.add(step.done()));
        assertEquals(0, steps.getFirst());
    }

    @Test
    void corporaThatDoNotDoAreNamed() throws IOException {
        ScoreCollection collection = new ScoreCollection(model, settings(3, false, Score.RELEVANCE), 4096);
        Path few = Files.writeString(folder.resolve("few.txt"), "One text.\nAnother text.\n");
        assertMessage(few + ": has 2 documents, fewer than the 3 samples asked for", collection, few);
        Path single = Files.writeString(folder.resolve("single.jsonl"), "{\"ids\": [5, 6]}\n{\"ids\": [5]}\n{\"ids\": [7, 8]}\n");
        assertMessage(single + ": line 2 is a single token", collection, single);
    }

    private void assertMessage(String beginning, ScoreCollection collection, Path file) {
        String message = assertThrows(CraneException.class,
                () -> collection.collect("en", Corpus.open(file), folders("out", Score.RELEVANCE), work(), Progress.SILENT)).getMessage();
        assertTrue(message.startsWith(beginning), message);
    }
}
