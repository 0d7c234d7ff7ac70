package dev.crane.analysis.harness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.analysis.Progress;
import dev.crane.analysis.evaluate.ChoiceResult;
import dev.crane.analysis.evaluate.Condition;
import dev.crane.analysis.evaluate.Measure;
import dev.crane.analysis.evaluate.Measurement;
import dev.crane.analysis.evaluate.Metric;
import dev.crane.analysis.evaluate.RequestScorer;
import dev.crane.analysis.evaluate.ScoreLog;
import dev.crane.analysis.evaluate.ScoredItem;
import dev.crane.analysis.evaluate.Task;
import dev.crane.engine.Backends;
import dev.crane.engine.EngineOptions;
import dev.crane.models.CausalLanguageModel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

/** lm-evaluation-harness 0.4.13's own task files, prompts and numbers on the demo model (lmeval/README.md). */
class HarnessGoldenTest {
    private static final Path FOLDER = Path.of("src/test/resources/lmeval");
    /** With two examples before each question; the golden file holds as many of their items, for the test's time. */
    private static final int LONG_ITEMS = 5;
    private static CausalLanguageModel model;

    @BeforeAll
    static void load() {
        model = CausalLanguageModel.load(Path.of("../models/babel-base"), Backends.create("auto", 0), EngineOptions.DEFAULT);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    static Stream<String> tasks() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".yaml")).sorted().toList().stream();
        }
    }

    /** f32 sums of several hundred log-probabilities differ in the sixth digit between two correct engines. */
    private static void assertNear(double expected, double found, String what) {
        assertEquals(expected, found, 2e-4 + 1e-5 * Math.abs(expected), what);
    }

    @ParameterizedTest
    @MethodSource("tasks")
    void aTaskGivesTheHarnessNumbers(String file) throws IOException {
        String name = file.replace(".yaml", "");
        boolean cut = name.startsWith("letters");
        TaskOptions options = new TaskOptions(null, cut ? LONG_ITEMS : Integer.MAX_VALUE, OptionalInt.empty(), TaskOptions.SEED);
        HarnessTask task = TaskFiles.read(FOLDER.resolve(file), options).getFirst();
        assertEquals(name, task.name());
        List<JsonNode> golden = new ArrayList<>();
        for (String line : Files.readAllLines(FOLDER.resolve("golden/" + name + ".samples.jsonl")))
            golden.add(JsonMapper.shared().readTree(line));
        if (!name.startsWith("rolling"))
            assertEquals(golden.stream().map(line -> line.get("context").stringValue()).toList(), task.contexts());

        Measure measure = task.measure("xx", model.tokenizer(), model.spec().maxPositions());
        ScoreLog log = ScoreLog.inMemory(measure.requests().size());
        new RequestScorer(model.engine(), 4096).score(List.of(new RequestScorer.Work(Condition.UNMASKED, measure.requests(), log)), w -> {
        }, "", 0, Progress.SILENT);
        Measurement measured = measure.measurement(log.all());
        JsonNode results = JsonMapper.shared().readTree(Files.readString(FOLDER.resolve("golden/results.json"))).get("results").get(name);
        switch (measured) {
            case Measurement.Choices choices -> {
                Task questions = assertInstanceOf(Measure.Choices.class, measure).task();
                assertEquals(golden.size(), choices.questions().size());
                for (int q = 0; q < golden.size(); q++) {
                    JsonNode line = golden.get(q);
                    ChoiceResult question = choices.questions().get(q);
                    assertEquals(line.get("continuations").valueStream().map(JsonNode::stringValue).toList(),
                            question.item().choices().stream().map(choice -> questions.delimiter() + choice).toList());
                    for (int c = 0; c < question.choices().size(); c++) {
                        JsonNode response = line.get("resps").get(c);
                        assertNear(response.get(0).doubleValue(), question.choices().get(c).logprob(), name + " " + q + " " + c);
                        assertEquals(response.get(1).booleanValue(), question.choices().get(c).greedy());
                    }
                    assertEquals(line.get("acc").doubleValue() == 1, question.acc(), name + " " + q);
                    assertEquals(line.get("acc_norm").doubleValue() == 1, question.accNorm(), name + " " + q);
                }
                if (!cut)
                    for (Metric metric : List.of(Metric.ACC, Metric.ACC_NORM))
                        assertEquals(results.get(metric.label() + ",none").doubleValue(), metric.total(choices.values(metric)), 1e-12);
            }
            case Measurement.Scored scored -> {
                for (int i = 0; i < golden.size(); i++) {
                    JsonNode line = golden.get(i);
                    ScoredItem item = scored.items().get(i);
                    assertNear(line.get("resps").get(0).doubleValue(), item.values().getFirst().sum(), name + " " + i);
                    for (int m = 0; m < 3; m++)
                        assertEquals(line.get(scored.about().metrics().get(m).label()).get(1).doubleValue(), item.values().get(m).weight());
                }
                for (Metric metric : scored.about().metrics()) {
                    double expected = results.get(metric.label() + ",none").doubleValue();
                    // Of some ten texts, each within the tolerance above; exp multiplies what the log differs by.
                    double perWord = metric == Metric.WORD_PERPLEXITY ? 5e-3 : 1e-5;
                    assertEquals(1, metric.total(scored.values(metric)) / expected, perWord, metric.label());
                }
            }
            case Measurement.Texts texts -> throw new AssertionError("no texts here");
        }
    }
}
