package dev.crane.analysis.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import dev.crane.analysis.evaluate.Metric;
import dev.crane.analysis.metric.LangSpecF1;
import dev.crane.analysis.report.ReportData.Measurement;

/** The mean accuracy of each language's tasks, with and without each mask, from {@code matrix.csv}; LangSpec-F1 is of these. */
final class TaskScores {
    /** A mask on a model. */
    record Key(String model, String method, String mask, String seed) {}

    /** Mean accuracies by language. */
    private record Scores(Map<String, List<Double>> unmasked, Map<String, List<Double>> masked) {}

    private final Map<Key, Scores> scores = new LinkedHashMap<>();

    TaskScores(List<Measurement> matrix) {
        Map<List<String>, String> firstMetrics = new LinkedHashMap<>();
        for (Measurement m : matrix) {
            int dot = m.metric().lastIndexOf('.');
            if (dot < 0 || !Metric.of(m.metric().substring(dot + 1)).map(Metric::higherIsBetter).orElse(false))
                continue;
            // A task counts by the first of its metrics that is a mean.
            String first = firstMetrics.computeIfAbsent(List.of(m.model(), m.language(), m.metric().substring(0, dot)), t -> m.metric());
            if (!m.metric().equals(first) || m.mask().isEmpty())
                continue;
            Scores of = scores.computeIfAbsent(new Key(m.model(), m.method(), m.mask(), m.seed()),
                    key -> new Scores(new TreeMap<>(), new TreeMap<>()));
            of.unmasked.computeIfAbsent(m.language(), l -> new ArrayList<>()).add(m.unmasked());
            of.masked.computeIfAbsent(m.language(), l -> new ArrayList<>()).add(m.value());
        }
    }

    List<Key> keys() {
        return List.copyOf(scores.keySet());
    }

    /** Whether any task was measured. */
    boolean isEmpty() {
        return scores.isEmpty();
    }

    /** What the mask takes from the mean accuracy of a language's tasks; negative for a gain, NaN where it has none. */
    double drop(Key key, String language) {
        Scores of = scores.get(key);
        return of == null || !of.masked.containsKey(language)
                ? Double.NaN
                : mean(of.unmasked.get(language)) - mean(of.masked.get(language));
    }

    /** LangSpec-F1 of a mask; null where the tasks of its own language or of others were not measured. */
    LangSpecF1 f1(Key key, LangSpecF1.Options options) {
        Scores of = scores.get(key);
        if (of == null || !of.masked.containsKey(key.mask()) || of.masked.size() < 2)
            return null;
        return LangSpecF1.of(key.mask(), means(of.unmasked), means(of.masked), options);
    }

    private static Map<String, Double> means(Map<String, List<Double>> all) {
        Map<String, Double> means = new TreeMap<>();
        all.forEach((language, values) -> means.put(language, mean(values)));
        return means;
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }
}
