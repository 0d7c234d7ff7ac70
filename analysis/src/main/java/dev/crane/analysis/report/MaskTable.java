package dev.crane.analysis.report;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

import dev.crane.analysis.report.ReportData.Interval;
import dev.crane.analysis.report.ReportData.Measurement;
import dev.crane.analysis.report.ReportData.Summary;

/** Looks measurements up by model, method, mask and language; a random control has one value for each seed. */
final class MaskTable {
    private static final String RANDOM = "random";

    private final Map<List<String>, List<Measurement>> ofMask;
    private final Map<List<String>, List<Summary>> summaries;
    private final Map<List<String>, Interval> intervals = new HashMap<>();
    private final ReportData data;

    MaskTable(ReportData data) {
        this.data = data;
        ofMask = data.matrix().stream()
                .collect(Collectors.groupingBy(m -> List.of(m.model(), m.method(), m.mask()), LinkedHashMap::new, Collectors.toList()));
        summaries = data.summaries().stream().collect(Collectors.groupingBy(s -> List.of(s.model(), s.method(), s.mask())));
        for (Interval i : data.intervals())
            intervals.put(List.of(i.model(), i.method(), i.mask(), i.seed(), i.language(), i.metric(), i.against()), i);
    }

    List<String> models() {
        return data.matrix().stream().map(Measurement::model).distinct().toList();
    }

    /** Methods that were measured on a model, in the order of the matrix, without the unmasked rows. */
    List<String> methods(String model) {
        return ofMask.keySet().stream().filter(key -> key.get(0).equals(model)).map(key -> key.get(1)).filter(m -> !m.equals("none"))
                .distinct().toList();
    }

    /** Metrics in the order of the matrix. */
    List<String> metrics() {
        return data.matrix().stream().map(Measurement::metric).distinct().toList();
    }

    /** All measurements under a mask. */
    List<Measurement> measured(String model, String method, String mask) {
        return ofMask.getOrDefault(List.of(model, method, mask), List.of());
    }

    /** The measurements of one cell: one, or one for each seed. */
    List<Measurement> cell(String model, String method, String mask, String language, String metric) {
        return measured(model, method, mask).stream().filter(m -> m.language().equals(language) && m.metric().equals(metric)).toList();
    }

    /** The unmasked value, NaN where there is none. */
    double unmasked(String model, String language, String metric) {
        return data.matrix().stream().filter(m -> m.model().equals(model) && m.language().equals(language) && m.metric().equals(metric))
                .mapToDouble(Measurement::unmasked).findFirst().orElse(Double.NaN);
    }

    /** Rise of {@code language}'s negative log-likelihood under the mask of {@code mask}, one for each seed. */
    double[] rises(String model, String method, String mask, String language) {
        return cell(model, method, mask, language, "perplexity").stream().mapToDouble(Measurement::rise).toArray();
    }

    double[] selectivities(String model, String method, String mask) {
        return summaries.getOrDefault(List.of(model, method, mask), List.of()).stream().mapToDouble(Summary::selectivity).toArray();
    }

    /** Whether a method is a random control: another is held against it, or its name says so. */
    boolean isControl(String method) {
        return method.startsWith(RANDOM) || data.intervals().stream().anyMatch(i -> i.against().equals(method));
    }

    /** The control that a mask was held against, or by its name would be; empty where there is none. */
    String control(String model, String method, String mask) {
        return data.intervals().stream().filter(i -> i.model().equals(model) && i.method().equals(method) && i.mask().equals(mask))
                .map(Interval::against).filter(against -> !against.equals("none")).findFirst()
                .orElseGet(() -> {
                    String source = method.contains("@") ? method.substring(method.lastIndexOf('@')) : "";
                    return methods(model).stream().filter(other -> other.startsWith(RANDOM) && (source.isEmpty()
                            ? !other.contains("@")
                            : other.endsWith(source))).findFirst().orElse("");
                });
    }

    Optional<Interval> interval(String model, String method, String mask, String seed, String language, String metric, String against) {
        return Optional.ofNullable(intervals.get(List.of(model, method, mask, seed, language, metric, against)));
    }
}
