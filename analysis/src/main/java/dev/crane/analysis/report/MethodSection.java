package dev.crane.analysis.report;

import java.util.List;
import java.util.Locale;

/** Methods side by side: every mask's effect on its own language and on the others, beside its random control. */
final class MethodSection {
    private final ReportData data;
    private final MethodTable methods;
    private final Html html;

    MethodSection(ReportData data, MethodTable methods, Html html) {
        this.data = data;
        this.methods = methods;
        this.html = html;
    }

    void write() {
        html.section("methods", "Methods", "Methods side by side",
                "Masks found on a model and applied to it. Own rise: how much the mean negative log-likelihood of held-out text in the mask's own language rises, in nats a token; others: the mean rise "
                        + "of the other languages; control: what as many random units do to the own language, mean ± standard deviation over seeds. <b>Beyond control</b> is the difference, with the 95 % "
                        + "interval of a paired bootstrap over the same texts: where it holds 0 the effect is <i>within noise</i>. Selectivity is own rise / (own rise + mean rise of the others); "
                        + "0.5 is no preference. Drops are of the tasks' mean accuracy. " + comparisons());
        if (methods.lacksComparisons())
            html.element("p class=\"noisy\"",
                    "This folder's intervals.csv comes from an earlier version and holds no comparisons with the control; run the experiment again "
                            + "with the same --out to add them: nothing is measured twice.");
        boolean first = true;
        for (String model : methods.models()) {
            List<MethodRow> rows = methods.own(model);
            if (rows.isEmpty())
                continue;
            if (methods.models().size() > 1)
                html.element("h3", model);
            chart(rows);
            if (!first)
                html.details("Table of " + model);
            table(rows);
            if (!first)
                html.endDetails();
            first = false;
        }
        html.end();
    }

    /** How many comparisons stand behind the p-values. */
    private String comparisons() {
        long count = data.intervals().stream()
                .filter(i -> !i.against().equals("none") && i.metric().equals("perplexity") && i.language().equals(i.mask())
                        && i.model().equals(data.matrix().getFirst().model()))
                .count();
        return count < 2
                ? ""
                : "p is two-sided; as " + count
                        + " own-language comparisons with a control are made on a model, the second p is corrected for all of them (Holm).";
    }

    private void chart(List<MethodRow> rows) {
        html.raw("<div class=\"charts wide-charts\">\n");
        for (String language : data.languages()) {
            List<MethodRow> own = rows.stream().filter(row -> row.mask().equals(language)).toList();
            if (own.isEmpty() || own.stream().allMatch(row -> Double.isNaN(row.own().mean())))
                continue;
            html.raw("<figure>").raw(ForestChart.of(own, "rise of " + language + " under each method's mask for it"))
                    .element("figcaption", Format.language(language) + ": rise in nats a token").raw("</figure>\n");
        }
        html.raw(
                "</div>\n<p class=\"legend\"><span><b>●</b> own language, with its 95 % interval</span> <span><b>◇</b> mean of the others</span> "
                        + "<span><b>│</b> random control</span></p>\n");
    }

    private void table(List<MethodRow> rows) {
        boolean tasks = rows.stream().anyMatch(row -> !Double.isNaN(row.drop()));
        html.table("methods").raw(
                "<thead><tr><th>Method</th><th>Mask</th><th class=\"n\">Units</th><th class=\"n\">Own rise</th><th class=\"n\">Others</th>"
                        + "<th class=\"n\">Control</th><th class=\"n\">Beyond control</th><th>Verdict</th><th class=\"n\">Selectivity</th>"
                        + (tasks
                                ? "<th class=\"n\">Accuracy drop</th><th class=\"n\">Others' drop</th><th class=\"n\">LangSpec-F1</th>"
                                : "")
                        + "</tr></thead><tbody>\n");
        String before = "";
        for (MethodRow row : rows) {
            boolean first = !row.method().equals(before);
            before = row.method();
            html.raw(first ? "<tr class=\"first\">" : "<tr>").raw("<th>").text(first ? row.method() : "");
            if (first && !data.intervention(row.method()).equals("zero"))
                html.element("small", data.intervention(row.method()));
            html.raw("</th>").element("td", row.mask()).element("td class=\"n\"", Format.count(row.units()));
            cell(Format.meanAndSd(row.own(), 2, true), row.ownInterval() == null ? "" : Format.range(row.ownInterval(), 2, true));
            cell(Format.signed(row.others(), 2), "");
            cell(row.control().isEmpty() ? "–" : Format.meanAndSd(row.controlRise(), 2, true),
                    row.control().isEmpty() || row.controlUnits() == row.units() ? "" : Format.count(row.controlUnits()) + " units");
            if (row.versus() == null)
                cell("–", "");
            else
                cell(Format.signed(row.versus().value(), 2), Format.range(row.versus(), 2, true));
            html.raw("<td>").element("span class=\"verdict " + row.verdict().name().toLowerCase(Locale.ROOT) + "\"", row.verdict().words());
            if (row.versus() != null)
                html.element("small", p(row.versus().pValue(), row.versus().holm()));
            html.raw("</td>");
            cell(Format.meanAndSd(row.selectivity(), 2, false),
                    row.selectivityInterval() == null ? "" : Format.range(row.selectivityInterval(), 2, false));
            if (tasks) {
                cell(Format.signed(row.drop(), 3), "");
                cell(Format.signed(row.otherDrop(), 3), "");
                cell(Format.meanAndSd(row.f1(), 2, false), "");
            }
            html.raw("</tr>\n");
        }
        html.endTable();
    }

    private static String p(double p, double holm) {
        return "p " + p(p) + (Double.isNaN(holm) ? "" : ", Holm " + p(holm));
    }

    private static String p(double p) {
        return p < 0.001 ? "< .001" : Format.number(p, 3).substring(p < 1 ? 1 : 0);
    }

    private void cell(String value, String small) {
        html.raw("<td class=\"n\">").text(value);
        if (!small.isEmpty())
            html.element("small", small);
        html.raw("</td>");
    }
}
