package dev.crane.analysis.report;

import java.util.List;
import java.util.Optional;

import dev.crane.analysis.metric.SampleMean;
import dev.crane.analysis.report.ReportData.Interval;
import dev.crane.analysis.report.ReportData.Measurement;

/** The language × mask matrix. */
final class MatrixSection {
    private final ReportData data;
    private final MaskTable masks;
    private final Html html;

    MatrixSection(ReportData data, MaskTable masks, Html html) {
        this.data = data;
        this.masks = masks;
        this.html = html;
    }

    void write() {
        html.section("matrix", "Matrix", "Every language under every mask",
                "A row is a mask, a column a language measured under it. Left the change: rise in nats a token for perplexity, difference for accuracy; the smaller line is the 95 % interval of a paired "
                        + "bootstrap over documents or items, in italics where it holds 0. Right the value. Darker means more harm. Random controls show mean ± sd over seeds. A mask that is specific "
                        + "harms the framed diagonal and leaves the rest pale.");
        boolean first = true;
        for (String model : masks.models())
            for (String metric : masks.metrics())
                for (boolean transferred : new boolean[]{false, true}) {
                    List<String> methods = masks.methods(model).stream().filter(method -> method.contains("@") == transferred).toList();
                    if (methods.isEmpty() || data.matrix().stream().noneMatch(m -> m.model().equals(model) && m.metric().equals(metric)))
                        continue;
                    String heading = (masks.models().size() > 1 ? model + ": " : "") + metric.replace("_", " ").replace(".", ", ")
                            + (transferred ? ", masks of other models" : "");
                    if (first)
                        html.element("h3", heading);
                    else
                        html.details(heading);
                    html.raw("<div class=\"pair\">\n");
                    table(model, metric, methods, true);
                    table(model, metric, methods, false);
                    html.raw("</div>\n");
                    if (!first)
                        html.endDetails();
                    first = false;
                }
        html.end();
    }

    private void table(String model, String metric, List<String> methods, boolean change) {
        boolean perplexity = metric.equals("perplexity");
        html.raw("<div class=\"scroll\"><table class=\"matrix\"><caption>")
                .text(change ? (perplexity ? "Rise, nats a token" : "Change") : "Value")
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
        for (String method : methods) {
            boolean first = true;
            for (String mask : data.languages()) {
                if (masks.measured(model, method, mask).isEmpty())
                    continue;
                html.raw(first ? "<tr class=\"first\">" : "<tr>").element("th", first ? method : "").element("td", mask);
                first = false;
                for (String language : data.languages())
                    cell(model, method, mask, language, metric, change, worst);
                html.raw("</tr>\n");
            }
        }
        html.endTable();
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
                    Format.meanAndSd(SampleMean.of(cell.stream().mapToDouble(Measurement::value).toArray()), perplexity ? 1 : 3, false));
            return;
        }
        double[] changes = cell.stream().mapToDouble(m -> harm(m) * (lessIsBetter(metric) ? 1 : -1)).toArray();
        double harm = SampleMean.of(cell.stream().mapToDouble(MatrixSection::harm).toArray()).mean();
        html.raw("<td class=\"n" + own + "\" style=\"" + Shade.of(harm / worst) + "\">")
                .text(Format.meanAndSd(SampleMean.of(changes), perplexity ? 2 : 3, true));
        Optional<Interval> interval = cell.size() > 1
                ? Optional.empty()
                : masks.interval(model, method, mask, cell.getFirst().seed(), language, metric, "none");
        interval.ifPresent(
                i -> html.element("small" + (i.withinNoise() ? " class=\"noise\"" : ""), Format.range(i, perplexity ? 2 : 3, true)));
        html.raw("</td>");
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
                .mapToDouble(MatrixSection::harm).filter(Double::isFinite).max().orElse(1);
    }
}
