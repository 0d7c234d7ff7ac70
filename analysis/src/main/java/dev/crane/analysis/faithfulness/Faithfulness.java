package dev.crane.analysis.faithfulness;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.IntStream;

import dev.crane.analysis.Fingerprint;
import dev.crane.analysis.ModelIdentity;
import dev.crane.analysis.Progress;
import dev.crane.analysis.collect.Quantity;
import dev.crane.analysis.corpus.Choice;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.corpus.Sample;
import dev.crane.analysis.corpus.Tokenization;
import dev.crane.analysis.evaluate.Condition;
import dev.crane.analysis.evaluate.RequestScorer;
import dev.crane.analysis.evaluate.ScoreLog;
import dev.crane.analysis.evaluate.TokenRequest;
import dev.crane.analysis.faithfulness.LanguageFaithfulness.Agreement;
import dev.crane.analysis.faithfulness.LanguageFaithfulness.Area;
import dev.crane.analysis.faithfulness.LanguageFaithfulness.UnitEffect;
import dev.crane.analysis.identify.Selection;
import dev.crane.analysis.identify.ShareMargin;
import dev.crane.analysis.mask.UnitLayout;
import dev.crane.analysis.metric.Correlation;
import dev.crane.analysis.metric.PairedBootstrap;
import dev.crane.analysis.metric.SampleMean;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.engine.CraneException;
import dev.crane.engine.CraneVersion;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.RelevanceResult;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;
import dev.crane.engine.statistic.Moments;
import dev.crane.models.CausalLanguageModel;
import dev.crane.models.random.SplitMix64;

/**
 * Measures whether relevance predicts what masking does to a model, language by language: (a) the negative log-likelihood of its held-out text while units are
 * deleted (set to zero), or alone kept, in the order of their relevance, their activation, or at random; (b) of sampled units, the rise that zeroing each alone causes,
 * against what relevance on the same text predicts.
 *
 * <p>Every mask of a language goes through the model in packed batches, beside others. All scores are kept in a log; a run that was killed goes on from there.
 */
public final class Faithfulness {
    private static final PairedBootstrap BOOTSTRAP = new PairedBootstrap(1000, 0.95, 42);
    private static final String ACTIVATION = "activation.mean-abs";

    private final CausalLanguageModel model;
    private final String name;
    private final FaithfulnessSettings settings;
    private final Quantity.Relevance quantity;
    private final Path logs;
    private final int tokenBudget;
    private final Progress progress;

    /**
     * A run of one model.
     *
     * @param name what results call the model
     * @param quantity the relevance that units are ordered by; its rule and target are what is compared with measured ablation
     * @param logs folder of the scores, {@code LANG.scores.jsonl}
     * @param tokenBudget most tokens in a batch
     */
    public Faithfulness(CausalLanguageModel model, String name, FaithfulnessSettings settings, Quantity.Relevance quantity, Path logs,
            int tokenBudget, Progress progress) {
        this.model = model;
        this.name = name;
        this.settings = settings;
        this.quantity = quantity;
        this.logs = logs;
        this.tokenBudget = tokenBudget;
        this.progress = progress;
    }

    /**
     * Measures every language that has held-out text.
     *
     * @param relevance statistics of relevance of all languages, comparable, of the units of the pool
     * @param activations statistics of mean absolute activations of the same units, by language; empty: no order by activation
     * @param heldout texts by language
     */
    public List<LanguageFaithfulness> run(List<LanguageStatistics> relevance, Map<String, LanguageStatistics> activations,
            SequencedMap<String, Corpus> heldout) {
        Map<String, double[]> margins = new HashMap<>();
        if (relevance.size() > 1)
            ShareMargin.CRANE.select(relevance).forEach((language, selection) -> margins.put(language, margin(selection)));
        Map<String, Texts> texts = new LinkedHashMap<>();
        heldout.forEach((language, corpus) -> texts.put(language, texts(corpus))); // a bad text is told before the model has run for an hour
        List<LanguageFaithfulness> results = new ArrayList<>();
        for (LanguageStatistics language : relevance)
            if (texts.containsKey(language.language()))
                results.add(language(language, margins.get(language.language()), activations.get(language.language()),
                        texts.get(language.language())));
        return results;
    }

    private static double[] margin(Selection selection) {
        return selection.values(selection.ranking());
    }

    /** Held-out texts, each one request that scores all tokens but the first. */
    private record Texts(List<TokenRequest> requests, int tokens) {}

    private Texts texts(Corpus corpus) {
        Tokenization tokenization = new Tokenization(model.hasTokenizer() ? model.tokenizer() : null, model.spec().vocabulary(),
                Math.min(settings.maxTokens(), model.spec().maxPositions()));
        List<TokenRequest> requests = new ArrayList<>();
        for (Sample sample : corpus.samples(Choice.first(settings.documents()), tokenization).samples()) {
            String origin = corpus.file() + ": line " + (sample.line() + 1);
            if (sample.ids().length < 2)
                throw new CraneException(origin + " is a single token: nothing in it can be predicted; leave it out");
            requests.add(new TokenRequest(sample.ids(), 1, origin));
        }
        return new Texts(requests, requests.stream().mapToInt(TokenRequest::scored).sum());
    }

    /** What one language's masks are, by pooled indices of the units that are set to zero, each with a name for messages. */
    private static final class Plan {
        final List<String> names = new ArrayList<>();
        final List<int[]> zeroed = new ArrayList<>();

        int add(String named, int[] units) {
            names.add(named);
            zeroed.add(units);
            return zeroed.size() - 1;
        }
    }

    private LanguageFaithfulness language(LanguageStatistics statistics, double[] margin, LanguageStatistics activations, Texts texts) {
        UnitLayout layout = statistics.layout();
        int pool = layout.units();
        List<UnitOrder> orders = new ArrayList<>();
        if (margin != null)
            orders.add(UnitOrder.descending(UnitOrder.MARGIN, margin));
        orders.add(UnitOrder.descending(UnitOrder.RELEVANCE, statistics.pooled(Moments::absMean)));
        double[] activation = activations == null ? null : activations.pooled(Moments::mean);
        if (activation != null)
            orders.add(UnitOrder.descending(UnitOrder.ACTIVATION, activation));
        for (int number = 1; number <= settings.randomOrders(); number++)
            orders.add(UnitOrder.random(pool, settings.seed(), number));
        int[] grid = grid(pool);
        int[] sampled = sample(pool);

        Plan plan = new Plan();
        int none = plan.add("unmasked", new int[0]);
        int all = plan.add("every unit", IntStream.range(0, pool).toArray());
        int[][][] conditions = new int[orders.size()][grid.length][];
        for (int o = 0; o < orders.size(); o++)
            for (int k = 0; k < grid.length; k++) {
                UnitOrder order = orders.get(o);
                String named = order.name() + " " + order.seed() + " ";
                conditions[o][k] = grid[k] == 0
                        ? new int[]{none, all}
                        : grid[k] == pool
                                ? new int[]{all, none}
                                : new int[]{plan.add(named + "without " + grid[k], order.first(grid[k])),
                                        plan.add(named + "only " + grid[k], order.rest(grid[k]))};
            }
        int firstSampled = plan.zeroed.size();
        for (int unit : sampled)
            plan.add(layout.point(unit) + " " + layout.unit(unit), new int[]{unit});

        double[] nats = score(statistics.language(), layout, plan, texts);
        List<OrderCurve> curves = new ArrayList<>();
        for (int o = 0; o < orders.size(); o++) {
            int[][] of = conditions[o];
            curves.add(new OrderCurve(orders.get(o).name(), orders.get(o).seed(), grid,
                    Arrays.stream(of).mapToDouble(c -> nats[c[0]]).toArray(),
                    Arrays.stream(of).mapToDouble(c -> nats[c[1]]).toArray()));
        }
        SequencedMap<String, double[]> predictions = sampled.length == 0 ? new LinkedHashMap<>() : predictions(layout, texts);
        if (activation != null && sampled.length > 0)
            predictions.put(ACTIVATION, activation);
        List<UnitEffect> effects = new ArrayList<>();
        for (int i = 0; i < sampled.length; i++) {
            int unit = sampled[i];
            effects.add(new UnitEffect(layout.point(unit), layout.unit(unit), nats[firstSampled + i] - nats[none],
                    predictions.values().stream().map(values -> values[unit]).toList()));
        }
        return new LanguageFaithfulness(name, statistics.language(), pool, texts.tokens, nats[none], nats[all], curves,
                areas(curves, nats[none], nats[all]), effects, agreements(List.copyOf(predictions.keySet()), effects));
    }

    /** 0, then the number of units at each fraction: the nearest, at least one. */
    private int[] grid(int pool) {
        TreeSet<Integer> grid = new TreeSet<>(Set.of(0));
        for (double fraction : settings.fractions())
            grid.add((int) Math.max(1, Math.round(fraction * pool)));
        return grid.stream().mapToInt(Integer::intValue).toArray();
    }

    private int[] sample(int pool) {
        int[] sampled = SplitMix64.named(settings.seed(), "sampled").sample(Math.min(settings.sampled(), pool), pool);
        Arrays.sort(sampled);
        return sampled;
    }

    /** Where the scores of a language are kept. */
    public static Path log(Path logs, String language) {
        return logs.resolve(language + ".scores.jsonl");
    }

    /** Nats a token of every mask; what the log holds already is not computed again. */
    private double[] score(String language, UnitLayout layout, Plan plan, Texts texts) {
        Fingerprint inputs = new Fingerprint().add("version", CraneVersion.get()).add("backend", model.engine().backend().name())
                .add("model", ModelIdentity.of(model).hash());
        texts.requests.forEach(request -> inputs.add("text", Arrays.toString(request.ids())));
        inputs.add("units", layout.widths().keySet());
        plan.zeroed.forEach(units -> inputs.add("zeroed", Arrays.toString(units)));
        int count = texts.requests.size();
        ScoreLog log = ScoreLog.open(log(logs, language), inputs.hex(), Math.multiplyExact(count, plan.zeroed.size()));
        List<Integer> missing = new ArrayList<>();
        List<RequestScorer.Work> works = new ArrayList<>();
        for (int c = 0; c < plan.zeroed.size(); c++) {
            int first = c * count;
            if (IntStream.range(first, first + count).allMatch(log::has))
                continue;
            missing.add(c);
            Condition condition = plan.zeroed.get(c).length == 0
                    ? Condition.UNMASKED
                    : new Condition(plan.names.get(c), layout.mask(plan.zeroed.get(c)).toInterventionSet(plan.names.get(c)));
            works.add(new RequestScorer.Work(condition, texts.requests, ScoreLog.inMemory(count)));
        }
        String stage = "faithfulness " + language;
        if (works.isEmpty())
            progress.note(stage + ": all there");
        else
            new RequestScorer(model.engine(), tokenBudget).score(works, w -> {
                int first = missing.get(w) * count;
                log.add(IntStream.range(first, first + count).toArray(), works.get(w).log().all());
            }, stage, log.known(), progress);
        double[] nats = new double[plan.zeroed.size()];
        for (int c = 0; c < nats.length; c++) {
            double sum = 0;
            for (int d = 0; d < count; d++)
                sum -= log.get(c * count + d).logprob();
            nats[c] = sum / texts.tokens;
        }
        return nats;
    }

    /**
     * What zeroing each unit would do to the mean log-likelihood of a token if relevance were right: the mean of the unit's relevance over the same tokens, for the
     * rule and target that units are ordered by, the same rule on log-probabilities, and the plain gradient on log-probabilities, whose activation × gradient is the
     * first-order effect of zeroing.
     */
    private SequencedMap<String, double[]> predictions(UnitLayout layout, Texts texts) {
        SequencedMap<String, double[]> predictions = new LinkedHashMap<>();
        for (Quantity.Relevance one : List.of(new Quantity.Relevance(quantity.rule(), quantity.target(), Score.RELEVANCE),
                new Quantity.Relevance(quantity.rule(), new Target.MeanLogprob(), Score.RELEVANCE),
                new Quantity.Relevance(Rule.GRADIENT, new Target.MeanLogprob(), Score.RELEVANCE)))
            predictions.computeIfAbsent(one.label(), label -> relevance(one, layout, texts));
        return predictions;
    }

    private double[] relevance(Quantity.Relevance one, UnitLayout layout, Texts texts) {
        Set<Site> sites = new TreeSet<>();
        layout.widths().keySet().forEach(point -> sites.add(point.site()));
        double[] sums = new double[layout.units()];
        for (int from = 0; from < texts.requests.size();) {
            int to = from;
            long size = 0;
            while (to < texts.requests.size() && (to == from || size + texts.requests.get(to).ids().length <= tokenBudget))
                size += texts.requests.get(to++).ids().length;
            List<TokenRequest> batch = texts.requests.subList(from, to);
            RelevanceResult result = model.engine().relevance(PackedBatch.of(batch.stream().map(TokenRequest::ids).toList()),
                    RelevanceRequest.of(one.rule(), one.target(), Set.of(Score.RELEVANCE), sites));
            Map<HookPoint, List<float[]>> scores = result.scores().get(Score.RELEVANCE);
            for (HookPoint point : layout.widths().keySet())
                for (int b = 0; b < batch.size(); b++) {
                    float[] values = scores.get(point).get(b);
                    for (int unit = 0; unit < values.length; unit++)
                        sums[layout.start(point) + unit] += values[unit] * (double) batch.get(b).scored();
                }
            from = to;
        }
        return Arrays.stream(sums).map(sum -> sum / texts.tokens).toArray();
    }

    private static List<Area> areas(List<OrderCurve> curves, double none, double all) {
        List<OrderCurve> random = curves.stream().filter(curve -> curve.order().equals(UnitOrder.RANDOM)).toList();
        double[] deletion = OrderCurve.mean(random, false);
        double[] insertion = OrderCurve.mean(random, true);
        List<Area> areas = new ArrayList<>();
        for (OrderCurve curve : curves)
            if (!random.contains(curve))
                areas.add(new Area(curve.order(), curve.areaBetween(deletion, false, none, all),
                        curve.areaBetween(insertion, true, none, all),
                        Double.NaN, Double.NaN));
        areas.add(new Area(UnitOrder.RANDOM, 0, 0,
                sd(random.stream().mapToDouble(curve -> curve.areaBetween(deletion, false, none, all)).toArray()),
                sd(random.stream().mapToDouble(curve -> curve.areaBetween(insertion, true, none, all)).toArray())));
        return areas;
    }

    private static double sd(double[] values) {
        return SampleMean.of(values).deviation();
    }

    private static List<Agreement> agreements(List<String> names, List<UnitEffect> effects) {
        double[] measured = effects.stream().mapToDouble(UnitEffect::measured).toArray();
        List<Agreement> agreements = new ArrayList<>();
        for (int p = 0; p < names.size(); p++) {
            int at = p;
            double[] predicted = effects.stream().mapToDouble(effect -> effect.predicted().get(at)).toArray();
            agreements.add(new Agreement(names.get(p), estimate(Correlation::pearson, predicted, measured),
                    estimate(Correlation::spearman, predicted, measured)));
        }
        return agreements;
    }

    private static PairedBootstrap.Estimate estimate(ToDoubleBiFunction<double[], double[]> correlation, double[] x, double[] y) {
        return Correlation.estimate(correlation, x, y, BOOTSTRAP);
    }
}
