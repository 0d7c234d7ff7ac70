package dev.crane.analysis.experiment;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

import dev.crane.analysis.evaluate.DocumentResult;
import dev.crane.analysis.evaluate.Measurement;
import dev.crane.analysis.evaluate.Metric;
import dev.crane.analysis.evaluate.Perplexity;
import dev.crane.analysis.metric.LangSpecF1;
import dev.crane.analysis.metric.PairedBootstrap;
import dev.crane.analysis.metric.Selectivity;
import dev.crane.engine.file.AtomicFile;

/**
 * The tables of an experiment: what every mask does to every language.
 *
 * @param matrix every measurement, tidy
 * @param summary one row per mask
 * @param intervals how sure each change is
 */
public record ResultTables(List<MatrixRow> matrix, List<SummaryRow> summary, List<IntervalRow> intervals) {
    /** Name of the perplexity in the column {@code metric}. */
    public static final String PERPLEXITY = "perplexity";

    /**
     * One number.
     *
     * @param model the model's name
     * @param key the mask
     * @param units how many units are masked
     * @param language what was measured
     * @param metric {@code perplexity}, or {@code TASK.acc} and {@code TASK.acc_norm} with the task's name less its language
     * @param value under the mask
     * @param unmasked without it
     * @param change of perplexity as a fraction, of an accuracy as a difference
     */
    public record MatrixRow(String model, MaskKey key, int units, String language, String metric, double value, double unmasked,
            double change) {}

    /**
     * What a mask does as a whole; NaN where the experiment does not measure it.
     *
     * @param model the model's name
     * @param key the mask
     * @param selectivity of held-out perplexity, from 0 to 1; ½ is no preference
     * @param langspecF1 of the tasks' mean accuracy, with its precision and recall
     */
    public record SummaryRow(String model, MaskKey key, double selectivity, double langspecF1, double precision, double recall) {}

    /**
     * A paired-bootstrap interval.
     *
     * @param language what was measured; of a mask as a whole, its own language
     * @param metric as in the matrix: of perplexity the rise in nats a token, of an accuracy the difference; or {@code selectivity}, {@code langspec_f1}
     * @param estimate the value, its 95 % interval, and of a change the two-sided p-value of there being none
     */
    public record IntervalRow(String model, MaskKey key, String language, String metric, PairedBootstrap.Estimate estimate) {}

    /** The tables of one model; the unmasked measurement comes first. */
    public static ResultTables of(String model, List<Evaluated> measured) {
        List<Evaluated> evaluated = measured.stream().map(GroupScores::inPlaceOfTasks).toList();
        Evaluated unmasked = evaluated.getFirst();
        List<MatrixRow> matrix = new ArrayList<>();
        List<SummaryRow> summary = new ArrayList<>();
        List<IntervalRow> intervals = new ArrayList<>();
        for (Evaluated one : evaluated) {
            boolean masked = !one.key().equals(unmasked.key());
            for (Measurement measurement : one.measurements()) {
                Measurement base = unmasked.like(measurement).orElseThrow();
                matrix.addAll(rows(model, one, measurement, base));
                if (masked)
                    intervals.add(interval(model, one.key(), measurement, base));
            }
            if (masked) {
                summary.add(summary(model, one, unmasked));
                intervals.addAll(new MaskIntervals(model, one, unmasked).rows());
            }
        }
        return new ResultTables(List.copyOf(matrix), List.copyOf(summary), List.copyOf(intervals));
    }

    /** The tables of several models as one. */
    static ResultTables concatenated(List<ResultTables> tables) {
        return new ResultTables(tables.stream().flatMap(one -> one.matrix.stream()).toList(),
                tables.stream().flatMap(one -> one.summary.stream()).toList(),
                tables.stream().flatMap(one -> one.intervals.stream()).toList());
    }

    /** Writes {@code matrix.csv}, {@code summary.csv} and {@code intervals.csv}. */
    public void write(Path folder) {
        AtomicFile.writeString(folder.resolve("matrix.csv"), matrixCsv());
        AtomicFile.writeString(folder.resolve("summary.csv"), summaryCsv());
        AtomicFile.writeString(folder.resolve("intervals.csv"), intervalsCsv());
    }

    private static List<MatrixRow> rows(String model, Evaluated one, Measurement measurement, Measurement base) {
        return switch (measurement) {
            case Measurement.Texts texts -> {
                double value = texts.total().perplexity();
                double before = ((Measurement.Texts) base).total().perplexity();
                yield List
                        .of(new MatrixRow(model, one.key(), one.units(), texts.language(), PERPLEXITY, value, before, value / before - 1));
            }
            case Measurement.Choices choices -> tasks(model, one, choices, base);
            case Measurement.Scored scored -> tasks(model, one, scored, base);
        };
    }

    private static List<MatrixRow> tasks(String model, Evaluated one, Measurement measurement, Measurement base) {
        return measurement.about().metrics().stream().map(metric -> {
            double value = metric.total(values(measurement, metric));
            double before = metric.total(values(base, metric));
            return new MatrixRow(model, one.key(), one.units(), measurement.language(), metric(measurement, metric), value, before,
                    metric.higherIsBetter() ? value - before : value / before - 1);
        }).toList();
    }

    /** What the items of a task give to a metric. */
    static List<Metric.Value> values(Measurement measurement, Metric metric) {
        return switch (measurement) {
            case Measurement.Choices choices -> choices.values(metric);
            case Measurement.Scored scored -> scored.values(metric);
            case Measurement.Texts texts -> throw new IllegalArgumentException("texts are no task");
        };
    }

    static double[] sums(Measurement measurement, Metric metric) {
        return values(measurement, metric).stream().mapToDouble(Metric.Value::sum).toArray();
    }

    static double[] weights(Measurement measurement, Metric metric) {
        return values(measurement, metric).stream().mapToDouble(Metric.Value::weight).toArray();
    }

    /** What a task's change, and with others' LangSpec-F1, is told by: the first of its metrics that is a mean. */
    static Optional<Metric> accuracy(Measurement measurement) {
        return measurement instanceof Measurement.Texts
                ? Optional.empty()
                : measurement.about().metrics().stream().filter(Metric::higherIsBetter).findFirst();
    }

    /** {@code word_order.acc} for the task {@code word_order_en} of the language {@code en}: a name under which languages compare. */
    static String metric(Measurement measurement, Metric metric) {
        String name = measurement.name();
        for (String separator : List.of("_", "-", "."))
            if (name.endsWith(separator + measurement.language()))
                name = name.substring(0, name.length() - measurement.language().length() - 1);
        return name + "." + metric.label();
    }

    private static IntervalRow interval(String model, MaskKey key, Measurement measurement, Measurement base) {
        PairedBootstrap bootstrap = PairedBootstrap.DEFAULT;
        return switch (measurement) {
            case Measurement.Texts texts -> new IntervalRow(model, key, texts.language(), PERPLEXITY,
                    bootstrap.ratioDifference(nats((Measurement.Texts) base), nats(texts), tokens(texts)));
            case Measurement.Choices choices -> change(model, key, choices, base);
            case Measurement.Scored scored -> change(model, key, scored, base);
        };
    }

    static double[] nats(Measurement.Texts texts) {
        return texts.documents().stream().mapToDouble(document -> -document.logprob()).toArray();
    }

    static double[] tokens(Measurement.Texts texts) {
        return texts.documents().stream().mapToDouble(DocumentResult::tokens).toArray();
    }

    /** Of an accuracy the difference; of a log-likelihood the rise of its negative, in nats a word, byte or item. */
    private static IntervalRow change(String model, MaskKey key, Measurement measurement, Measurement base) {
        Metric metric = accuracy(measurement).orElse(measurement.about().metrics().getFirst());
        double[] before = sums(base, metric);
        double[] after = sums(measurement, metric);
        boolean harm = !metric.higherIsBetter();
        return new IntervalRow(model, key, measurement.language(), metric(measurement, metric),
                PairedBootstrap.DEFAULT.ratioDifference(harm ? after : before, harm ? before : after, weights(measurement, metric)));
    }

    private static SummaryRow summary(String model, Evaluated one, Evaluated unmasked) {
        Map<String, Double> rises = new TreeMap<>();
        for (Measurement measurement : one.measurements()) {
            if (measurement instanceof Measurement.Texts texts) {
                Perplexity base = ((Measurement.Texts) unmasked.like(texts).orElseThrow()).total();
                rises.put(texts.language(), texts.total().natsPerToken() - base.natsPerToken());
            }
        }
        String language = one.key().mask();
        double selectivity = rises.containsKey(language) ? Selectivity.of(language, rises) : Double.NaN;
        Map<String, Double> base = accuracies(unmasked);
        if (!base.containsKey(language) || base.size() < 2)
            return new SummaryRow(model, one.key(), selectivity, Double.NaN, Double.NaN, Double.NaN);
        LangSpecF1 f1 = LangSpecF1.of(language, base, accuracies(one), LangSpecF1.Options.DEFAULT);
        return new SummaryRow(model, one.key(), selectivity, f1.f(), f1.precision(), f1.recall());
    }

    /** Mean accuracy of a language's tasks. */
    private static Map<String, Double> accuracies(Evaluated one) {
        Map<String, List<Double>> all = new LinkedHashMap<>();
        for (Measurement measurement : one.measurements())
            accuracy(measurement).ifPresent(metric -> all.computeIfAbsent(measurement.language(), l -> new ArrayList<>())
                    .add(metric.total(values(measurement, metric))));
        Map<String, Double> means = new TreeMap<>();
        all.forEach((language, values) -> means.put(language, values.stream().mapToDouble(Double::doubleValue).average().orElseThrow()));
        return means;
    }

    /** {@code matrix.csv}. */
    public String matrixCsv() {
        Csv csv = new Csv("model", "method", "mask", "seed", "units", "language", "metric", "value", "unmasked", "change");
        for (MatrixRow row : matrix)
            csv.row(row.model, row.key.method(), row.key.mask(), row.key.seed(), row.units, row.language, row.metric, row.value,
                    row.unmasked,
                    row.change);
        return csv.toString();
    }

    /** {@code summary.csv}. */
    public String summaryCsv() {
        Csv csv = new Csv("model", "method", "mask", "seed", "selectivity", "langspec_f1", "precision", "recall");
        for (SummaryRow row : summary)
            csv.row(row.model, row.key.method(), row.key.mask(), row.key.seed(), row.selectivity, row.langspecF1, row.precision,
                    row.recall);
        return csv.toString();
    }

    /** {@code intervals.csv}. */
    public String intervalsCsv() {
        Csv csv = new Csv("model", "method", "mask", "seed", "language", "metric", "change", "low", "high", "p");
        for (IntervalRow row : intervals)
            csv.row(row.model, row.key.method(), row.key.mask(), row.key.seed(), row.language, row.metric, row.estimate.value(),
                    row.estimate.low(), row.estimate.high(), row.estimate.p());
        return csv.toString();
    }
}
