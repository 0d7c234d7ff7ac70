package dev.crane.analysis.faithfulness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.analysis.Progress;
import dev.crane.analysis.collect.CollectionSettings;
import dev.crane.analysis.collect.Quantity;
import dev.crane.analysis.collect.ScoreCollection;
import dev.crane.analysis.corpus.Choice;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.corpus.Sample;
import dev.crane.analysis.corpus.Tokenization;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.analysis.statistics.StatisticsFile;
import dev.crane.engine.Backends;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;
import dev.crane.models.CausalLanguageModel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Curves and effects on the demo model against masks that are run one by one. */
class FaithfulnessTest {
    private static final Path MODELS = Path.of("../models");
    private static final Set<Site> UNITS = Set.of(Site.MLP_NEURON);
    private static final FaithfulnessSettings SETTINGS = new FaithfulnessSettings(List.of(0.05, 0.4, 1.0), 5, 3, 32, 3, 7);

    @TempDir
    static Path shared;
    private static CausalLanguageModel model;
    private static final List<LanguageStatistics> RELEVANCE = new ArrayList<>();
    private static final Map<String, LanguageStatistics> ACTIVATIONS = new HashMap<>();
    private static final SequencedMap<String, Corpus> HELDOUT = new LinkedHashMap<>();
    private static List<LanguageFaithfulness> results;

    @BeforeAll
    static void run() {
        model = CausalLanguageModel.load(MODELS.resolve("babel-base"), Backends.create("cpu", 2), EngineOptions.DEFAULT);
        Quantity activation = new Quantity.Activation(Reduction.MEAN_ABS);
        for (String language : List.of("en", "zh")) {
            Corpus corpus = Corpus.open(MODELS.resolve("corpora/" + language + ".identify.jsonl"));
            for (Quantity quantity : List.of(Quantity.Relevance.CRANE, activation))
                new ScoreCollection(model, CollectionSettings.of(quantity, UNITS, 6, 42, 48, false), 4096).collect(language, corpus,
                        Map.of(quantity, shared.resolve(quantity.name())), shared.resolve("work"), Progress.SILENT);
            RELEVANCE.add(StatisticsFile.read(StatisticsFile.in(shared.resolve("relevance"), language)));
            ACTIVATIONS.put(language, StatisticsFile.read(StatisticsFile.in(shared.resolve(activation.name()), language)));
            HELDOUT.put(language, Corpus.open(MODELS.resolve("corpora/" + language + ".heldout.jsonl")));
        }
        results = faithfulness(shared.resolve("logs"), 300, Progress.SILENT).run(RELEVANCE, ACTIVATIONS, HELDOUT);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static Faithfulness faithfulness(Path logs, int tokenBudget, Progress progress) {
        return new Faithfulness(model, "base", SETTINGS, Quantity.Relevance.CRANE, logs, tokenBudget, progress);
    }

    private static List<int[]> texts(String language) {
        return HELDOUT.get(language).samples(Choice.first(3), new Tokenization(model.tokenizer(), model.spec().vocabulary(), 32)).samples()
                .stream().map(Sample::ids).toList();
    }

    /** Nats a token with these neurons (layer · width + row) set to zero, each text on its own. */
    private static double nats(String language, int[] zeroed) {
        int width = model.spec().units(Site.MLP_NEURON);
        Map<HookPoint, int[]> rows = new TreeMap<>();
        for (int layer = 0; layer < model.spec().layers(); layer++) {
            int at = layer;
            rows.put(model.spec().point(Site.MLP_NEURON, layer),
                    Arrays.stream(zeroed).filter(unit -> unit / width == at).map(unit -> unit % width).toArray());
        }
        InterventionSet set = UnitMask.of(rows).toInterventionSet("by hand");
        double sum = 0;
        int tokens = 0;
        for (int[] ids : texts(language)) {
            float[] logprobs = model.engine().forward(PackedBatch.of(List.of(ids)),
                    ForwardRequest.of(ForwardRequest.Output.NEXT_LOGPROBS, List.of(set), new int[]{0})).logprobs().getFirst();
            for (float logprob : logprobs)
                sum -= logprob;
            tokens += logprobs.length;
        }
        return sum / tokens;
    }

    private static int[] largest(double[] values, int count) {
        return IntStream.range(0, values.length).boxed().sorted((a, b) -> Double.compare(values[b], values[a])).limit(count)
                .mapToInt(Integer::intValue).sorted().toArray();
    }

    private static int[] others(int[] units, int pool) {
        return IntStream.range(0, pool).filter(unit -> Arrays.binarySearch(units, unit) < 0).toArray();
    }

    @Test
    void curvesAreThoseOfMasksOneByOne() {
        LanguageFaithfulness en = results.getFirst();
        assertEquals(List.of("relevance-margin", "relevance", "activation", "random", "random", "random"),
                en.curves().stream().map(OrderCurve::order).toList());
        int pool = 3072;
        assertEquals(pool, en.pool());
        double[] margin = new double[pool];
        double[][] means = {RELEVANCE.get(0).pooled(m -> m.mean()), RELEVANCE.get(1).pooled(m -> m.mean())};
        double[] totals = Arrays.stream(means).mapToDouble(mean -> Arrays.stream(mean).map(Math::abs).sum()).toArray();
        for (int i = 0; i < pool; i++)
            margin[i] = means[0][i] / totals[0] - means[1][i] / totals[1];
        double[][] orders = {margin, RELEVANCE.getFirst().pooled(m -> m.absMean()), ACTIVATIONS.get("en").pooled(m -> m.mean())};
        for (int o = 0; o < orders.length; o++) {
            OrderCurve curve = en.curves().get(o);
            assertEquals(List.of(0, 154, 1229, pool), Arrays.stream(curve.units()).boxed().toList());
            for (int k = 0; k < curve.units().length; k++) {
                int[] first = largest(orders[o], curve.units()[k]);
                // The same f32 log-probabilities, added up in another order in f64.
                assertEquals(nats("en", first), curve.deletion()[k], 1e-12, curve.order() + " " + k);
                assertEquals(nats("en", others(first, pool)), curve.insertion()[k], 1e-12, curve.order() + " " + k);
            }
        }
        for (OrderCurve random : en.curves().subList(3, 6)) {
            assertEquals(en.unmasked(), random.deletion()[0]);
            assertEquals(en.ablated(), random.deletion()[3]);
            assertEquals(en.ablated(), random.insertion()[0]);
            assertEquals(en.unmasked(), random.insertion()[3]);
        }
    }

    @Test
    void unitsAreZeroedOneByOneAndPredictedByRelevance() {
        LanguageFaithfulness zh = results.getLast();
        assertEquals(List.of("attnlrp.mean-logit.relevance", "attnlrp.mean-logprob.relevance", "gradient.mean-logprob.relevance",
                "activation.mean-abs"), zh.agreements().stream().map(LanguageFaithfulness.Agreement::prediction).toList());
        assertEquals(5, zh.effects().size());
        for (LanguageFaithfulness.UnitEffect effect : zh.effects()) {
            int pooled = effect.point().layer() * model.spec().units(Site.MLP_NEURON) + effect.unit();
            assertEquals(nats("zh", new int[]{pooled}) - nats("zh", new int[0]), effect.measured(), 1e-12);
            for (Rule rule : List.of(Rule.ATTNLRP, Rule.GRADIENT)) {
                double sum = 0;
                int tokens = 0;
                for (int[] ids : texts("zh")) {
                    sum += (ids.length - 1) * (double) model.engine()
                            .relevance(PackedBatch.of(List.of(ids)),
                                    RelevanceRequest.of(rule, new Target.MeanLogprob(), Set.of(Score.RELEVANCE), UNITS))
                            .scores().get(Score.RELEVANCE).get(effect.point()).getFirst()[effect.unit()];
                    tokens += ids.length - 1;
                }
                assertEquals(sum / tokens, effect.predicted().get(rule.equals(Rule.ATTNLRP) ? 1 : 2), 1e-12);
            }
            assertEquals(ACTIVATIONS.get("zh").pooled(m -> m.mean())[pooled], effect.predicted().get(3));
        }
    }

    @Test
    void resultsComeBackFromTheirFiles() {
        FaithfulnessFiles.write(shared, SETTINGS, results);
        List<LanguageFaithfulness> read = FaithfulnessFiles.read(shared);
        assertEquals(results.toString().replaceAll("\\[[ID]@\\w+|p=[^]]*", ""), read.toString().replaceAll("\\[[ID]@\\w+|p=[^]]*", ""));
        for (int l = 0; l < results.size(); l++)
            for (int c = 0; c < results.get(l).curves().size(); c++)
                for (boolean inserted : new boolean[]{false, true})
                    assertEquals(Arrays.toString(results.get(l).curves().get(c).values(inserted)),
                            Arrays.toString(read.get(l).curves().get(c).values(inserted)));
        assertEquals(List.of(), FaithfulnessFiles.read(shared.resolve("logs")));
    }

    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    @Test
    void aRunThatWasKilledGoesOn() throws IOException {
        Path logs = shared.resolve("killed");
        assertThrows(Killed.class, () -> faithfulness(logs, 300, step -> {
            if (step.done() >= 40)
                throw new Killed();
        }).run(RELEVANCE, ACTIVATIONS, HELDOUT));
        long before = Files.size(Faithfulness.log(logs, "en"));
        List<String> steps = new ArrayList<>();
        List<LanguageFaithfulness> again = faithfulness(logs, 1000, step -> steps.add(step.stage() + " " + step.done())).run(RELEVANCE,
                ACTIVATIONS, HELDOUT);
        assertTrue(before > 0 && Integer.parseInt(steps.getFirst().replace("faithfulness en ", "")) > 38, steps.toString());
        FaithfulnessFiles.write(Files.createDirectories(logs), SETTINGS, again);
        FaithfulnessFiles.write(shared, SETTINGS, results);
        for (String file : List.of("faithfulness.csv", "faithfulness.json", "faithfulness-units.csv"))
            assertEquals(Files.readString(shared.resolve(file)), Files.readString(logs.resolve(file)));
        steps.clear();
        faithfulness(logs, 1000, step -> steps.add(step.stage())).run(RELEVANCE, ACTIVATIONS, HELDOUT);
        assertEquals(List.of("faithfulness en: all there", "faithfulness zh: all there"), steps);
    }
}
