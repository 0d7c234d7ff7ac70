package dev.crane.analysis.experiment;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

import dev.crane.analysis.Progress;
import dev.crane.analysis.collect.Quantity;
import dev.crane.analysis.corpus.Choice;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.corpus.Sample;
import dev.crane.analysis.corpus.Tokenization;
import dev.crane.analysis.explain.Explanation;
import dev.crane.analysis.report.ReportData;
import dev.crane.analysis.report.ReportData.Example;
import dev.crane.analysis.report.ReportData.Token;
import dev.crane.analysis.report.ReportData.TopUnit;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.decoder.FusedRows;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.hook.Capture;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.relevance.Score;
import dev.crane.models.CausalLanguageModel;

/**
 * What each token of the samples that drive the units of a selection gives to their scores there: value × modified gradient at the token where the method looks at
 * relevance, so that the tokens' sum is the unit's score of the sample; the unit's value where it looks at activations. Nothing is given for row gradients and for rows that
 * are stored together with those of other projections. One forward pass over each such sample, and one relevance pass for each rule and target.
 */
final class UnitTokens {
    private static final String STAGE = "top units";

    private final CausalLanguageModel model;
    private final ScoreSettings settings;
    private final Map<String, Quantity> quantities;
    private final Progress progress;

    /** @param quantities what each method looks at, by its label */
    UnitTokens(CausalLanguageModel model, ScoreSettings settings, Map<String, Quantity> quantities, Progress progress) {
        this.model = model;
        this.settings = settings;
        this.quantities = quantities;
        this.progress = progress;
    }

    /** What is asked of one sample: a unit's values at its tokens, times the gradient of a pass unless that is null. */
    private record Wanted(Quantity.Relevance pass, HookPoint point, int unit) {}

    /** The selections, all of this model, with the tokens of their examples. */
    List<ReportData.Selection> in(List<ReportData.Selection> selections, Map<String, Corpus> corpora) {
        if (!model.hasTokenizer())
            return selections;
        Map<String, Map<Long, Set<Wanted>>> byLanguage = new LinkedHashMap<>();
        for (ReportData.Selection selection : selections)
            for (TopUnit unit : selection.top())
                for (Example example : unit.examples())
                    wanted(selection.method(), unit)
                            .forEach(wanted -> byLanguage.computeIfAbsent(selection.language(), l -> new TreeMap<>())
                                    .computeIfAbsent(example.line(), l -> new LinkedHashSet<>()).add(wanted));
        int total = byLanguage.values().stream().mapToInt(Map::size).sum();
        int done = 0;
        long begin = System.nanoTime();
        Map<String, Map<Long, List<String>>> texts = new HashMap<>();
        Map<String, Map<Long, Map<Wanted, float[]>>> values = new HashMap<>();
        for (Map.Entry<String, Map<Long, Set<Wanted>>> language : byLanguage.entrySet()) {
            Map<Long, int[]> samples = samples(corpora.get(language.getKey()));
            for (Map.Entry<Long, Set<Wanted>> line : language.getValue().entrySet()) {
                int[] ids = samples.get(line.getKey());
                if (ids != null) {
                    texts.computeIfAbsent(language.getKey(), l -> new HashMap<>()).put(line.getKey(),
                            Explanation.texts(model.tokenizer(), ids));
                    values.computeIfAbsent(language.getKey(), l -> new HashMap<>()).put(line.getKey(), values(ids, line.getValue()));
                }
                progress.report(new Progress.Step(STAGE, ++done, total, "texts", 0, (System.nanoTime() - begin) / 1e9));
            }
        }
        return selections.stream().map(selection -> with(selection, unit -> example -> {
            List<Wanted> wanted = wanted(selection.method(), unit);
            Map<Wanted, float[]> line = values.getOrDefault(selection.language(), Map.of()).get(example.line());
            return wanted.isEmpty() || line == null
                    ? List.of()
                    : tokens(texts.get(selection.language()).get(example.line()), line.get(wanted.getFirst()));
        })).toList();
    }

    /** One, or none where tokens give nothing that could be told. */
    private List<Wanted> wanted(String method, TopUnit unit) {
        Quantity quantity = quantities.get(method);
        boolean noSum = quantity instanceof Quantity.Relevance relevance && relevance.score() != Score.RELEVANCE;
        if (noSum || FusedRows.isFused(unit.point().site()))
            return List.of();
        return List.of(new Wanted(quantity instanceof Quantity.Relevance relevance ? relevance : null, unit.point(), unit.unit()));
    }

    private Map<Long, int[]> samples(Corpus corpus) {
        Tokenization tokenization = new Tokenization(model.tokenizer(), model.spec().vocabulary(),
                Math.min(settings.maxTokens(), model.spec().maxPositions()));
        Map<Long, int[]> samples = new HashMap<>();
        for (Sample sample : corpus.samples(Choice.seeded(settings.samples(), settings.seed()), tokenization).samples())
            samples.put((long) sample.line(), sample.ids());
        return samples;
    }

    private Map<Wanted, float[]> values(int[] ids, Set<Wanted> wanted) {
        PackedBatch batch = PackedBatch.of(List.of(ids));
        List<Capture> captures = wanted.stream().map(Wanted::point).distinct().map(Capture::whole).toList();
        Map<Capture, List<float[]>> captured = model.engine().forward(batch, new ForwardRequest(Output.NONE, captures, List.of(), null))
                .captures();
        Map<Quantity.Relevance, Set<HookPoint>> passes = new LinkedHashMap<>();
        for (Wanted one : wanted)
            if (one.pass != null)
                passes.computeIfAbsent(one.pass, p -> new LinkedHashSet<>()).add(one.point);
        Map<Quantity.Relevance, Map<HookPoint, List<float[]>>> gradients = new HashMap<>();
        passes.forEach((pass, points) -> gradients.put(pass, model.engine()
                .relevance(batch, new RelevanceRequest(pass.rule(), pass.target(), Set.of(), Set.of(), points, false, List.of(), null))
                .gradients()));
        Map<Wanted, float[]> values = new HashMap<>();
        for (Wanted one : wanted) {
            float[] all = captured.get(Capture.whole(one.point)).getFirst();
            int width = all.length / ids.length;
            float[] ofTokens = new float[ids.length];
            float[] gradient = one.pass == null ? null : gradients.get(one.pass).get(one.point).getFirst();
            for (int t = 0; t < ids.length; t++)
                ofTokens[t] = all[t * width + one.unit] * (gradient == null ? 1 : gradient[t * width + one.unit]);
            values.put(one, ofTokens);
        }
        return values;
    }

    private static List<Token> tokens(List<String> texts, float[] values) {
        return IntStream.range(0, values.length).mapToObj(t -> new Token(texts.get(t), values[t])).toList();
    }

    private interface OfUnit {
        OfExample of(TopUnit unit);
    }

    private interface OfExample {
        List<Token> of(Example example);
    }

    private static ReportData.Selection with(ReportData.Selection selection, OfUnit tokens) {
        List<TopUnit> top = new ArrayList<>();
        for (TopUnit unit : selection.top())
            top.add(new TopUnit(unit.point(), unit.unit(), unit.value(), unit.examples().stream()
                    .map(example -> new Example(example.line(), example.score(), example.text(), tokens.of(unit).of(example))).toList()));
        return new ReportData.Selection(selection.model(), selection.method(), selection.language(), selection.units(),
                selection.unitsInAll(),
                selection.histogram(), top);
    }
}
