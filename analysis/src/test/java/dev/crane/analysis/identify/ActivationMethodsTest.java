package dev.crane.analysis.identify;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.analysis.Progress;
import dev.crane.analysis.collect.CollectionSettings;
import dev.crane.analysis.collect.Quantity;
import dev.crane.analysis.collect.ScoreCollection;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.mask.UnitLayout;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.analysis.statistics.ProvenanceKey;
import dev.crane.analysis.statistics.SampleScores;
import dev.crane.analysis.statistics.StatisticsAccumulator;
import dev.crane.analysis.statistics.StatisticsFile;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.backend.cpu.CpuBackend;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.hook.Capture;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.models.CausalLanguageModel;
import dev.crane.models.safetensors.SafetensorsReader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * The activation baselines on babel-base, from texts to selections: LAPE against what its authors' script selects, the others against their papers'
 * formulas written out here without regard to speed. The first 128 identify texts of each language, cut to 192 tokens.
 */
class ActivationMethodsTest {
    private static final List<String> LANGUAGES = List.of("en", "zh", "vi");
    private static final int SAMPLES = 128;
    private static final int LAYERS = 6;
    private static final int WIDTH = 512;
    private static final Path MODELS = Path.of("../models");
    private static final Quantity COUNT = new Quantity.Activation(Reduction.COUNT_POSITIVE);
    private static final Quantity MEAN = new Quantity.Activation(Reduction.MEAN);
    private static final Quantity CONTRIBUTION = new Quantity.Contribution();

    @TempDir
    static Path folder;
    private static CausalLanguageModel model;
    private static SafetensorsReader golden;

    @BeforeAll
    static void gather() throws IOException {
        golden = SafetensorsReader.open(resource("activations.safetensors"));
        model = CausalLanguageModel.load(MODELS.resolve("babel-base"), new CpuBackend(2), EngineOptions.DEFAULT);
        SequencedMap<Quantity, Set<Site>> quantities = new LinkedHashMap<>();
        quantities.put(COUNT, Set.of(Site.MLP_ACT));
        quantities.put(MEAN, Set.of(Site.MLP_ACT, Site.MLP_NEURON));
        quantities.put(CONTRIBUTION, Set.of(Site.MLP_NEURON));
        ScoreCollection collection = new ScoreCollection(model,
                new CollectionSettings(quantities, SAMPLES, 42, 192, 0, Set.of(MEAN, CONTRIBUTION)), 4096);
        for (String language : LANGUAGES) {
            Path corpus = folder.resolve(language + ".jsonl");
            Files.write(corpus, Files.readAllLines(MODELS.resolve("corpora/" + language + ".identify.jsonl")).subList(0, SAMPLES));
            collection.collect(language, Corpus.open(corpus),
                    Map.of(COUNT, folder.resolve("count"), MEAN, folder.resolve("mean"), CONTRIBUTION,
                            folder.resolve("contribution")),
                    folder.resolve("work"), Progress.SILENT);
        }
    }

    @AfterAll
    static void close() {
        golden.close();
        model.close();
    }

    private static Path resource(String name) {
        return Path.of("src/test/resources/methods").resolve(name);
    }

    private static List<LanguageStatistics> statistics(String name) {
        return LANGUAGES.stream().map(language -> StatisticsFile.read(StatisticsFile.in(folder.resolve(name), language))).toList();
    }

    @Test
    void countsAndMeansAreThoseOfTheReference() {
        for (LanguageStatistics counted : statistics("count")) {
            String language = counted.language();
            long[] n = golden.tensor(language + ".n").longs();
            assertEquals(n[0], counted.tokens());
            long[] expected = golden.tensor(language + ".over_zero").longs();
            double[] counts = counted.pooled(moments -> Arrays.stream(moments.mean()).map(mean -> mean * SAMPLES).toArray());
            long off = 0;
            for (int i = 0; i < expected.length; i++)
                off += Math.abs(expected[i] - Math.round(counts[i]));
            // A gate that is 0 but for rounding may fall on either side: a few tokens of 60 million.
            assertTrue(off <= 20, off + " tokens of " + language + " are counted otherwise");
        }
        // The reference's means are over all tokens at once; ours are means over samples, so they are compared sample by sample below.
        try (SampleScores samples = SampleScores.open(SampleScores.in(folder.resolve("mean"), "en"))) {
            JsonNode first = JsonMapper.shared().readTree(firstLine("en"));
            int[] all = model.tokenizer().encodeWithBos(first.path("text").stringValue());
            int[] ids = Arrays.copyOf(all, Math.min(all.length, 192));
            HookPoint point = new HookPoint(Site.MLP_ACT, 3);
            Capture capture = Capture.whole(point);
            float[] whole = model.engine().forward(PackedBatch.of(List.of(ids)),
                    new ForwardRequest(ForwardRequest.Output.NONE, List.of(capture), List.of(), null)).captures().get(capture).getFirst();
            float[] means = samples.scores(point, 0);
            for (int i = 0; i < WIDTH; i++) {
                double sum = 0;
                for (int t = 0; t < ids.length; t++)
                    sum += whole[t * WIDTH + i];
                assertEquals(sum / ids.length, means[i], 1e-6 * Math.max(1, Math.abs(means[i])), "an f32 sum of 192 values");
            }
        }
    }

    private static String firstLine(String language) {
        try {
            return Files.readAllLines(folder.resolve(language + ".jsonl")).getFirst();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.01", "0.05"})
    void lapeSelectsWhatItsAuthorsScriptDoes(String lowest) throws IOException {
        JsonNode selected;
        try (InputStream in = Files.newInputStream(resource("lape.json"))) {
            selected = JsonMapper.shared().readTree(in).path("selected").path(lowest);
        }
        Lape lape = new Lape(Double.parseDouble(lowest), 0.95);
        for (List<LanguageStatistics> languages : List.of(goldenCounts(), statistics("count"))) {
            Map<String, Selection> selections = lape.select(languages);
            for (String language : LANGUAGES)
                for (int layer = 0; layer < LAYERS; layer++) {
                    int[] expected = selected.path(language).path("model.layers." + layer + ".mlp.gate_proj").valueStream()
                            .mapToInt(JsonNode::intValue).toArray();
                    assertArrayEquals(expected, selections.get(language).mask().units(new HookPoint(Site.MLP_ACT, layer)),
                            language + " layer " + layer);
                }
        }
    }

    /** The reference's counts as statistics: one sample that holds all tokens. */
    private static List<LanguageStatistics> goldenCounts() {
        List<LanguageStatistics> languages = new ArrayList<>();
        for (String language : LANGUAGES) {
            Map<HookPoint, Integer> widths = new TreeMap<>();
            Map<HookPoint, float[]> counts = new TreeMap<>();
            long[] all = golden.tensor(language + ".over_zero").longs();
            for (int layer = 0; layer < LAYERS; layer++) {
                HookPoint point = new HookPoint(Site.MLP_ACT, layer);
                float[] here = new float[WIDTH];
                for (int i = 0; i < WIDTH; i++)
                    here[i] = all[layer * WIDTH + i];
                widths.put(point, WIDTH);
                counts.put(point, here);
            }
            StatisticsAccumulator accumulator = new StatisticsAccumulator(language, new UnitLayout(widths), 0);
            accumulator.add(0, Math.toIntExact(golden.tensor(language + ".n").longs()[0]), counts);
            languages.add(accumulator.snapshot(Map.of(ProvenanceKey.SCORE, COUNT.label())));
        }
        return languages;
    }

    /** T. Kojima et al. 2024: sklearn's average precision, threshold by threshold from its definition. */
    @ParameterizedTest
    @EnumSource(AveragePrecision.Ends.class)
    void averagePrecision(AveragePrecision.Ends ends) {
        List<SampleScores> samples = samples("mean");
        Map<String, Selection> selections = new AveragePrecision(ends, new Budget.Count(31)).select(samples, Set.of(Site.MLP_NEURON));
        for (int l = 0; l < LANGUAGES.size(); l++) {
            double[] found = selections.get(LANGUAGES.get(l)).values("average_precision");
            for (int unit = 0; unit < found.length; unit += 37)
                assertEquals(averagePrecision(samples, l, new HookPoint(Site.MLP_NEURON, unit / WIDTH), unit % WIDTH), found[unit], 1e-12,
                        "sums of at most 384 terms in f64, in another order");
            Integer[] order = IntStream.range(0, found.length).boxed().sorted((a, b) -> Double.compare(found[b], found[a]))
                    .toArray(Integer[]::new);
            int top = switch (ends) {
                case TOP -> 31;
                case BOTTOM -> 0;
                case BOTH -> 16;
            };
            boolean[] expected = new boolean[found.length];
            for (int i = 0; i < top; i++)
                expected[order[i]] = true;
            for (int i = 0; i < 31 - top; i++)
                expected[order[order.length - 1 - i]] = true;
            assertEquals(UnitLayout.of(model.spec(), Set.of(Site.MLP_NEURON))
                    .mask(IntStream.range(0, expected.length).filter(i -> expected[i]).toArray()), selections.get(LANGUAGES.get(l)).mask());
        }
        samples.forEach(SampleScores::close);
    }

    private static double averagePrecision(List<SampleScores> samples, int language, HookPoint point, int unit) {
        float[][] values = COLUMNS.computeIfAbsent(point, p -> samples.stream().map(of -> {
            float[] all = new float[SAMPLES * WIDTH];
            for (int s = 0; s < SAMPLES; s++)
                System.arraycopy(of.scores(point, s), 0, all, s * WIDTH, WIDTH);
            return all;
        }).toArray(float[][]::new));
        float[] thresholds = new float[values.length * SAMPLES];
        for (int l = 0; l < values.length; l++)
            for (int s = 0; s < SAMPLES; s++)
                thresholds[l * SAMPLES + s] = values[l][s * WIDTH + unit];
        Arrays.sort(thresholds);
        double sum = 0;
        double recallBefore = 0;
        // Descending; for a threshold that stands several times, the first time takes all of its samples and the others add nothing.
        for (int i = thresholds.length - 1; i >= 0; i--) {
            int positive = 0;
            int all = 0;
            for (int l = 0; l < values.length; l++)
                for (int s = 0; s < SAMPLES; s++)
                    if (values[l][s * WIDTH + unit] >= thresholds[i]) {
                        all++;
                        positive += l == language ? 1 : 0;
                    }
            double recall = (double) positive / SAMPLES;
            sum += (recall - recallBefore) * positive / all;
            recallBefore = recall;
        }
        return sum;
    }

    private static final Map<HookPoint, float[][]> COLUMNS = new TreeMap<>();

    /** Y. Zhao et al. 2024: ‖(n · mask_k) W_down‖ over the tokens of each sample, with the matrix written out; a neuron must reach ε in every one. */
    @Test
    void plnd() {
        List<SampleScores> samples = samples("contribution");
        HookPoint point = new HookPoint(Site.MLP_NEURON, 2);
        int[] some = {0, 17, 511};
        StoredTensor down = model.weights().layers().get(2).down().weight();
        float[] w = down.floats();
        String text = JsonMapper.shared().readTree(firstLine("zh")).path("text").stringValue();
        int[] all = model.tokenizer().encodeWithBos(text);
        int[] ids = Arrays.copyOf(all, Math.min(all.length, 192));
        Capture capture = Capture.whole(point);
        float[] neurons = model.engine().forward(PackedBatch.of(List.of(ids)),
                new ForwardRequest(ForwardRequest.Output.NONE, List.of(capture), List.of(), null)).captures().get(capture).getFirst();
        for (int unit : some) {
            double squares = 0;
            for (int t = 0; t < ids.length; t++)
                for (int row = 0; row < down.size(0); row++)
                    squares += Math.pow((double) neurons[t * WIDTH + unit] * w[row * WIDTH + unit], 2);
            assertEquals(1, samples.get(1).scores(point, 0)[unit] / Math.sqrt(squares), 1e-5, "f32 sums of 192 squares");
        }
        Map<String, Selection> selections = new Plnd(true, new Budget.Count(100)).select(samples, Set.of(Site.MLP_NEURON));
        SortedMap<String, boolean[]> sets = new TreeMap<>();
        for (SampleScores language : samples) {
            double[] least = new double[LAYERS * WIDTH];
            Arrays.fill(least, Double.MAX_VALUE);
            for (int s = 0; s < SAMPLES; s++)
                for (int layer = 0; layer < LAYERS; layer++)
                    for (int i = 0; i < WIDTH; i++)
                        least[layer * WIDTH + i] = Math.min(least[layer * WIDTH + i],
                                language.scores(new HookPoint(Site.MLP_NEURON, layer), s)[i]);
            double epsilon = Arrays.stream(least).sorted().toArray()[least.length - 100];
            boolean[] set = new boolean[least.length];
            for (int i = 0; i < set.length; i++)
                set[i] = least[i] >= epsilon;
            sets.put(language.language(), set);
        }
        for (String language : LANGUAGES) {
            int[] expected = IntStream.range(0, LAYERS * WIDTH)
                    .filter(i -> sets.get(language)[i] && sets.values().stream().filter(set -> set[i]).count() == 1).toArray();
            assertEquals(UnitLayout.of(model.spec(), Set.of(Site.MLP_NEURON)).mask(expected), selections.get(language).mask());
        }
        samples.forEach(SampleScores::close);
    }

    @Test
    void topAndMargin() {
        List<LanguageStatistics> counts = statistics("count");
        double[][] means = counts.stream().map(language -> language.pooled(moments -> moments.mean())).toArray(double[][]::new);
        Map<String, Selection> top = new TopValues("activation-frequency", false, new Budget.Count(7)).select(counts);
        Map<String, Selection> margin = new ShareMargin("activation-frequency", false, new Budget.Count(7)).select(counts);
        for (int l = 0; l < 3; l++) {
            double[] own = means[l];
            int language = l;
            double[] ahead = IntStream.range(0, own.length).mapToDouble(i -> own[i] / Arrays.stream(own).sum()
                    - IntStream.range(0, 3).filter(k -> k != language).mapToDouble(k -> means[k][i] / Arrays.stream(means[k]).sum()).max()
                            .orElseThrow())
                    .toArray();
            UnitLayout layout = counts.get(l).layout();
            assertEquals(layout.mask(largest(own)), top.get(LANGUAGES.get(l)).mask());
            assertEquals(layout.mask(largest(ahead)), margin.get(LANGUAGES.get(l)).mask());
        }
    }

    private static int[] largest(double[] values) {
        return IntStream.range(0, values.length).boxed().sorted((a, b) -> Double.compare(values[b], values[a])).limit(7).mapToInt(i -> i)
                .sorted()
                .toArray();
    }

    private static List<SampleScores> samples(String name) {
        return LANGUAGES.stream().map(language -> SampleScores.open(SampleScores.in(folder.resolve(name), language))).toList();
    }
}
