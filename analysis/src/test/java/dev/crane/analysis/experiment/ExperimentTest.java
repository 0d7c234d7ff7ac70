package dev.crane.analysis.experiment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.analysis.Progress;
import dev.crane.analysis.collect.LedgerFile;
import dev.crane.analysis.corpus.Choice;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.corpus.Tokenization;
import dev.crane.analysis.mask.MaskFile;
import dev.crane.analysis.report.ReportData;
import dev.crane.analysis.report.SelectionsFile;
import dev.crane.engine.Backends;
import dev.crane.engine.CraneException;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.relevance.ConservationLedger;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Target;
import dev.crane.models.CausalLanguageModel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class ExperimentTest {
    private static final List<String> GATHERED = List.of("attnlrp relevance, row-gradient en: all there",
            "attnlrp relevance, row-gradient zh: all there");

    @TempDir
    static Path shared;
    private static Path out;
    private static SortedMap<String, String> results;

    @TempDir
    Path folder;

    @BeforeAll
    static void run() throws IOException {
        out = shared.resolve("out");
        Experiment.run(SmallExperiment.file(shared, SmallExperiment.yaml()), out, SmallExperiment.options(2, 4096), Progress.SILENT);
        results = SmallExperiment.results(out);
    }

    @Test
    void everythingIsInItsPlace() {
        Set<String> expected = new TreeSet<>(List.of("experiment.json", "journal.jsonl", "results.json", "matrix.csv", "summary.csv",
                "intervals.csv", "selections.json", "report.html", "methods.csv", "langspec.csv", "overlap.csv", "layers.csv",
                "units.csv", "conservation.csv", "en.ledger.json", "zh.ledger.json", "summary.md", "summary.tex",
                "stats/en.stats.safetensors", "stats/zh.stats.safetensors",
                "stats/attnlrp.mean-logit.row-gradient/en.stats.safetensors",
                "stats/attnlrp.mean-logit.row-gradient/zh.stats.safetensors"));
        for (String mask : List.of("none", "crane/en", "crane/zh", "crane-kurtosis/en", "crane-kurtosis/zh", "random/seed1/en",
                "random/seed1/zh")) {
            if (!mask.equals("none"))
                expected.add("masks/" + mask + ".mask.json");
            for (String measured : List.of("en.perplexity", "en.word_order_en", "zh.perplexity", "zh.word_order_zh"))
                expected.add("samples/" + mask + "/" + measured + ".jsonl");
        }
        assertEquals(expected, results.keySet());
        assertFalse(Files.exists(out.resolve("work")));
    }

    @Test
    void randomMasksMatchTheMethod() {
        for (String language : List.of("en", "zh")) {
            MaskFile crane = MaskFile.read(out.resolve("masks/crane/" + language + ".mask.json"));
            MaskFile random = MaskFile.read(out.resolve("masks/random/seed1/" + language + ".mask.json"));
            assertEquals(150, crane.mask().count());
            assertEquals(crane.mask().counts(), random.mask().counts());
            assertNotEquals(crane.mask(), random.mask());
            assertEquals("crane", random.provenance().get("method.match"));
            assertEquals("6", crane.provenance().get("n"));
        }
    }

    @Test
    void tablesAreTidy() throws IOException {
        List<String> matrix = Files.readAllLines(out.resolve("matrix.csv"));
        assertEquals("model,method,mask,seed,units,language,metric,value,unmasked,change", matrix.getFirst());
        assertEquals(1 + 7 * 2 * 3, matrix.size()); // 7 masks, 2 languages, perplexity and both accuracies
        assertTrue(matrix.get(1).startsWith("base,none,,,0,en,perplexity,"), matrix.get(1));
        assertTrue(matrix.stream().anyMatch(row -> row.startsWith("base,random,zh,1,150,en,word_order.acc,")));
        List<String> summary = Files.readAllLines(out.resolve("summary.csv"));
        assertEquals("model,method,mask,seed,selectivity,langspec_f1,precision,recall", summary.getFirst());
        assertEquals(7, summary.size());
        for (String row : matrix.subList(1, matrix.size())) {
            String[] cells = row.split(",");
            double value = Double.parseDouble(cells[7]);
            double unmasked = Double.parseDouble(cells[8]);
            double change = cells[6].equals("perplexity") ? value / unmasked - 1 : value - unmasked;
            assertEquals(change, Double.parseDouble(cells[9]), 1e-12, row); // one rounding of either form
        }
        // Perplexity and accuracy of each language under each mask, and each mask's selectivity and F1; all but the random masks against these too.
        assertEquals(1 + 6 * (2 * 2 + 2) + 4 * (2 * 2 + 2), Files.readAllLines(out.resolve("intervals.csv")).size());
        JsonNode harness = JsonMapper.shared().readTree(out.resolve("results.json").toFile());
        assertEquals(Double.parseDouble(matrix.get(1).split(",")[7]),
                harness.at("/results/perplexity_en/perplexity,none").doubleValue(), 0);
        assertEquals(2, harness.at("/n-samples/word_order_zh/effective").intValue());
        assertEquals(150, harness.at("/masks/random~1seed1~1zh/units").intValue());
    }

    /** What the tokens give to a unit sums up to its score of the sample, which the statistics hold; sums in f32 of at most 64 terms. */
    @Test
    void tokensOfTopUnitsSumUpToTheirScores() {
        int compared = 0;
        for (ReportData.Selection selection : SelectionsFile.read(out.resolve("selections.json")))
            for (ReportData.TopUnit unit : selection.top())
                for (ReportData.Example example : unit.examples()) {
                    if (!selection.method().equals("crane")) {
                        assertTrue(example.tokens().isEmpty(), "row gradients have none");
                        continue;
                    }
                    double sum = example.tokens().stream().mapToDouble(ReportData.Token::value).sum();
                    double size = example.tokens().stream().mapToDouble(token -> Math.abs(token.value())).sum();
                    assertEquals(example.score(), sum, 1e-5 * size, selection.language() + " " + unit.point() + " " + unit.unit());
                    String text = String.join("", example.tokens().stream().skip(1).map(ReportData.Token::text).toList()).replace("◌", "")
                            .strip();
                    assertTrue(example.text().startsWith(text.substring(0, 10)), text);
                    compared++;
                }
        assertEquals(2 * 8 * 2, compared); // languages, units, examples
    }

    /** In f32 some ten operations on each term of a stage leave 1e-6 of what passes; the demo model has no biases, so only the softmax takes from attnlrp. */
    @Test
    void ledgersCloseAndAreThoseOfTheFirstSamples() throws IOException {
        ExperimentFile file = SmallExperiment.file(folder, SmallExperiment.yaml());
        try (CausalLanguageModel model = CausalLanguageModel.load(file.models().get("base"), Backends.create("cpu", 1),
                EngineOptions.DEFAULT)) {
            for (ExperimentFile.Language language : file.languages()) {
                LedgerFile ledger = LedgerFile.read(LedgerFile.in(out, language.name()));
                assertEquals("attnlrp", ledger.rule());
                assertTrue(ledger.error() > 0 && ledger.error() < 1e-6, ledger.toString());
                assertEquals(1 + model.spec().layers(), ledger.stages().size(), "the head and every layer");
                // What the four samples give one by one, from the texts themselves; sums of four doubles.
                Tokenization tokenization = new Tokenization(model.tokenizer(), model.spec().vocabulary(), 64);
                List<ConservationLedger> alone = Corpus.open(language.identify()).samples(Choice.seeded(6, 42), tokenization).samples()
                        .subList(0, 4).stream().map(sample -> model.engine().ledger(sample.ids(), Rule.ATTNLRP, new Target.MeanLogit()))
                        .toList();
                assertEquals(alone.stream().mapToDouble(ConservationLedger::target).average().orElseThrow(), ledger.target(), 1e-12);
                double softmax = ledger.losses().get("softmax");
                assertEquals(alone.stream().mapToDouble(one -> one.losses().get(ConservationLedger.Loss.SOFTMAX)).average().orElseThrow(),
                        softmax, 1e-12);
                double others = ledger.losses().values().stream().mapToDouble(Math::abs).sum() - Math.abs(softmax);
                assertEquals(0, others, 1e-4, "in 6 layers, of relevances of some tens");
                assertEquals(ledger.target() - softmax, ledger.arrived(), 1e-4);
            }
        }
        String page = Files.readString(out.resolve("report.html"));
        assertTrue(page.contains("<section id=\"conservation\">") && page.contains("English (en): attnlrp brings "));
        assertEquals(1 + 2 * 7, Files.readAllLines(out.resolve("conservation.csv")).size());
    }

    @Test
    void withoutLedgersNothingOfThemStays() throws IOException {
        Path copy = copy();
        List<String> steps = new ArrayList<>();
        String none = SmallExperiment.yaml().replace("max-tokens: 64}", "max-tokens: 64, ledger: 0}");
        Experiment.run(SmallExperiment.file(folder, none), copy, SmallExperiment.options(1, 4096), SmallExperiment.recording(steps));
        List<String> there = new ArrayList<>(GATHERED);
        there.add("evaluation: all there");
        assertEquals(there, steps, "nothing else depends on them");
        Set<String> left = SmallExperiment.results(copy).keySet();
        assertTrue(left.stream().noneMatch(name -> name.contains("ledger") || name.equals("conservation.csv")), left.toString());
        assertFalse(Files.readString(copy.resolve("report.html")).contains("conservation"));
    }

    private Path copy() throws IOException {
        Path copy = folder.resolve("copy");
        for (String name : results.keySet()) {
            Files.createDirectories(copy.resolve(name).getParent());
            Files.copy(out.resolve(name), copy.resolve(name));
        }
        return copy;
    }

    @Test
    void aFinishedExperimentIsNotDoneAgain() throws IOException {
        List<String> steps = new ArrayList<>();
        Experiment.run(SmallExperiment.file(shared, SmallExperiment.yaml()), out, SmallExperiment.options(1, 4096),
                SmallExperiment.recording(steps));
        List<String> there = new ArrayList<>(GATHERED);
        there.add("evaluation: all there");
        assertEquals(there, steps);
        assertEquals(results, SmallExperiment.results(out));
    }

    @Test
    void onlyWhatChangedIsDoneAgain() throws IOException {
        Path copy = copy();
        Files.writeString(copy.resolve("samples/none/zh.perplexity.jsonl"), "spoilt\n");
        List<String> steps = new ArrayList<>();
        String changed = SmallExperiment.yaml().replace("  - {name: random, match: crane, seeds: 1}\n", "");
        Experiment.run(SmallExperiment.file(folder, changed), copy, SmallExperiment.options(2, 4096), SmallExperiment.recording(steps));
        List<String> there = new ArrayList<>(GATHERED);
        int perMask = 2 * (2 * 2 + 2 * 4); // languages · (documents of two windows + items of four choices)
        there.add("evaluation " + 5 * perMask + "/" + 5 * perMask);
        steps.removeIf(step -> step.startsWith("top units"));
        assertEquals(there, steps);
        SortedMap<String, String> left = SmallExperiment.results(copy);
        assertEquals(results.get("samples/none/zh.perplexity.jsonl"), left.get("samples/none/zh.perplexity.jsonl"));
        assertTrue(left.keySet().stream().noneMatch(name -> name.contains("/random/")), "a method that is gone leaves nothing behind");
    }

    @Test
    void foreignFoldersAreLeftAlone() throws IOException {
        Path full = Files.createDirectories(folder.resolve("full"));
        Files.writeString(full.resolve("thesis.txt"), "years of work");
        ExperimentFile experiment = SmallExperiment.file(folder, SmallExperiment.yaml());
        assertOneLine("is not empty and holds no experiment's results; give another --out",
                () -> Experiment.run(experiment, full, SmallExperiment.options(1, 4096), Progress.SILENT));
        ExperimentFile other = SmallExperiment.file(folder,
                SmallExperiment.yaml().replaceAll("(?m)^  zh: .*\n", "").replace("name: crane, budget: 150",
                        "name: crane-kurtosis, label: crane"));
        assertOneLine("holds the results of another experiment (base: en, zh); give another --out",
                () -> Experiment.run(other, out, SmallExperiment.options(1, 4096), Progress.SILENT));
        assertEquals(results, SmallExperiment.results(out));
    }

    @Test
    void mistakesShowBeforeTheWork() throws IOException {
        for (String[] change : new String[][]{{"en.heldout.jsonl", "absent.jsonl", "absent.jsonl"},
                {"samples: 6", "samples: 500", "192 documents"},
                {"tasks/word_order_zh.jsonl", "absent.jsonl", "absent.jsonl"}, {"babel-base}", "absent}", "absent"},
                {"backend: cpu", "backend: abacus", "unknown backend 'abacus'"}}) {
            ExperimentFile experiment = SmallExperiment.file(folder, SmallExperiment.yaml().replace(change[0], change[1]));
            assertOneLine(change[2],
                    () -> Experiment.run(experiment, folder.resolve("out"), SmallExperiment.options(1, 4096), Progress.SILENT));
        }
        Path file = Files.writeString(folder.resolve("file"), "");
        assertOneLine("cannot write " + file,
                () -> Experiment.run(SmallExperiment.file(folder, SmallExperiment.yaml()), file.resolve("out"),
                        SmallExperiment.options(1, 4096), Progress.SILENT));
    }

    private static void assertOneLine(String part, org.junit.jupiter.api.function.Executable run) {
        String message = assertThrows(CraneException.class, run).getMessage();
        assertTrue(message.contains(part), message);
        assertEquals(1, message.lines().count(), message);
    }

    /** On a second model that is the first one again, masks found on the first do what they do there; on another model they do something else. */
    @Test
    void masksGoFromModelToModel() throws IOException {
        String models = SmallExperiment.MODELS.toString();
        String two = "models: {base: MODELS/babel-base, same: MODELS/babel-base, chat: MODELS/babel-chat}".replace("MODELS", models);
        Path out = folder.resolve("transfer");
        ResultTables tables = Experiment.run(SmallExperiment.file(folder,
                SmallExperiment.yaml().replaceFirst("models: .*", Matcher.quoteReplacement(two)).replaceFirst("tasks: [^}]*}", "tasks: []}")
                        .replaceFirst("  - .name: crane-kurtosis.*\n", "")),
                out, SmallExperiment.options(2, 1 << 12), Progress.SILENT).tables();
        Map<String, Double> changes = new TreeMap<>();
        for (ResultTables.MatrixRow row : tables.matrix())
            changes.put(row.model() + " " + row.key().path() + " " + row.language() + " " + row.metric(), row.change());
        assertEquals(changes.get("base crane/en en perplexity"), changes.get("same crane@base/en en perplexity"));
        assertEquals(changes.get("base random/seed1/zh en perplexity"), changes.get("same random@base/seed1/zh en perplexity"));
        assertEquals(changes.get("chat crane@base/en zh perplexity"), changes.get("chat crane@same/en zh perplexity"));
        assertNotEquals(changes.get("base crane/en en perplexity"), changes.get("chat crane@base/en en perplexity"));
        for (String file : List.of("base/stats/en.stats.safetensors", "chat/masks/crane/zh.mask.json", "chat/results.json",
                "chat/samples/crane@base/en/en.perplexity.jsonl", "report.html"))
            assertTrue(Files.isRegularFile(out.resolve(file)), file);
        assertFalse(Files.exists(out.resolve("work")));
        List<String> steps = new ArrayList<>();
        Experiment.run(ExperimentFile.read(folder.resolve("experiment.yaml")), out, SmallExperiment.options(2, 1 << 12),
                SmallExperiment.recording(steps));
        assertTrue(steps.stream().allMatch(step -> step.endsWith("all there")), steps.toString());
    }
}
