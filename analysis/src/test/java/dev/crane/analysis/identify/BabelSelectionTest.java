package dev.crane.analysis.identify;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.analysis.mask.UnitLayout;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.analysis.statistics.StatisticsAccumulator;
import dev.crane.engine.Engine;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.RelevanceResult;
import dev.crane.engine.backend.cpu.CpuBackend;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;
import dev.crane.models.ModelFolder;
import dev.crane.models.ModelWeights;
import dev.crane.models.tokenizer.Tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * From texts to selections on babel-base, against the reference implementation: the first 64 identify texts of each language, with the
 * beginning-of-text token, cut to 192 tokens; rule attnlrp, target mean-logit.
 */
class BabelSelectionTest {
    private static final List<String> LANGUAGES = List.of("en", "zh", "vi");
    private static final Set<Site> ROWS = Set.of(Site.MLP_GATE, Site.MLP_UP, Site.MLP_DOWN);
    private static final Path MODELS = Path.of("../models");
    private static final JsonMapper JSON = new JsonMapper();

    private static final List<LanguageStatistics> RELEVANCE = new ArrayList<>();
    private static final List<LanguageStatistics> ROW_GRADIENT = new ArrayList<>();

    @BeforeAll
    static void passes() throws IOException {
        ModelFolder folder = ModelFolder.open(MODELS.resolve("babel-base"));
        Tokenizer tokenizer = Tokenizer.load(folder.path());
        Set<Site> all = EnumSet.of(Site.MLP_GATE, Site.MLP_UP, Site.MLP_DOWN, Site.MLP_NEURON);
        try (ModelWeights weights = folder.weights();
                CpuBackend backend = new CpuBackend(2);
                Engine engine = Engine.load(folder.spec(), weights.decoder(), backend, EngineOptions.DEFAULT)) {
            for (String language : LANGUAGES) {
                List<int[]> texts = new ArrayList<>();
                for (String line : Files.readAllLines(MODELS.resolve("corpora/" + language + ".identify.jsonl")).subList(0, 64)) {
                    int[] ids = tokenizer.encodeWithBos(JSON.readTree(line).path("text").stringValue());
                    texts.add(Arrays.copyOf(ids, Math.min(ids.length, 192)));
                }
                RELEVANCE.add(statistics(engine, language, texts, Score.RELEVANCE, all));
                // Each language's kurtosis is judged alone, so one shows that row gradients are right too.
                if (language.equals("en"))
                    ROW_GRADIENT.add(statistics(engine, language, texts, Score.ROW_GRADIENT, ROWS));
            }
        }
    }

    private static LanguageStatistics statistics(Engine engine, String language, List<int[]> texts, Score score, Set<Site> sites) {
        StatisticsAccumulator statistics = new StatisticsAccumulator(language, UnitLayout.of(engine.spec(), sites), 0);
        RelevanceResult result = engine.relevance(PackedBatch.of(texts),
                RelevanceRequest.of(Rule.ATTNLRP, new Target.MeanLogit(), Set.of(score), sites));
        for (int i = 0; i < texts.size(); i++)
            statistics.add(i, texts.get(i).length, sample(result.scores().get(score), i));
        return statistics.snapshot(Map.of());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shareMargin(boolean absolute) throws IOException {
        JsonNode masks = json("/babel/share_margin.json").path("masks");
        Map<String, Selection> selections = new ShareMargin("crane", absolute, new Budget.Count(150)).select(at(Set.of(Site.MLP_NEURON)));
        for (String language : LANGUAGES) {
            Selection selection = selections.get(language);
            double threshold = selection.top(150).getLast().value();
            UnitMask expected = mask(masks.path((absolute ? "mean_abs." : "mean.") + language).path("units"));
            assertEquals(150, selection.mask().count());
            assertSameButAtThreshold(expected, selection, "margin", threshold);
        }
    }

    @ParameterizedTest
    @EnumSource(Score.class)
    void kurtosis(Score score) throws IOException {
        Map<String, Selection> selections = KurtosisZ.DEFAULT.select(score == Score.RELEVANCE ? at(ROWS) : ROW_GRADIENT);
        JsonNode selected = json("/babel/selected.json");
        JsonNode masks = json("/babel/matrix.json").path("masks");
        for (Selection selection : selections.values()) {
            String language = selection.language();
            String name = score.label() + "." + language;
            assertSameButAtThreshold(mask(selected.path(name)), selection, "z", 1);
            // Scores agree to about 1e-5 in f32; a kurtosis, made of fourth powers, to some 1e-4, and its mean over 7,296 units far better.
            assertEquals(1, selection.facts().get("kurtosis_mean") / masks.path(name).path("kurtosis_mean").doubleValue(), 1e-4);
            assertEquals(1, selection.facts().get("kurtosis_sd") / masks.path(name).path("kurtosis_sd").doubleValue(), 1e-4);
        }
    }

    /** Under attnlrp both sides of the gated product get the same relevance, half of the product's, so neurons rank as gate rows do. */
    @Test
    void neuronsAreWorthTheirTwoRows() {
        for (LanguageStatistics language : RELEVANCE) {
            for (HookPoint point : language.layout().widths().keySet()) {
                if (point.site() != Site.MLP_NEURON)
                    continue;
                double[] gate = language.moments().get(new HookPoint(Site.MLP_GATE, point.layer())).mean();
                double[] product = language.moments().get(point).mean();
                double scale = Arrays.stream(product).map(Math::abs).max().orElseThrow();
                for (int i = 0; i < gate.length; i++)
                    assertEquals(product[i], 2 * gate[i], 1e-5 * scale); // f32 sums over some hundred tokens
            }
        }
    }

    private static List<LanguageStatistics> at(Set<Site> sites) {
        return RELEVANCE.stream().map(language -> language.restrictedTo(sites)).toList();
    }

    private static void assertSameButAtThreshold(UnitMask expected, Selection selection, String value, double threshold) {
        UnitMask difference = expected.minus(selection.mask()).union(selection.mask().minus(expected));
        double[] values = selection.values(value);
        difference.units().forEach((point, units) -> {
            for (int unit : units) {
                double here = values[selection.layout().start(point) + unit];
                assertTrue(Math.abs(here - threshold) <= 1e-4 * Math.abs(threshold),
                        () -> selection.language() + ": " + point + " row " + unit
                                + " has " + value + " " + here + ", threshold " + threshold);
            }
        });
    }

    private static Map<HookPoint, float[]> sample(Map<HookPoint, List<float[]>> scores, int sample) {
        Map<HookPoint, float[]> one = new HashMap<>();
        scores.forEach((point, perSample) -> one.put(point, perSample.get(sample)));
        return one;
    }

    private static UnitMask mask(JsonNode units) {
        Map<HookPoint, int[]> rows = new TreeMap<>();
        units.forEachEntry((path, list) -> rows.put(HookPoint.parse(path).orElseThrow(),
                list.valueStream().mapToInt(JsonNode::intValue).toArray()));
        return UnitMask.of(rows);
    }

    private static JsonNode json(String resource) throws IOException {
        try (InputStream in = BabelSelectionTest.class.getResourceAsStream(resource)) {
            return JSON.readTree(in);
        }
    }
}
