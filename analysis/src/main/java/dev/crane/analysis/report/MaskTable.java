package dev.crane.analysis.report;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

import dev.crane.analysis.report.ReportData.Measurement;
import dev.crane.analysis.report.ReportData.Summary;

/** Looks measurements up by model, method, mask and language; a random control has one value for each seed. */
final class MaskTable {
    private final ReportData data;

    MaskTable(ReportData data) {
        this.data = data;
    }

    List<String> models() {
        return data.matrix().stream().map(Measurement::model).distinct().toList();
    }

    String firstModel() {
        return data.matrix().getFirst().model();
    }

    /** Methods in the order of the matrix, without the unmasked rows. */
    List<String> methods() {
        return data.matrix().stream().map(Measurement::method).filter(m -> !m.equals("none")).distinct().toList();
    }

    /** Metrics in the order of the matrix. */
    List<String> metrics() {
        return data.matrix().stream().map(Measurement::metric).distinct().toList();
    }

    /** The measurements of one cell: one, or one for each seed. */
    List<Measurement> cell(String model, String method, String mask, String language, String metric) {
        return rows(m -> m.model().equals(model) && m.method().equals(method) && m.mask().equals(mask) && m.language().equals(language)
                && m.metric().equals(metric));
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
        return summaries(model, method, mask).stream().mapToDouble(Summary::selectivity).toArray();
    }

    List<Summary> summaries(String model, String method, String mask) {
        return data.summaries().stream().filter(s -> s.model().equals(model) && s.method().equals(method) && s.mask().equals(mask))
                .toList();
    }

    /** Smallest to largest number of units that the method's masks have. */
    String unitRange(String model, String method) {
        int[] units = rows(m -> m.model().equals(model) && m.method().equals(method)).stream().mapToInt(Measurement::units).sorted()
                .toArray();
        if (units.length == 0)
            return "–";
        int least = units[0];
        int most = units[units.length - 1];
        return least == most ? Format.count(least) : Format.count(least) + "–" + Format.count(most);
    }

    private List<Measurement> rows(Predicate<Measurement> wanted) {
        List<Measurement> rows = new ArrayList<>();
        for (Measurement m : data.matrix())
            if (wanted.test(m))
                rows.add(m);
        return rows;
    }
}
