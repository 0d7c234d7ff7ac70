package dev.crane.analysis.report;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;

import dev.crane.analysis.faithfulness.LanguageFaithfulness;

/** Renders a {@link ReportData} as one HTML file that needs nothing else: no network. Its few lines of script only filter the units that are shown. */
public final class ReportPage {
    private final ReportData data;
    private final MaskTable masks;
    private final MethodTable methods;
    private final Map<String, String> files;
    private final List<LanguageFaithfulness> faithfulness;
    private final List<LanguageLedger> ledgers;
    private final Html html = new Html();

    private ReportPage(ReportData data, Map<String, String> files, List<LanguageFaithfulness> faithfulness,
            List<LanguageLedger> ledgers) {
        this.data = data;
        this.masks = new MaskTable(data);
        this.methods = new MethodTable(data, masks);
        this.files = files;
        this.faithfulness = faithfulness;
        this.ledgers = ledgers;
    }

    /**
     * The whole page.
     *
     * @param files what can be downloaded from it, by name: tables, and {@link PaperTable}'s
     * @param faithfulness what was measured of it; empty where it was not
     * @param ledgers where the relevance went; empty where that was not kept
     */
    public static String render(ReportData data, Map<String, String> files, List<LanguageFaithfulness> faithfulness,
            List<LanguageLedger> ledgers) {
        return new ReportPage(data, files, faithfulness, ledgers).render();
    }

    private String render() {
        new MethodSection(data, methods, html).write();
        new TransferSection(data, methods, html).write();
        new MatrixSection(data, masks, html).write();
        new LangSpecSection(data, methods, html).write();
        new LayerSection(data, html).write();
        new OverlapSection(data, html).write();
        new DistributionSection(data, html).write();
        new ExampleSection(data, html).write();
        new FaithfulnessSection(faithfulness, html).write();
        new ConservationSection(ledgers, html).write();
        downloads();
        provenance();
        Html page = new Html();
        page.begin(data.title() + " – CRANE report", "report.css", "units.css");
        page.raw("<header>").element("p class=\"kicker\"", "CRANE report").element("h1", data.title());
        new Headline(data, methods).write(page);
        page.raw("</header>\n<nav>");
        html.sections().forEach((id, name) -> page.raw("<a href=\"#" + id + "\">").text(name).raw("</a> "));
        page.raw("</nav>\n").raw(html.toString());
        return page.raw("</main>\n<script>\n" + Html.resource("report.js") + "</script>\n</body>\n</html>\n").toString();
    }

    private void downloads() {
        html.section("downloads", "Downloads", "Tables and numbers",
                "Every number of this page as a table; docs/file-formats.md describes the columns. The tables for a paper are there to be copied as well.");
        html.raw("<p class=\"files\">");
        files.forEach((name, content) -> html
                .raw("<a download=\"" + Html.escape(name) + "\" href=\"data:" + type(name) + ";base64,"
                        + Base64.getEncoder().encodeToString(content.getBytes(StandardCharsets.UTF_8)) + "\">")
                .text(name).raw("</a> "));
        html.raw("</p>\n");
        for (String name : List.of(PaperTable.MARKDOWN, PaperTable.LATEX))
            if (files.containsKey(name))
                html.details("Table for a paper, " + (name.equals(PaperTable.LATEX) ? "LaTeX (booktabs)" : "Markdown"))
                        .raw("<pre class=\"copy\">").text(files.get(name)).raw("</pre>").endDetails();
        html.end();
    }

    private static String type(String name) {
        return (name.endsWith(".csv") ? "text/csv" : "text/plain") + ";charset=utf-8";
    }

    private void provenance() {
        html.section("provenance", "Provenance", "Provenance", "What went in. The same inputs, seed and backend give the same bits.");
        html.table("provenance").raw("<tbody>\n");
        for (Map.Entry<String, String> entry : data.provenance().entrySet())
            html.raw("<tr>").element("th", entry.getKey()).element("td", entry.getValue()).raw("</tr>\n");
        html.endTable().end();
    }
}
