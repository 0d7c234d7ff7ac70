package dev.crane.analysis.collect;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.analysis.Progress;
import dev.crane.analysis.corpus.Choice;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.corpus.Sample;
import dev.crane.analysis.corpus.Tokenization;
import dev.crane.analysis.mask.MaskIntervention;
import dev.crane.analysis.mask.Treatment;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.engine.Backends;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.hook.Capture;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.models.CausalLanguageModel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Means, deviations and percentiles of units over tokens, against plain loops over what the hook points hold sequence by sequence. */
class TokenActivationsTest {
    private static final Path MODELS = Path.of("../models");
    private static final HookPoint NEURONS = new HookPoint(Site.MLP_NEURON, 2);
    private static final HookPoint GATE = new HookPoint(Site.MLP_GATE, 4);
    private static final UnitMask MASK = UnitMask.of(Map.of(NEURONS, new int[]{3, 500, 77}, GATE, new int[]{0}));
    private static final UnitMask MORE = MASK
            .union(UnitMask.of(Map.of(NEURONS, new int[]{4, 5}, new HookPoint(Site.MLP_UP, 1), new int[]{9})));
    private static final int SAMPLES = 5;
    private static final int MAX_TOKENS = 40;

    private static CausalLanguageModel model;
    private static Corpus english;
    private static Corpus vietnamese;

    @TempDir
    Path folder;

    @BeforeAll
    static void load() {
        model = CausalLanguageModel.load(MODELS.resolve("babel-base"), Backends.create("cpu", 2), EngineOptions.DEFAULT);
        english = Corpus.open(MODELS.resolve("corpora/en.identify.jsonl"));
        vietnamese = Corpus.open(MODELS.resolve("corpora/vi.identify.jsonl"));
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private TokenStatistics collect(Corpus corpus, int tokenBudget, Progress progress) {
        return new TokenActivations(model, SAMPLES, 42, MAX_TOKENS, tokenBudget).collect("xx", corpus, MORE, MASK,
                folder.resolve(corpus.file().getFileName() + ".state"), progress);
    }

    /** Every value of a unit, sample by sample, each run on its own. */
    private static double[] values(HookPoint point, int unit, Corpus... corpora) {
        List<Double> values = new ArrayList<>();
        for (Corpus corpus : corpora)
            for (Sample sample : corpus
                    .samples(Choice.seeded(SAMPLES, 42), new Tokenization(model.tokenizer(), model.spec().vocabulary(), MAX_TOKENS))
                    .samples()) {
                Capture whole = Capture.whole(point);
                float[] captured = model.engine().forward(PackedBatch.of(List.of(sample.ids())),
                        new ForwardRequest(ForwardRequest.Output.NONE, List.of(whole), List.of(), null)).captures().get(whole).getFirst();
                int width = captured.length / sample.ids().length;
                for (int t = 0; t < sample.ids().length; t++)
                    values.add((double) captured[t * width + unit]);
            }
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static void assertValues(float[] expected, MaskIntervention actual, HookPoint point) {
        float[] values = switch (actual) {
            case MaskIntervention.Constant constant -> constant.values().at(point, expected.length);
            case MaskIntervention.Add add -> add.values().at(point, expected.length);
            default -> throw new AssertionError(actual);
        };
        // f64 sums in another order, rounded to f32 once.
        for (int i = 0; i < expected.length; i++)
            assertEquals(expected[i], values[i], Math.ulp(expected[i]) * 2);
    }

    @Test
    void meansDeviationsAndPercentilesOfOneLanguageAndOfTwo() {
        TokenStatistics en = collect(english, 70, Progress.SILENT);
        TokenStatistics vi = collect(vietnamese, 4096, Progress.SILENT);
        for (Corpus[] corpora : new Corpus[][]{{english}, {english, vietnamese}}) {
            List<TokenStatistics> languages = corpora.length == 1 ? List.of(en) : List.of(en, vi);
            for (HookPoint point : List.of(NEURONS, GATE)) {
                int[] units = MASK.units(point);
                float[] means = new float[units.length];
                float[] shifts = new float[units.length];
                float[] percentiles = new float[units.length];
                for (int i = 0; i < units.length; i++) {
                    double[] all = values(point, units[i], corpora);
                    double mean = Arrays.stream(all).sum() / all.length;
                    means[i] = (float) mean;
                    shifts[i] = (float) (-1.5 * Math.sqrt(Arrays.stream(all).map(x -> (x - mean) * (x - mean)).sum() / all.length));
                    Arrays.sort(all);
                    double h = (all.length - 1) * 0.9;
                    int floor = (int) Math.floor(h);
                    percentiles[i] = (float) (all[floor] + (h - floor) * (all[floor + 1] - all[floor]));
                }
                assertValues(means, TokenStatistics.intervention(new Treatment.Mean(Treatment.Texts.ALL), MASK, languages), point);
                assertValues(shifts, TokenStatistics.intervention(new Treatment.Shift(-1.5, Treatment.Texts.ALL), MASK, languages), point);
                assertValues(percentiles, TokenStatistics.intervention(new Treatment.Percentile(90, Treatment.Texts.ALL), MASK, languages),
                        point);
            }
        }
        MaskIntervention least = TokenStatistics.intervention(new Treatment.Percentile(0, Treatment.Texts.OWN), MASK, List.of(vi));
        assertEquals((float) Arrays.stream(values(GATE, 0, vietnamese)).min().orElseThrow(),
                ((MaskIntervention.Constant) least).values().at(GATE, 1)[0]);
    }

    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    @Test
    void aPassThatWasKilledEndsWithTheSameBits() throws IOException {
        collect(english, 70, Progress.SILENT);
        Path state = folder.resolve("en.identify.jsonl.state");
        byte[] unbroken = Files.readAllBytes(state);
        Files.delete(state);
        assertThrows(Killed.class, () -> collect(english, 70, step -> {
            if (step.done() >= 3)
                throw new Killed();
        }));
        List<Long> done = new ArrayList<>();
        collect(english, 4096, step -> done.add(step.done()));
        assertTrue(done.getFirst() > 0, "begun again"); // not every batch is saved, the first one is
        assertArrayEquals(unbroken, Files.readAllBytes(state));
        Files.write(state, new byte[]{1, 2, 3});
        collect(english, 200, Progress.SILENT);
        assertArrayEquals(unbroken, Files.readAllBytes(state));
    }
}
