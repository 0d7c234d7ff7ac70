package dev.crane.analysis.report;

import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

import dev.crane.analysis.metric.LangSpecF1;
import dev.crane.analysis.metric.SampleMean;
import dev.crane.analysis.report.ReportData.Interval;

/** LangSpec-F1 with its precision and recall, beside every language's drop. */
final class LangSpecSection {
    private final ReportData data;
    private final MethodTable methods;
    private final Html html;

    LangSpecSection(ReportData data, MethodTable methods, Html html) {
        this.data = data;
        this.methods = methods;
        this.html = html;
    }

    void write() {
        if (methods.rows().stream().allMatch(row -> Double.isNaN(row.f1().mean())))
            return;
        html.section("f1", "LangSpec-F1", "LangSpec-F1",
                "Of the tasks' mean accuracy, with D<sub>other</sub> the " + Html.escape(data.langSpecF1().inWords())
                        + ". Precision P: the share of the harm that falls on the mask's own language, d<sub>ℓ</sub> / (d<sub>ℓ</sub> + D<sub>other</sub>). Recall R: the share of the own score that is lost, "
                        + "d<sub>ℓ</sub> / base<sub>ℓ</sub>. F also rewards a general collapse, so it stands beside every language's drop and the random control; <i>beyond control</i> is F less the "
                        + "control's, with its 95 % interval.");
        boolean first = true;
        for (String model : methods.models())
            for (boolean own : new boolean[]{true, false}) {
                List<MethodRow> rows = methods.rows().stream()
                        .filter(row -> row.model().equals(model) && row.isOwn() == own && !Double.isNaN(row.f1().mean())).toList();
                if (rows.isEmpty())
                    continue;
                String heading = model + (own ? "" : ", masks of other models");
                if (!first)
                    html.details(heading);
                else if (methods.models().size() > 1)
                    html.element("h3", heading);
                table(rows);
                if (!first)
                    html.endDetails();
                first = false;
            }
        html.end();
    }

    private void table(List<MethodRow> rows) {
        html.table("matrix").raw(
                "<thead><tr><th>Method</th><th>Mask</th><th class=\"n\">F</th><th class=\"n\">Beyond control</th><th class=\"n\">P</th><th class=\"n\">R</th>");
        for (String language : data.languages())
            html.element("th class=\"n\"", "Drop, " + language);
        html.raw("</tr></thead><tbody>\n");
        String before = "";
        for (MethodRow row : rows) {
            String label = row.isOwn() ? row.method() : row.method() + "@" + row.source();
            boolean first = !label.equals(before);
            before = label;
            html.raw(first ? "<tr class=\"first\">" : "<tr>").element("th", first ? label : "").element("td", row.mask());
            List<TaskScores.Key> keys = methods.tasks().keys().stream()
                    .filter(key -> key.model().equals(row.model()) && key.method().equals(label) && key.mask().equals(row.mask())).toList();
            html.element("td class=\"n\"", Format.meanAndSd(row.f1(), 3, false));
            versus(label, row);
            html.element("td class=\"n\"", Format.meanAndSd(of(keys, LangSpecF1::precision), 3, false));
            html.element("td class=\"n\"", Format.meanAndSd(of(keys, LangSpecF1::recall), 3, false));
            for (String language : data.languages()) {
                SampleMean drop = SampleMean.of(keys.stream().mapToDouble(key -> methods.tasks().drop(key, language)).toArray());
                html.element("td class=\"n" + (language.equals(row.mask()) ? " own" : "") + "\"", Format.meanAndSd(drop, 3, true));
            }
            html.raw("</tr>\n");
        }
        html.endTable();
    }

    /** The interval was drawn for the F of the run; it says nothing of another. */
    private void versus(String label, MethodRow row) {
        Interval versus = data.intervals().stream().filter(i -> i.model().equals(row.model()) && i.method().equals(label)
                && i.mask().equals(row.mask()) && i.metric().equals("langspec_f1") && i.against().equals(row.control())).findFirst()
                .orElse(null);
        Interval itself = data.intervals().stream().filter(i -> i.model().equals(row.model()) && i.method().equals(label)
                && i.mask().equals(row.mask()) && i.metric().equals("langspec_f1") && i.against().equals("none")).findFirst().orElse(null);
        if (versus == null || itself == null || Math.abs(itself.value() - row.f1().mean()) > 1e-9) {
            html.element("td class=\"n\"", "–");
            return;
        }
        html.raw("<td class=\"n\">").text(Format.signed(versus.value(), 3))
                .element("small" + (versus.withinNoise() ? " class=\"noise\"" : ""),
                        Format.range(versus, 3, true) + (versus.withinNoise() ? ", within noise" : ""))
                .raw("</td>");
    }

    private SampleMean of(List<TaskScores.Key> keys, ToDoubleFunction<LangSpecF1> value) {
        return SampleMean
                .of(keys.stream().map(key -> methods.tasks().f1(key, data.langSpecF1())).filter(Objects::nonNull).mapToDouble(value)
                        .toArray());
    }
}
