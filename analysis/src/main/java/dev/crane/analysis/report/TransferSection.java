package dev.crane.analysis.report;

import java.util.List;
import java.util.Optional;

import dev.crane.analysis.metric.SampleMean;

/** What masks found on one model do to another. */
final class TransferSection {
    private final ReportData data;
    private final MethodTable methods;
    private final Html html;

    TransferSection(ReportData data, MethodTable methods, Html html) {
        this.data = data;
        this.methods = methods;
        this.html = html;
    }

    void write() {
        if (!methods.hasTransfer())
            return;
        html.section("transfer", "Transfer", "Masks found on one model, applied to another",
                "A column is a pair: the model that the masks were found on → the model that they were applied to; those on one model alone stand first. Above the own language's rise in nats a token, "
                        + "below its selectivity, and in words where the rise is not above that of the random units found and applied in the same way. The first line of a method is the mean over languages.");
        List<String> models = methods.models();
        html.table("transfer").raw("<thead><tr><th>Method</th><th>Mask</th>");
        for (Pair pair : pairs(models))
            html.element("th class=\"n\"", pair.source + " → " + pair.target);
        html.raw("</tr></thead><tbody>\n");
        double worst = methods.rows().stream().mapToDouble(row -> row.own().mean()).filter(Double::isFinite).max().orElse(1);
        for (String method : methods.methods()) {
            html.raw("<tr class=\"first\">").element("th", method).element("td", "mean");
            for (Pair pair : pairs(models)) {
                List<MethodRow> rows = rows(method, pair);
                cell(SampleMean.of(rows.stream().mapToDouble(row -> row.own().mean()).toArray()).mean(),
                        SampleMean.of(rows.stream().mapToDouble(row -> row.selectivity().mean()).toArray()).mean(), worst, "");
            }
            html.raw("</tr>\n");
            for (String language : data.languages()) {
                html.raw("<tr><td></td>").element("td", language);
                for (Pair pair : pairs(models)) {
                    Optional<MethodRow> row = methods.find(pair.target, method, pair.source, language);
                    if (row.isEmpty())
                        html.element("td class=\"n\"", "–");
                    else
                        cell(row.get().own().mean(), row.get().selectivity().mean(), worst,
                                row.get().verdict() == Verdict.MORE || row.get().verdict() == Verdict.CONTROL
                                        ? ""
                                        : row.get().verdict().words());
                }
                html.raw("</tr>\n");
            }
        }
        html.endTable().end();
    }

    private record Pair(String source, String target) {}

    private static List<Pair> pairs(List<String> models) {
        return models.stream().flatMap(source -> models.stream().map(target -> new Pair(source, target)))
                .sorted((a, b) -> Boolean.compare(!a.source.equals(a.target), !b.source.equals(b.target))).toList();
    }

    private List<MethodRow> rows(String method, Pair pair) {
        return data.languages().stream().flatMap(language -> methods.find(pair.target, method, pair.source, language).stream()).toList();
    }

    private void cell(double rise, double selectivity, double worst, String words) {
        html.raw("<td class=\"n\" style=\"" + Shade.of(rise / worst) + "\">").text(Format.signed(rise, 2))
                .element("small", Format.number(selectivity, 2));
        if (!words.isEmpty())
            html.element("small class=\"noise\"", words);
        html.raw("</td>");
    }
}
