package dev.crane.analysis.experiment;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import dev.crane.analysis.evaluate.Measurement;
import dev.crane.analysis.metric.LangSpecF1;
import dev.crane.analysis.metric.PairedBootstrap;
import dev.crane.analysis.metric.Selectivity;

/** How sure the summary of a mask is: its selectivity over the documents, its LangSpec-F1 over the items, each language's drawn again on their own. */
final class MaskIntervals {
    private static final PairedBootstrap BOOTSTRAP = PairedBootstrap.DEFAULT;

    private final String model;
    private final MaskKey key;
    private final List<Group> texts = new ArrayList<>();
    private final List<Group> tasks = new ArrayList<>();

    /** What one text or task of a language gave: a value an item before and after, and the item's weight. */
    private record Group(String language, double[] before, double[] after, double[] weights) {
        double mean(double[] values, int[] drawn) {
            double sum = 0;
            double weight = 0;
            for (int i : drawn) {
                sum += values[i];
                weight += weights[i];
            }
            return sum / weight;
        }
    }

    MaskIntervals(String model, Evaluated masked, Evaluated unmasked) {
        this.model = model;
        this.key = masked.key();
        for (Measurement measurement : masked.measurements()) {
            Measurement base = unmasked.like(measurement).orElseThrow();
            switch (measurement) {
                case Measurement.Texts after -> texts.add(new Group(after.language(), ResultTables.nats((Measurement.Texts) base),
                        ResultTables.nats(after), ResultTables.tokens(after)));
                case Measurement.Choices after -> addTask(base, after);
                case Measurement.Scored after -> addTask(base, after);
            }
        }
    }

    private void addTask(Measurement before, Measurement after) {
        ResultTables.accuracy(after).ifPresent(metric -> tasks.add(new Group(after.language(), ResultTables.sums(before, metric),
                ResultTables.sums(after, metric), ResultTables.weights(after, metric))));
    }

    /** Intervals of what can be computed: both need the mask's own language and another one. */
    List<ResultTables.IntervalRow> rows() {
        List<ResultTables.IntervalRow> rows = new ArrayList<>();
        if (compares(texts))
            rows.add(row("selectivity", texts, this::selectivity));
        if (compares(tasks))
            rows.add(row("langspec_f1", tasks, this::langSpecF1));
        return rows;
    }

    private boolean compares(List<Group> groups) {
        List<String> languages = groups.stream().map(Group::language).distinct().toList();
        return languages.size() > 1 && languages.contains(key.mask());
    }

    private interface Statistic {
        double of(int[][] drawn);
    }

    private ResultTables.IntervalRow row(String metric, List<Group> groups, Statistic statistic) {
        PairedBootstrap.Estimate estimate = BOOTSTRAP.estimate(groups.stream().mapToInt(group -> group.before.length).toArray(),
                statistic::of);
        // Zero is not what either would be if the mask did nothing, so its p-value says nothing.
        return new ResultTables.IntervalRow(model, key, key.mask(), metric,
                new PairedBootstrap.Estimate(estimate.value(), estimate.low(), estimate.high(), Double.NaN));
    }

    private double selectivity(int[][] drawn) {
        Map<String, Double> rises = new HashMap<>();
        for (int g = 0; g < drawn.length; g++) {
            Group group = texts.get(g);
            rises.put(group.language, group.mean(group.after, drawn[g]) - group.mean(group.before, drawn[g]));
        }
        return Selectivity.of(key.mask(), rises);
    }

    private double langSpecF1(int[][] drawn) {
        Map<String, double[]> sums = new TreeMap<>();
        for (int g = 0; g < drawn.length; g++) {
            Group group = tasks.get(g);
            double[] sum = sums.computeIfAbsent(group.language, l -> new double[3]);
            sum[0] += group.mean(group.before, drawn[g]);
            sum[1] += group.mean(group.after, drawn[g]);
            sum[2]++;
        }
        Map<String, Double> before = new HashMap<>();
        Map<String, Double> after = new HashMap<>();
        sums.forEach((language, sum) -> {
            before.put(language, sum[0] / sum[2]);
            after.put(language, sum[1] / sum[2]);
        });
        return LangSpecF1.of(key.mask(), before, after, LangSpecF1.Options.DEFAULT).f();
    }
}
