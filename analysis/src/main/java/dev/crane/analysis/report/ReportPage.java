package dev.crane.analysis.report;

import java.util.List;
import java.util.Map;

/** Renders a {@link ReportData} as one HTML file that needs nothing else: no network, no scripts. */
public final class ReportPage {
    private final ReportData data;
    private final MaskTable masks;
    private final Html html = new Html();

    private ReportPage(ReportData data) {
        this.data = data;
        this.masks = new MaskTable(data);
    }

    /** The whole page. */
    public static String render(ReportData data) {
        return new ReportPage(data).render();
    }

    private String render() {
        html.raw(
                "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n");
        html.element("title", data.title() + " – CRANE report")
                .raw("\n<style>\n" + Html.resource("report.css") + "</style>\n</head>\n<body>\n<main>\n");
        html.raw("<header>").element("p class=\"kicker\"", "CRANE report").element("h1", data.title());
        html.raw("<p class=\"lead\">");
        headline();
        html.raw("</p></header>\n");
        html.raw("<nav>").raw(
                "<a href=\"#summary\">Summary</a> <a href=\"#matrix\">Matrix</a> <a href=\"#f1\">LangSpec-F1</a> <a href=\"#layers\">Layers</a> <a href=\"#overlap\">Overlap</a> <a href=\"#spread\">Distribution</a> <a href=\"#top\">Top units</a> <a href=\"#provenance\">Provenance</a></nav>\n");
        summary();
        new MatrixSections(data, masks, html).write();
        new SelectionSections(data, html).write();
        provenance();
        return html.raw("</main>\n</body>\n</html>\n").toString();
    }

    /** One sentence with the numbers that matter most, for the first method and beside its random control. */
    private void headline() {
        List<String> methods = masks.methods();
        if (methods.isEmpty()) {
            html.text("No masks were evaluated.");
            return;
        }
        String method = methods.getFirst();
        html.text("Masking the units that ").element("b", method)
                .text(" selects for a language raises that language's negative log-likelihood by ")
                .element("b", rises(method)).text(" nats a token (" + String.join(" / ", data.languages()) + ")");
        if (methods.contains("random") && !method.equals("random"))
            html.text("; as many random units raise it by ").element("b", rises("random"));
        html.text(". Selectivity is ").element("b", selectivities(method)).text(" where 0.5 is no preference");
        if (methods.contains("random") && !method.equals("random"))
            html.text("; for random units it is ").element("b", selectivities("random"));
        html.text(".");
    }

    private String rises(String method) {
        return String.join(" / ",
                data.languages().stream().map(l -> Format.number(mean(masks.rises(masks.firstModel(), method, l, l)), 2)).toList());
    }

    private String selectivities(String method) {
        return String.join(" / ",
                data.languages().stream().map(l -> Format.number(mean(masks.selectivities(masks.firstModel(), method, l)), 2)).toList());
    }

    private static double mean(double[] values) {
        return values.length == 0 ? Double.NaN : Format.Spread.of(values).mean();
    }

    private void summary() {
        html.section("summary", "Summary",
                "Own rise: how much the mean negative log-likelihood of held-out text in the mask's own language rises, in nats a token. Selectivity: own rise / (own rise + mean rise "
                        + "of the other languages); 0.5 is no preference. ± is the standard deviation over the seeds of a random control.");
        for (String model : masks.models()) {
            if (masks.models().size() > 1)
                html.element("h3", model);
            boolean arms = masks.methods().stream().anyMatch(method -> !data.intervention(method).equals("zero"));
            html.raw("<table class=\"wide\"><thead><tr><th>Method</th>" + (arms ? "<th>Intervention</th>" : "")
                    + "<th class=\"n\">Units</th>");
            for (String language : data.languages())
                html.element("th class=\"n\"", "Own rise, " + language);
            for (String language : data.languages())
                html.element("th class=\"n\"", "Selectivity, " + language);
            html.raw("</tr></thead><tbody>\n");
            for (String method : masks.methods()) {
                html.raw("<tr>").element("th", method);
                if (arms)
                    html.element("td", data.intervention(method));
                html.element("td class=\"n\"", masks.unitRange(model, method));
                for (String language : data.languages())
                    html.element("td class=\"n\"", spread(masks.rises(model, method, language, language), true));
                for (String language : data.languages())
                    html.element("td class=\"n\"", spread(masks.selectivities(model, method, language), false));
                html.raw("</tr>\n");
            }
            html.raw("</tbody></table>\n");
        }
        html.end();
    }

    private static String spread(double[] values, boolean sign) {
        return values.length == 0 ? "–" : Format.meanAndSd(values, 2, sign);
    }

    private void provenance() {
        html.section("provenance", "Provenance", "What went in. The same inputs, seed and backend give the same bits.");
        html.raw("<table class=\"provenance\"><tbody>\n");
        for (Map.Entry<String, String> entry : data.provenance().entrySet())
            html.raw("<tr>").element("th", entry.getKey()).element("td", entry.getValue()).raw("</tr>\n");
        html.raw("</tbody></table>\n").end();
    }
}
