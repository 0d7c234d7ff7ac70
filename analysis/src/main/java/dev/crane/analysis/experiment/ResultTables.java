package dev.crane.analysis.experiment;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

import dev.crane.analysis.evaluate.Measurement;
import dev.crane.analysis.evaluate.Metric;
import dev.crane.analysis.evaluate.Perplexity;
import dev.crane.analysis.metric.Holm;
import dev.crane.analysis.metric.LangSpecF1;
import dev.crane.analysis.metric.PairedBootstrap;
import dev.crane.analysis.metric.Selectivity;
import dev.crane.analysis.table.Csv;
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
    /** Name of a mask's selectivity there. */
    public static final String SELECTIVITY = "selectivity";
    /** Name of a mask's LangSpec-F1 there. */
    public static final String LANGSPEC_F1 = "langspec_f1";
    /** In the column {@code against}: the model without a mask. */
    public static final String UNMASKED = MaskKey.UNMASKED.method();

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
     * @param against what the mask is compared with: {@link #UNMASKED}, or the label of a random control, the mean over whose seeds is subtracted
     * @param estimate the value, its 95 % interval, and of a difference the two-sided p-value of there being none
     * @param holm the p-value corrected for all that is compared together (Holm); NaN where there is none
     */
    public record IntervalRow(String model, MaskKey key, String language, String metric, String against, PairedBootstrap.Estimate estimate,
            double holm) {
        private Family family() {
            return new Family(metric, language.equals(key.mask()), against.equals(UNMASKED));
        }

        private IntervalRow withHolm(double corrected) {
            return new IntervalRow(model, key, language, metric, against, estimate, corrected);
        }
    }

    /** The tables of one model; the unmasked measurement comes first. Controls go by their names, and LangSpec-F1 is the default one. */
    public static ResultTables of(String model, List<Evaluated> measured) {
        return of(model, measured, Controls.among(measured.stream().map(Evaluated::key).toList()), LangSpecF1.Options.DEFAULT);
    }

    /**
     * The tables of one model.
     *
     * @param measured the model in every condition, unmasked first
     * @param controls which random control each method is held against
     * @param options how LangSpec-F1 is computed
     */
    public static ResultTables of(String model, List<Evaluated> measured, Controls controls, LangSpecF1.Options options) {
        List<Evaluated> evaluated = measured.stream().map(GroupScores::inPlaceOfTasks).toList();
        Evaluated unmasked = evaluated.getFirst();
        List<MatrixRow> matrix = new ArrayList<>();
        List<SummaryRow> summary = new ArrayList<>();
        for (Evaluated one : evaluated) {
            for (Measurement measurement : one.measurements())
                matrix.addAll(rows(model, one, measurement, unmasked.like(measurement).orElseThrow()));
            if (!one.key().equals(unmasked.key()))
                summary.add(summary(model, one, unmasked, options));
        }
        Map<MaskKey, List<ItemScores>> scores = new LinkedHashMap<>();
        evaluated.forEach(one -> scores.put(one.key(), ItemScores.of(one)));
        // Each mask's draws begin anew from the seed, so the masks may take turns in any order.
        List<IntervalRow> intervals = scores.keySet().parallelStream().filter(key -> !key.equals(unmasked.key()))
                .flatMap(key -> intervals(model, key, scores, controls, options).stream()).toList();
        return new ResultTables(List.copyOf(matrix), List.copyOf(summary), corrected(intervals));
    }

    private static List<IntervalRow> intervals(String model, MaskKey key, Map<MaskKey, List<ItemScores>> scores, Controls controls,
            LangSpecF1.Options options) {
        MaskIntervals mask = new MaskIntervals(model, key, options, scores.get(MaskKey.UNMASKED), scores.get(key));
        List<IntervalRow> rows = new ArrayList<>(mask.rows());
        controls.of(key.method()).ifPresent(control -> {
            List<List<ItemScores>> seeds = scores.entrySet().stream()
                    .filter(one -> one.getKey().method().equals(control) && one.getKey().mask().equals(key.mask()))
                    .map(Map.Entry::getValue).toList();
            if (!seeds.isEmpty())
                rows.addAll(mask.against(control, seeds));
        });
        return rows;
    }

    /** What is compared together: on one model and metric, all masks' effects on their own languages, or all on the others; against nothing, or controls. */
    private record Family(String metric, boolean own, boolean unmasked) {}

    private static List<IntervalRow> corrected(List<IntervalRow> rows) {
        Map<Family, List<Integer>> families = new LinkedHashMap<>();
        for (int i = 0; i < rows.size(); i++)
            families.computeIfAbsent(rows.get(i).family(), f -> new ArrayList<>()).add(i);
        double[] corrected = new double[rows.size()];
        for (List<Integer> family : families.values()) {
            double[] adjusted = Holm.adjusted(family.stream().mapToDouble(i -> rows.get(i).estimate.p()).toArray());
            for (int i = 0; i < adjusted.length; i++)
                corrected[family.get(i)] = adjusted[i];
        }
        return IntStream.range(0, rows.size()).mapToObj(i -> rows.get(i).withHolm(corrected[i])).toList();
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

    private static SummaryRow summary(String model, Evaluated one, Evaluated unmasked, LangSpecF1.Options options) {
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
        LangSpecF1 f1 = LangSpecF1.of(language, base, accuracies(one), options);
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
        Csv csv = new Csv("model", "method", "mask", "seed", "language", "metric", "against", "change", "low", "high", "p", "p_holm");
        for (IntervalRow row : intervals)
            csv.row(row.model, row.key.method(), row.key.mask(), row.key.seed(), row.language, row.metric, row.against,
                    row.estimate.value(), row.estimate.low(), row.estimate.high(), row.estimate.p(), row.holm);
        return csv.toString();
    }
}
