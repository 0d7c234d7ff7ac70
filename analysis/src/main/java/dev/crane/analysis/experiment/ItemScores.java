package dev.crane.analysis.experiment;

import java.util.List;

import dev.crane.analysis.evaluate.DocumentResult;
import dev.crane.analysis.evaluate.Measurement;
import dev.crane.analysis.evaluate.Metric;

/**
 * What a text or task gave, item by item: the values that its intervals are drawn from. Two conditions compare by Σ (after − before) / Σ weight.
 *
 * @param language the language it is about
 * @param metric as in the column {@code metric} of the tables
 * @param kind what the values are
 * @param values one an item: of a mean what the item adds to it, else the negative log-likelihood in nats, so that more is worse
 * @param weights what each item counts
 */
record ItemScores(String language, String metric, Kind kind, double[] values, double[] weights) {
    /** What is measured. */
    enum Kind {
        /** Negative log-likelihood of held-out texts, by which selectivity goes. */
        TEXTS,
        /** A task's mean, by which LangSpec-F1 goes. */
        MEAN,
        /** A task's negative log-likelihood. */
        LIKELIHOOD
    }

    static List<ItemScores> of(Evaluated evaluated) {
        return evaluated.measurements().stream().map(ItemScores::of).toList();
    }

    private static ItemScores of(Measurement measurement) {
        if (measurement instanceof Measurement.Texts texts)
            return new ItemScores(texts.language(), ResultTables.PERPLEXITY, Kind.TEXTS,
                    texts.documents().stream().mapToDouble(document -> -document.logprob()).toArray(),
                    texts.documents().stream().mapToDouble(DocumentResult::tokens).toArray());
        Metric metric = ResultTables.accuracy(measurement).orElse(measurement.about().metrics().getFirst());
        List<Metric.Value> items = ResultTables.values(measurement, metric);
        double sign = metric.higherIsBetter() ? 1 : -1;
        return new ItemScores(measurement.language(), ResultTables.metric(measurement, metric),
                metric.higherIsBetter() ? Kind.MEAN : Kind.LIKELIHOOD, items.stream().mapToDouble(item -> sign * item.sum()).toArray(),
                items.stream().mapToDouble(Metric.Value::weight).toArray());
    }

    /** The mean of the items drawn. */
    double mean(int[] drawn) {
        double sum = 0;
        double weight = 0;
        for (int i : drawn) {
            sum += values[i];
            weight += weights[i];
        }
        return sum / weight;
    }

    /** Item by item the mean over several conditions, such as the seeds of a random control, of the same texts or items. */
    static ItemScores mean(List<ItemScores> conditions) {
        ItemScores first = conditions.getFirst();
        double[] means = new double[first.values.length];
        for (ItemScores condition : conditions)
            for (int i = 0; i < means.length; i++)
                means[i] += condition.values[i] / conditions.size();
        return new ItemScores(first.language, first.metric, first.kind, means, first.weights);
    }
}
