package dev.crane.analysis.experiment;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.analysis.Progress;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.evaluate.Accuracy;
import dev.crane.analysis.evaluate.Measure;
import dev.crane.analysis.evaluate.Measurement;
import dev.crane.analysis.evaluate.Task;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.engine.Backends;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.hook.HookPoint;
import dev.crane.models.CausalLanguageModel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * babel-base under masks, against the reference implementation: perplexities of the first 24 held-out texts, accuracies of the first 100 items, rise and
 * selectivity.
 */
class BabelMatrixTest {
    private static final List<String> LANGUAGES = List.of("en", "zh", "vi");

    @TempDir
    private static Path folder;
    private static JsonNode kurtosis;
    private static JsonNode shares;
    private static List<Evaluated> perplexities;
    private static List<Evaluated> accuracies;
    private static ResultTables tables;

    @BeforeAll
    static void measure() throws IOException {
        kurtosis = json("/babel/matrix.json");
        shares = json("/babel/share_margin.json");
        List<EvaluationRun.Masked> masks = new ArrayList<>(List.of(EvaluationRun.Masked.NOTHING));
        json("/babel/selected.json").forEachEntry((name, units) -> masks.add(masked(name, units)));
        shares.path("masks").forEachEntry((name, mask) -> masks.add(masked(name, mask.path("units"))));
        try (CausalLanguageModel model = CausalLanguageModel.load(SmallExperiment.MODELS.resolve("babel-base"), Backends.create("cpu", 2),
                EngineOptions.DEFAULT)) {
            List<Measure> texts = new ArrayList<>();
            List<Measure> tasks = new ArrayList<>();
            for (String language : LANGUAGES) {
                texts.add(Measure.Texts.of(language, Corpus.open(SmallExperiment.MODELS.resolve("corpora/" + language + ".heldout.jsonl")),
                        24,
                        model.tokenizer(), model.spec().vocabulary(), 192));
                tasks.add(Measure.Choices.of(language, Task.read(SmallExperiment.MODELS.resolve("tasks/word_order_" + language + ".jsonl"))
                        .limit(100), model.tokenizer(), model.spec().maxPositions()));
            }
            EvaluationRun run = new EvaluationRun(model, folder, "", Journal.open(folder), 4096);
            perplexities = run.run(masks, texts, Progress.SILENT);
            // Tasks are long: the unmasked model and one mask.
            accuracies = run.run(masks.subList(0, 2), tasks, Progress.SILENT);
        }
        tables = ResultTables.of("babel-base", perplexities);
    }

    private static EvaluationRun.Masked masked(String name, JsonNode units) {
        Map<HookPoint, int[]> rows = new TreeMap<>();
        units.forEachEntry((path, list) -> rows.put(HookPoint.parse(path).orElseThrow(),
                list.valueStream().mapToInt(JsonNode::intValue).toArray()));
        int dot = name.lastIndexOf('.');
        return new EvaluationRun.Masked(new MaskKey(name.substring(0, dot), name.substring(dot + 1), ""), UnitMask.of(rows));
    }

    private static JsonNode json(String resource) throws IOException {
        try (InputStream in = BabelMatrixTest.class.getResourceAsStream(resource)) {
            return JsonMapper.shared().readTree(in);
        }
    }

    private static JsonNode golden(MaskKey key) {
        String name = key.method() + "." + key.mask();
        return key.equals(MaskKey.UNMASKED)
                ? kurtosis.path("unmasked")
                : kurtosis.path("masks").has(name) ? kurtosis.path("masks").path(name) : shares.path("masks").path(name);
    }

    @Test
    void perplexitiesAreTheReferences() {
        assertEquals(1 + 6 + 6, perplexities.size());
        for (Evaluated one : perplexities)
            for (Measurement measurement : one.measurements()) {
                double expected = golden(one.key()).path("perplexity").path(measurement.language()).doubleValue();
                double found = ((Measurement.Texts) measurement).total().perplexity();
                assertEquals(1, found / expected, 1e-4, one.key() + " " + measurement.language());
            }
    }

    @Test
    void accuraciesAreTheReferences() {
        assertEquals(2, accuracies.size());
        for (Evaluated one : accuracies)
            for (Measurement measurement : one.measurements()) {
                JsonNode expected = golden(one.key()).path("word_order").path(measurement.language());
                Accuracy found = ((Measurement.Choices) measurement).total();
                assertEquals(expected.path("acc").doubleValue(), found.acc().mean(), 1e-12, one.key() + " " + measurement.language());
                assertEquals(expected.path("acc_norm").doubleValue(), found.accNorm().mean(), 1e-12,
                        one.key() + " " + measurement.language());
                // The harness: sample deviation of a share p over n items, √(p(1−p)/(n−1)).
                double p = found.acc().mean();
                assertEquals(Math.sqrt(p * (1 - p) / 99), found.acc().standardError(), 1e-12);
            }
    }

    /** Perplexities agree to 1e-4, so rises to 2e-4 nats; a selectivity is a ratio of rises of about 1 and 0.1. */
    @Test
    void selectivityIsTheReferences() {
        int compared = 0;
        for (ResultTables.SummaryRow row : tables.summary()) {
            JsonNode expected = golden(row.key());
            if (!expected.has("selectivity"))
                continue;
            assertEquals(expected.path("selectivity").doubleValue(), row.selectivity(), 4e-4, row.key().toString());
            for (String language : LANGUAGES) {
                double rise = tables.intervals().stream()
                        .filter(interval -> interval.key().equals(row.key()) && interval.language().equals(language)
                                && interval.metric().equals(ResultTables.PERPLEXITY))
                        .findFirst().orElseThrow().estimate().value();
                assertEquals(expected.path("rise_nats").path(language).doubleValue(), rise, 2e-4, row.key() + " " + language);
            }
            compared++;
        }
        assertEquals(6, compared);
    }

    /** The bootstrap is tested where it is; here, that the right numbers are drawn again. */
    @Test
    void intervalsHoldWhatTheyAreOf() {
        for (ResultTables.IntervalRow row : tables.intervals()) {
            assertTrue(row.estimate().low() <= row.estimate().value() && row.estimate().value() <= row.estimate().high(), row.toString());
            if (row.key().method().equals("mean") && row.metric().equals("selectivity"))
                assertTrue(row.estimate().low() > 0.8 && row.estimate().high() < 1, row.toString());
        }
        assertEquals(12 * (3 + 1), tables.intervals().size());
    }
}
