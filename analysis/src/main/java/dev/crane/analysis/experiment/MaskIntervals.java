package dev.crane.analysis.experiment;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import dev.crane.analysis.experiment.ItemScores.Kind;
import dev.crane.analysis.experiment.ResultTables.IntervalRow;
import dev.crane.analysis.metric.LangSpecF1;
import dev.crane.analysis.metric.PairedBootstrap;
import dev.crane.analysis.metric.PairedBootstrap.Estimate;
import dev.crane.analysis.metric.Selectivity;

/**
 * How sure the numbers of a mask are: the change of every text and task, the mask's selectivity over the documents and its LangSpec-F1 over the items, each
 * against the unmasked model and against a random control. The items of each language are drawn again on their own, those of one item staying together over
 * all conditions; the control is the mean over its seeds.
 */
final class MaskIntervals {
    private static final PairedBootstrap BOOTSTRAP = PairedBootstrap.DEFAULT;

    private final String model;
    private final MaskKey key;
    private final LangSpecF1.Options options;
    private final List<ItemScores> unmasked;
    private final List<ItemScores> masked;

    /** @param options how LangSpec-F1 is computed */
    MaskIntervals(String model, MaskKey key, LangSpecF1.Options options, List<ItemScores> unmasked, List<ItemScores> masked) {
        this.model = model;
        this.key = key;
        this.options = options;
        this.unmasked = unmasked;
        this.masked = masked;
    }

    /** Against the unmasked model. What is no change has no p-value: zero is not what it would be if the mask did nothing. */
    List<IntervalRow> rows() {
        List<IntervalRow> rows = new ArrayList<>(changes(ResultTables.UNMASKED, unmasked));
        for (Summary summary : summaries()) {
            List<ItemScores> before = of(summary.kind, unmasked);
            List<ItemScores> after = of(summary.kind, masked);
            Estimate estimate = BOOTSTRAP.estimate(sizes(after), drawn -> summary.statistic.of(before, after, drawn));
            rows.add(row(key.mask(), summary.metric, ResultTables.UNMASKED,
                    new Estimate(estimate.value(), estimate.low(), estimate.high(), Double.NaN)));
        }
        return rows;
    }

    /**
     * Against a random control.
     *
     * @param control its label
     * @param seeds its measurements, one for each seed
     */
    List<IntervalRow> against(String control, List<List<ItemScores>> seeds) {
        List<ItemScores> means = new ArrayList<>();
        for (int i = 0; i < masked.size(); i++) {
            int index = i;
            means.add(ItemScores.mean(seeds.stream().map(seed -> seed.get(index)).toList()));
        }
        List<IntervalRow> rows = new ArrayList<>(changes(control, means));
        for (Summary summary : summaries()) {
            List<ItemScores> before = of(summary.kind, unmasked);
            List<ItemScores> after = of(summary.kind, masked);
            List<List<ItemScores>> random = seeds.stream().map(seed -> of(summary.kind, seed)).toList();
            rows.add(row(key.mask(), summary.metric, control, BOOTSTRAP.estimate(sizes(after), drawn -> {
                double mean = 0;
                for (List<ItemScores> seed : random)
                    mean += summary.statistic.of(before, seed, drawn) / random.size();
                return summary.statistic.of(before, after, drawn) - mean;
            })));
        }
        return rows;
    }

    private List<IntervalRow> changes(String against, List<ItemScores> before) {
        List<IntervalRow> rows = new ArrayList<>();
        for (int i = 0; i < masked.size(); i++) {
            ItemScores after = masked.get(i);
            rows.add(row(after.language(), after.metric(), against,
                    BOOTSTRAP.ratioDifference(before.get(i).values(), after.values(), after.weights())));
        }
        return rows;
    }

    private IntervalRow row(String language, String metric, String against, Estimate estimate) {
        return new IntervalRow(model, key, language, metric, against, estimate, Double.NaN);
    }

    private interface Statistic {
        double of(List<ItemScores> before, List<ItemScores> after, int[][] drawn);
    }

    /** A number about a mask as a whole, from what is of one kind. */
    private record Summary(String metric, Kind kind, Statistic statistic) {}

    /** What can be computed: both need the mask's own language and another one. */
    private List<Summary> summaries() {
        List<Summary> summaries = new ArrayList<>();
        if (compares(Kind.TEXTS))
            summaries.add(new Summary(ResultTables.SELECTIVITY, Kind.TEXTS, this::selectivity));
        if (compares(Kind.MEAN))
            summaries.add(new Summary(ResultTables.LANGSPEC_F1, Kind.MEAN, this::langSpecF1));
        return summaries;
    }

    private boolean compares(Kind kind) {
        List<String> languages = of(kind, masked).stream().map(ItemScores::language).distinct().toList();
        return languages.size() > 1 && languages.contains(key.mask());
    }

    private static int[] sizes(List<ItemScores> all) {
        return all.stream().mapToInt(one -> one.values().length).toArray();
    }

    private static List<ItemScores> of(Kind kind, List<ItemScores> all) {
        return all.stream().filter(one -> one.kind() == kind).toList();
    }

    private double selectivity(List<ItemScores> before, List<ItemScores> after, int[][] drawn) {
        Map<String, Double> rises = new HashMap<>();
        for (int g = 0; g < drawn.length; g++)
            rises.put(after.get(g).language(), after.get(g).mean(drawn[g]) - before.get(g).mean(drawn[g]));
        return Selectivity.of(key.mask(), rises);
    }

    private double langSpecF1(List<ItemScores> before, List<ItemScores> after, int[][] drawn) {
        Map<String, double[]> sums = new TreeMap<>();
        for (int g = 0; g < drawn.length; g++) {
            double[] sum = sums.computeIfAbsent(after.get(g).language(), l -> new double[3]);
            sum[0] += before.get(g).mean(drawn[g]);
            sum[1] += after.get(g).mean(drawn[g]);
            sum[2]++;
        }
        Map<String, Double> unmaskedMeans = new HashMap<>();
        Map<String, Double> maskedMeans = new HashMap<>();
        sums.forEach((language, sum) -> {
            unmaskedMeans.put(language, sum[0] / sum[2]);
            maskedMeans.put(language, sum[1] / sum[2]);
        });
        return LangSpecF1.of(key.mask(), unmaskedMeans, maskedMeans, options).f();
    }
}
