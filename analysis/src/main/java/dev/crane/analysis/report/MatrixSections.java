package dev.crane.analysis.report;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

import dev.crane.analysis.report.ReportData.Interval;
import dev.crane.analysis.report.ReportData.Measurement;
import dev.crane.analysis.report.ReportData.Summary;

/** The language × mask matrix and LangSpec-F1. */
final class MatrixSections {
    private final ReportData data;
    private final MaskTable masks;
    private final Html html;

    MatrixSections(ReportData data, MaskTable masks, Html html) {
        this.data = data;
        this.masks = masks;
        this.html = html;
    }

    void write() {
        matrix();
        f1();
    }

    private void matrix() {
        html.section("matrix", "Every language under every mask",
                "A row is a mask, a column a language measured under it. Left the value, right the change: rise in nats a token for perplexity, difference for accuracy; the smaller line is "
                        + "the 95 % interval of a paired bootstrap over documents or items, in grey where it holds 0. Darker means more harm. Random controls show mean ± sd over seeds. A mask that "
                        + "is specific harms the diagonal and leaves the rest pale.");
        for (String model : masks.models())
            for (String metric : masks.metrics()) {
                html.element("h3", (masks.models().size() > 1 ? model + ": " : "") + metric.replace("_", " ").replace(".", ", "));
                html.raw("<div class=\"pair\">\n");
                table(model, metric, false);
                table(model, metric, true);
                html.raw("</div>\n");
            }
        html.end();
    }

    private void table(String model, String metric, boolean change) {
        boolean perplexity = metric.equals("perplexity");
        html.raw("<table class=\"matrix\"><caption>").text(change ? (perplexity ? "Rise, nats a token" : "Change") : "Value")
                .raw("</caption><thead><tr><th>Method</th><th>Mask</th>");
        for (String language : data.languages())
            html.element("th class=\"n\"", language);
        html.raw("</tr></thead><tbody>\n");
        if (!change) {
            html.raw("<tr><th>unmasked</th><td></td>");
            for (String language : data.languages())
                html.element("td class=\"n\"", Format.number(masks.unmasked(model, language, metric), perplexity ? 1 : 3));
            html.raw("</tr>\n");
        }
        double worst = worst(model, metric);
        for (String method : masks.methods()) {
            boolean first = true;
            for (String mask : data.languages()) {
                html.raw(first ? "<tr class=\"first\">" : "<tr>").element("th", first ? method : "").element("td", mask);
                first = false;
                for (String language : data.languages())
                    cell(model, method, mask, language, metric, change, worst);
                html.raw("</tr>\n");
            }
        }
        html.raw("</tbody></table>\n");
    }

    private void cell(String model, String method, String mask, String language, String metric, boolean change, double worst) {
        List<Measurement> cell = masks.cell(model, method, mask, language, metric);
        String own = mask.equals(language) ? " own" : "";
        if (cell.isEmpty()) {
            html.element("td class=\"n" + own + "\"", "–");
            return;
        }
        boolean perplexity = metric.equals("perplexity");
        if (!change) {
            html.element("td class=\"n" + own + "\"",
                    Format.meanAndSd(cell.stream().mapToDouble(Measurement::value).toArray(), perplexity ? 1 : 3, false));
            return;
        }
        double[] changes = cell.stream().mapToDouble(m -> harm(m) * (lessIsBetter(metric) ? 1 : -1)).toArray();
        double harm = Format.Spread.of(cell.stream().mapToDouble(MatrixSections::harm).toArray()).mean();
        html.raw("<td class=\"n" + own + "\" style=\"" + shade(harm / worst) + "\">")
                .text(Format.meanAndSd(changes, perplexity ? 2 : 3, true));
        if (cell.size() == 1)
            interval(cell.getFirst()).ifPresent(i -> html.element(
                    "small" + (i.low() <= 0 && i.high() >= 0 ? " class=\"noise\"" : ""),
                    Format.signed(i.low(), perplexity ? 2 : 3) + " … " + Format.signed(i.high(), perplexity ? 2 : 3)));
        html.raw("</td>");
    }

    private Optional<Interval> interval(Measurement m) {
        return data.intervals().stream()
                .filter(i -> i.model().equals(m.model()) && i.method().equals(m.method()) && i.mask().equals(m.mask())
                        && i.seed().equals(m.seed()) && i.language().equals(m.language()) && i.metric().equals(m.metric())
                        && i.against().equals("none"))
                .findFirst();
    }

    private static boolean lessIsBetter(String metric) {
        return metric.endsWith("perplexity") || metric.endsWith("bits_per_byte");
    }

    /** What the mask takes away: rise of the negative log-likelihood, or drop of the accuracy. */
    private static double harm(Measurement m) {
        return m.metric().equals("perplexity") ? m.rise() : lessIsBetter(m.metric()) ? m.change() : -m.change();
    }

    private double worst(String model, String metric) {
        return data.matrix().stream().filter(m -> m.model().equals(model) && m.metric().equals(metric) && !m.method().equals("none"))
                .mapToDouble(MatrixSections::harm).filter(Double::isFinite).max().orElse(1);
    }

    /** Background from white (no harm) to a deep orange; a gain is faintly blue. Text stays readable on all of them. */
    private static String shade(double share) {
        if (Double.isNaN(share))
            return "";
        double s = Math.min(Math.abs(share), 1);
        int[] full = share < 0 ? new int[]{150, 190, 225} : new int[]{226, 110, 40};
        return String.format(Locale.ROOT, "background:rgb(%d,%d,%d)", Math.round(255 + (full[0] - 255) * s),
                Math.round(255 + (full[1] - 255) * s),
                Math.round(255 + (full[2] - 255) * s));
    }

    private void f1() {
        html.section("f1", "LangSpec-F1",
                "Precision P: the share of the harm that falls on the mask's own language, d<sub>ℓ</sub> / (d<sub>ℓ</sub> + mean over others). Recall R: the share of the own score that is lost, "
                        + "d<sub>ℓ</sub> / base<sub>ℓ</sub>. F1 also rewards a general collapse, so read it beside the random control and the matrix above.");
        for (String model : masks.models()) {
            if (masks.models().size() > 1)
                html.element("h3", model);
            html.raw(
                    "<table><thead><tr><th>Method</th><th>Mask</th><th class=\"n\">F1</th><th class=\"n\">P</th><th class=\"n\">R</th><th class=\"n\">Selectivity</th></tr></thead><tbody>\n");
            for (String method : masks.methods()) {
                boolean first = true;
                for (String mask : data.languages()) {
                    List<Summary> summaries = masks.summaries(model, method, mask);
                    if (summaries.isEmpty())
                        continue;
                    html.raw(first ? "<tr class=\"first\">" : "<tr>").element("th", first ? method : "").element("td",
                            Format.language(mask));
                    first = false;
                    for (double[] values : List.of(summaries.stream().mapToDouble(Summary::langSpecF1).toArray(),
                            summaries.stream().mapToDouble(Summary::precision).toArray(),
                            summaries.stream().mapToDouble(Summary::recall).toArray(),
                            summaries.stream().mapToDouble(Summary::selectivity).toArray()))
                        html.element("td class=\"n\"", Format.meanAndSd(values, 3, false));
                    html.raw("</tr>\n");
                }
            }
            html.raw("</tbody></table>\n");
        }
        html.end();
    }
}
