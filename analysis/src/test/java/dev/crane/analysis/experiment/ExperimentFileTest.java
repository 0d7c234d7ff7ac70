package dev.crane.analysis.experiment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.crane.analysis.collect.Quantity;
import dev.crane.analysis.faithfulness.FaithfulnessSettings;
import dev.crane.analysis.harness.TaskOptions;
import dev.crane.analysis.identify.AveragePrecision;
import dev.crane.analysis.identify.Budget;
import dev.crane.analysis.identify.KurtosisZ;
import dev.crane.analysis.identify.Lape;
import dev.crane.analysis.identify.Plnd;
import dev.crane.analysis.identify.ShareMargin;
import dev.crane.analysis.identify.TopValues;
import dev.crane.analysis.mask.Treatment;
import dev.crane.analysis.metric.LangSpecF1;
import dev.crane.engine.CraneException;
import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class ExperimentFileTest {
    private static final String LEAST = """
            format: crane/experiment@1
            models: {base: model}
            languages:
              en: {identify: en.txt}
            methods:
              - {name: crane}
            """;

    @TempDir
    Path folder;

    private ExperimentFile read(String text) throws IOException {
        return ExperimentFile.read(Files.writeString(folder.resolve("experiment.yaml"), text));
    }

    @Test
    void theDemoIsRead() {
        ExperimentFile demo = ExperimentFile.read(Path.of("../models/babel-base/experiment.yaml"));
        Path models = Path.of("../models").toAbsolutePath().normalize();
        assertEquals(models.resolve("babel-base"), demo.models().get("base"));
        assertEquals(List.of("en", "zh", "vi"), demo.languages().stream().map(ExperimentFile.Language::name).toList());
        assertEquals(
                new ExperimentFile.Language("zh", models.resolve("corpora/zh.identify.jsonl"), models.resolve("corpora/zh.heldout.jsonl"),
                        List.of(models.resolve("tasks/word_order_zh.jsonl"))),
                demo.languages().get(1));
        assertEquals(new ScoreSettings(Quantity.Relevance.CRANE, Set.of(Site.MLP_NEURON), 128, 192, 42, 4), demo.scores());
        assertEquals(new MethodEntry.ByScores("crane", Quantity.Relevance.CRANE, Set.of(Site.MLP_NEURON),
                new ShareMargin("crane", false, new Budget.Fraction(0.05)), Optional.empty()), demo.methods().getFirst());
        assertEquals(
                new MethodEntry.ByScores("crane-kurtosis", Quantity.Relevance.CRANE, Set.of(Site.MLP_GATE, Site.MLP_UP, Site.MLP_DOWN),
                        new KurtosisZ(new Budget.Above(1), OptionalDouble.empty(), OptionalDouble.empty()), Optional.empty()),
                demo.methods().get(1));
        MethodEntry.Random random = assertInstanceOf(MethodEntry.Random.class, demo.methods().get(2));
        assertEquals("crane", random.like());
        assertArrayEquals(new long[]{1, 2, 3}, random.seeds());
        assertEquals(new ExperimentFile.Evaluation(OptionalInt.of(24), OptionalInt.of(192),
                new TaskOptions(null, 100, OptionalInt.empty(), TaskOptions.SEED)), demo.evaluation());
        assertEquals("auto", demo.backend());
    }

    @Test
    void defaultsAreThePublishedMethods() throws IOException {
        ExperimentFile least = read(LEAST);
        assertEquals(folder.resolve("model"), least.models().get("base"));
        assertEquals(1000, least.scores().samples());
        assertEquals(Set.of(Site.MLP_GATE, Site.MLP_UP, Site.MLP_DOWN, Site.MLP_NEURON), least.scores().units());
        assertEquals(OptionalInt.empty(), least.evaluation().documents());
    }

    @Test
    void methodsMaySayOtherwise() throws IOException {
        ExperimentFile file = read(LEAST + """
                  - {name: crane, label: crane-150, budget: 150, mean: absolute, rule: cp-lrp, target: last-logit}
                  - {name: crane-kurtosis, budget: 0.1, margin: 0.5, preference: 0.4, score: row-gradient, units: [mlp.up]}
                  - {name: random, match: crane-150, seeds: [7, 11]}
                """);
        assertEquals(new MethodEntry.ByScores("crane-150", new Quantity.Relevance(Rule.CP_LRP, new Target.LastLogit(), Score.RELEVANCE),
                ScoreSettings.UNITS, new ShareMargin("crane", true, new Budget.Count(150)), Optional.empty()), file.methods().get(1));
        assertEquals(new MethodEntry.ByScores("crane-kurtosis",
                new Quantity.Relevance(Rule.ATTNLRP, new Target.MeanLogit(), Score.ROW_GRADIENT), Set.of(Site.MLP_UP),
                new KurtosisZ(new Budget.Fraction(0.1), OptionalDouble.of(0.5), OptionalDouble.of(0.4)), Optional.empty()),
                file.methods().get(2));
        assertArrayEquals(new long[]{7, 11}, assertInstanceOf(MethodEntry.Random.class, file.methods().get(3)).seeds());
    }

    @Test
    void faithfulnessHasDefaults() throws IOException {
        assertEquals(Optional.empty(), read(LEAST).faithfulness());
        String heldout = LEAST.replace("identify: en.txt", "identify: en.txt, heldout: en.txt");
        assertEquals(Optional.of(new ExperimentFile.Faithfulness(ScoreSettings.UNITS, FaithfulnessSettings.DEFAULT)),
                read(heldout + "faithfulness: {}\n").faithfulness());
        assertEquals(
                Optional.of(new ExperimentFile.Faithfulness(Set.of(Site.MLP_UP),
                        new FaithfulnessSettings(List.of(0.1, 0.5), 20, 4, 64, 5, 9))),
                read(heldout
                        + "faithfulness: {fractions: [0.1, 0.5], units: [mlp.up], sampled: 20, documents: 4, max-tokens: 64, seeds: 5, seed: 9}\n")
                        .faithfulness());
        for (String[] wrong : new String[][]{{"{fraction: [1]}", "unknown key 'fraction' in faithfulness; did you mean 'fractions'?"},
                {"{fractions: [1.5]}", "faithfulness: fractions: 1.5 is not above 0 and at most 1"},
                {"{fractions: [some]}", "fractions: expected a number, found 'some'"}, {"{seeds: 2}", "seeds: 2 is not within 3"},
                {"{sampled: 1}", "sampled: a correlation needs at least 3 units (0 leaves it out), not 1"}}) {
            String message = assertThrows(CraneException.class, () -> read(heldout + "faithfulness: " + wrong[0] + "\n")).getMessage();
            assertTrue(message.contains(wrong[1]) && message.contains("experiment.yaml:"), message);
        }
        assertTrue(assertThrows(CraneException.class, () -> read(LEAST + "faithfulness: {}\n")).getMessage()
                .endsWith("faithfulness: no language has heldout texts"));
    }

    @Test
    void armsSayWhatTheyDoToTheirUnits() throws IOException {
        ExperimentFile file = read(LEAST + """
                  - {name: crane, label: a, intervention: mean}
                  - {name: crane, label: b, intervention: {kind: mean, of: others}}
                  - {name: crane, label: c, intervention: {kind: percentile, p: 95, of: own}}
                  - {name: crane, label: d, intervention: {kind: constant, value: -1.5}}
                  - {name: crane, label: e, intervention: {kind: scale, factor: 0.5}}
                  - {name: crane, label: f, intervention: {kind: add, value: 2}}
                  - {name: crane, label: g, intervention: {kind: add, sd: -2, of: others}}
                  - {name: random, label: h, match: g}
                  - {name: random, label: i, match: g, intervention: zero}
                """);
        assertEquals(
                List.of(new Treatment.Zero(), new Treatment.Mean(Treatment.Texts.ALL), new Treatment.Mean(Treatment.Texts.OTHERS),
                        new Treatment.Percentile(95, Treatment.Texts.OWN), new Treatment.Constant(-1.5f), new Treatment.Scale(0.5f),
                        new Treatment.Add(2), new Treatment.Shift(-2, Treatment.Texts.OTHERS),
                        new Treatment.Shift(-2, Treatment.Texts.OTHERS), new Treatment.Zero()),
                file.methods().stream().map(MethodEntry::treatment).toList());
    }

    @Test
    void baselinesLookAtWhatTheirPapersLookAt() throws IOException {
        ExperimentFile file = read(LEAST + """
                  - {name: lape, match-budget: crane}
                  - {name: plnd, exclusive: true}
                  - {name: average-precision, ends: top, budget: 10}
                  - {name: mean-activation, mean: absolute}
                  - {name: activation-frequency, select: top, units: [mlp.gate]}
                  - {name: grad-x-act, units: [mlp.neuron]}
                """);
        assertEquals(List.of(
                new MethodEntry.ByScores("lape", new Quantity.Activation(Reduction.COUNT_POSITIVE), Set.of(Site.MLP_ACT),
                        new Lape(0.01, 0.95),
                        Optional.of("crane")),
                new MethodEntry.ByScores("plnd", new Quantity.Contribution(), Set.of(Site.MLP_NEURON), new Plnd(true, ShareMargin.BUDGET),
                        Optional.empty()),
                new MethodEntry.ByScores("average-precision", new Quantity.Activation(Reduction.MEAN), Set.of(Site.MLP_NEURON),
                        new AveragePrecision(AveragePrecision.Ends.TOP, new Budget.Count(10)), Optional.empty()),
                new MethodEntry.ByScores("mean-activation", new Quantity.Activation(Reduction.MEAN_ABS), Set.of(Site.MLP_ACT),
                        new ShareMargin("mean-activation", false, ShareMargin.BUDGET), Optional.empty()),
                new MethodEntry.ByScores("activation-frequency", new Quantity.Activation(Reduction.COUNT_POSITIVE), Set.of(Site.MLP_GATE),
                        new TopValues("activation-frequency", false, ShareMargin.BUDGET), Optional.empty()),
                new MethodEntry.ByScores("grad-x-act", new Quantity.Relevance(Rule.GRADIENT, new Target.MeanLogit(), Score.RELEVANCE),
                        Set.of(Site.MLP_NEURON), new ShareMargin("grad-x-act", false, ShareMargin.BUDGET), Optional.empty())),
                file.methods().subList(1, 7));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "experiment@1|experiment@2|1:9: format: expected crane/experiment@1, found 'crane/experiment@2'",
            "models: {base: model}|models: {}|2:9: models: name at least one",
            "models: {base: model}|models: {../x: model}|2:10: models: the name '../x' must be letters",
            "models: {base: model}|model: {base: model}|2:1: unknown key 'model'; did you mean 'models'?",
            "identify:|identifi:|4:8: unknown key 'identifi' in languages.en; did you mean 'identify'?",
            "{identify: en.txt}|{heldout: en.txt}|4:7: languages.en lacks the key 'identify'",
            "{name: crane}|{name: crain}|6:12: unknown method 'crain'; did you mean 'crane'?",
            "{name: crane}|{name: crane, budget: 2.5}|6:27: a budget of 2.5 of the units",
            "{name: crane}|{name: crane, budget: lots}|6:27: expected a number, found 'lots'",
            "{name: crane}|{name: crane, budget: 1, threshold: 2}|give a budget or a threshold, not both",
            "{name: crane}|{name: crane, z: 1}|6:19: unknown key 'z' in method crane; known are name",
            "{name: crane}|{name: crane, rule: lrp}|6:25: unknown relevance rule 'lrp'",
            "{name: crane}|{name: crane, units: [mlp.gates]}|6:27: units: no units at 'mlp.gates'; did you mean 'mlp.gate'?",
            "{name: crane}|{name: crane, units: [logits]}|6:27: units: no units at 'logits'; known are attn.q",
            "{name: crane}|{name: crane, score: row-gradient, units: mlp.neuron}|row-gradient needs the outputs of linear layers, and mlp.neuron is none",
            "{name: crane}|{name: crane, intervention: half}|6:33: intervention: unknown kind 'half'; known are zero, mean",
            "{name: crane}|{name: crane, intervention: scale}|6:33: intervention: scale needs a number, such as {kind: scale, factor: 0.5}",
            "{name: crane}|{name: crane, intervention: {of: own}}|6:33: intervention lacks the key 'kind'",
            "{name: crane}|{name: crane, intervention: {kind: means}}|6:33: intervention: unknown kind 'means'; did you mean 'mean'?",
            "{name: crane}|{name: crane, intervention: {kind: mean, of: en}}|expected own, others or all, found 'en'",
            "{name: crane}|{name: crane, intervention: {kind: percentile, p: 101}}|p: 101 is not within 0 … 100",
            "{name: crane}|{name: crane, intervention: {kind: percentile}}|6:33: intervention lacks the key 'p'",
            "{name: crane}|{name: crane, intervention: {kind: scale, value: 2}}|unknown key 'value' in intervention; known are kind, factor",
            "{name: crane}|{name: crane, intervention: {kind: add, value: 2, of: own}}|'of' goes with 'sd'",
            "{name: crane}|{name: crane, intervention: {kind: add, value: 2, sd: 1}}|give a value or a multiple of the standard deviation",
            "{name: crane}|{name: crane, label: none}|'none' is what the unmasked model is called",
            "{name: crane}|{name: crane, label: a/b}|the label 'a/b' must be letters",
            "{name: crane}|{name: random}|6:5: method random lacks the key 'match'",
            "{name: crane}|{name: random, match: crane}|6:27: match: no method above is called 'crane'",
            "{name: crane}|{name: crane-kurtosis, preference: 2}|a preference of 2.0: it must be between 0 and 1",
            "{name: crane}|{label: x}|6:5: methods lacks the key 'name'",
    })
    void mistakesArePointedAt(String right, String wrong, String message) throws IOException {
        assertTrue(LEAST.contains(right));
        String found = assertThrows(CraneException.class, () -> read(LEAST.replace(right, wrong))).getMessage();
        assertTrue(found.startsWith(folder.resolve("experiment.yaml") + ":"), found);
        assertTrue(found.contains(message), found);
        assertEquals(1, found.lines().count(), found);
    }

    @Test
    void langSpecF1IsChosen() throws IOException {
        assertEquals(LangSpecF1.Options.DEFAULT, read(LEAST).langSpecF1());
        assertEquals(new LangSpecF1.Options(LangSpecF1.Others.MAX, 0.5, true),
                read(LEAST + "metrics: {langspec-f1: {other: max, beta: 0.5, compat: true}}\n").langSpecF1());
        for (String[] wrong : new String[][]{{"{other: min}", "other: expected mean, max or sum, found 'min'"},
                {"{beta: 0}", "beta: expected a number above 0"}, {"{compat: maybe}", "compat: expected true or false"},
                {"{betta: 1}", "did you mean 'beta'?"}}) {
            String found = assertThrows(CraneException.class, () -> read(LEAST + "metrics: {langspec-f1: " + wrong[0] + "}\n"))
                    .getMessage();
            assertTrue(found.contains(":7:") && found.contains(wrong[1]), found);
        }
    }

    @Test
    void labelsStandOnce() {
        String found = assertThrows(CraneException.class, () -> read(LEAST + "  - {name: crane, budget: 150}\n")).getMessage();
        assertTrue(found.contains(":7:5: methods: 'crane' stands twice"), found);
    }

    @Test
    void numbersHaveBounds() {
        for (String scores : List.of("samples: 0", "samples: many", "max-tokens: 1", "seed: 1.5"))
            assertThrows(CraneException.class, () -> read(LEAST + "scores: {" + scores + "}\n"), scores);
        for (String evaluate : List.of("documents: 0", "max-tokens: 1", "items: -3", "item: 3"))
            assertThrows(CraneException.class, () -> read(LEAST + "evaluate: {" + evaluate + "}\n"), evaluate);
    }
}
