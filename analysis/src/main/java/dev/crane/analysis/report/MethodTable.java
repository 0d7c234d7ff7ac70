package dev.crane.analysis.report;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.function.ToDoubleFunction;

import dev.crane.analysis.metric.LangSpecF1;
import dev.crane.analysis.metric.SampleMean;
import dev.crane.analysis.report.ReportData.Interval;
import dev.crane.analysis.report.ReportData.Measurement;

/** Every mask of an experiment beside its random control: one row for each model, method and language. */
public final class MethodTable {
    private static final char SOURCE = '@';

    private final ReportData data;
    private final MaskTable masks;
    private final TaskScores tasks;
    private final List<MethodRow> rows = new ArrayList<>();

    /** The table of what an experiment left. */
    public MethodTable(ReportData data) {
        this(data, new MaskTable(data));
    }

    MethodTable(ReportData data, MaskTable masks) {
        this.data = data;
        this.masks = masks;
        this.tasks = new TaskScores(data.matrix());
        for (String model : masks.models())
            for (String method : masks.methods(model))
                for (String mask : data.languages())
                    row(model, method, mask).ifPresent(rows::add);
    }

    /** All rows, in the order of the experiment. */
    public List<MethodRow> rows() {
        return rows;
    }

    /** The rows of a model with the masks found on it. */
    public List<MethodRow> own(String model) {
        return rows.stream().filter(row -> row.model().equals(model) && row.isOwn()).toList();
    }

    /** Models in the order of the experiment. */
    public List<String> models() {
        return masks.models();
    }

    /** Methods, without the models that their masks were found on, in order. */
    public List<String> methods() {
        SequencedSet<String> methods = new LinkedHashSet<>();
        rows.forEach(row -> methods.add(row.method()));
        return List.copyOf(methods);
    }

    /** The row of a mask, if it was measured. */
    public Optional<MethodRow> find(String model, String method, String source, String mask) {
        return rows.stream().filter(row -> row.model().equals(model) && row.method().equals(method) && row.source().equals(source)
                && row.mask().equals(mask)).findFirst();
    }

    /** Whether masks found on one model were applied to another. */
    public boolean hasTransfer() {
        return rows.stream().anyMatch(row -> !row.isOwn());
    }

    /** Whether a control was measured, and nothing compared with it: so it is in folders of earlier versions. */
    boolean lacksComparisons() {
        return rows.stream().anyMatch(row -> row.verdict() == Verdict.UNCOMPARED && !row.control().isEmpty());
    }

    TaskScores tasks() {
        return tasks;
    }

    private Optional<MethodRow> row(String model, String method, String mask) {
        List<Measurement> measured = masks.measured(model, method, mask);
        if (measured.isEmpty())
            return Optional.empty();
        int at = method.lastIndexOf(SOURCE);
        String label = at < 0 ? method : method.substring(0, at);
        String source = at < 0 ? model : method.substring(at + 1);
        List<String> seeds = measured.stream().map(Measurement::seed).distinct().toList();
        boolean isControl = masks.isControl(method);
        String control = isControl ? "" : masks.control(model, method, mask);
        Interval versus = interval(model, method, mask, seeds, mask, "perplexity", control).orElse(null);
        Verdict verdict = isControl
                ? Verdict.CONTROL
                : versus == null
                        ? Verdict.UNCOMPARED
                        : versus.withinNoise() ? Verdict.NOISE : versus.value() > 0 ? Verdict.MORE : Verdict.LESS;
        List<TaskScores.Key> keys = seeds.stream().map(seed -> new TaskScores.Key(model, method, mask, seed)).toList();
        return Optional.of(new MethodRow(model, label, source, mask, seeds.size(), units(measured),
                SampleMean.of(masks.rises(model, method, mask, mask)),
                interval(model, method, mask, seeds, mask, "perplexity", "none").orElse(null),
                others(language -> SampleMean.of(masks.rises(model, method, mask, language)).mean(), mask), control,
                control.isEmpty() ? SampleMean.of() : SampleMean.of(masks.rises(model, control, mask, mask)),
                control.isEmpty() ? 0 : units(masks.measured(model, control, mask)), versus,
                SampleMean.of(masks.selectivities(model, method, mask)),
                interval(model, method, mask, seeds, mask, "selectivity", "none").orElse(null),
                interval(model, method, mask, seeds, mask, "selectivity", control).orElse(null), drop(keys, mask),
                others(language -> drop(keys, language), mask),
                SampleMean.of(keys.stream().mapToDouble(this::f1).toArray()), verdict));
    }

    private double drop(List<TaskScores.Key> keys, String language) {
        return SampleMean.of(keys.stream().mapToDouble(key -> tasks.drop(key, language)).toArray()).mean();
    }

    private double f1(TaskScores.Key key) {
        LangSpecF1 f1 = tasks.f1(key, data.langSpecF1());
        return f1 == null ? Double.NaN : f1.f();
    }

    private double others(ToDoubleFunction<String> value, String mask) {
        return data.languages().stream().filter(language -> !language.equals(mask)).mapToDouble(value).average().orElse(Double.NaN);
    }

    private static int units(List<Measurement> measured) {
        return (int) Math.round(measured.stream().mapToInt(Measurement::units).average().orElse(0));
    }

    /** Several seeds have no interval in common. */
    private Optional<Interval> interval(String model, String method, String mask, List<String> seeds, String language, String metric,
            String against) {
        return seeds.size() > 1 || against.isEmpty()
                ? Optional.empty()
                : masks.interval(model, method, mask, seeds.getFirst(), language, metric, against);
    }
}
