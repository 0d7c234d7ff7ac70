package dev.crane.analysis.report;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;

import javax.xml.parsers.DocumentBuilderFactory;

import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

import dev.crane.analysis.report.ReportData.Measurement;
import dev.crane.analysis.report.ReportData.Selection;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

class ReportPageTest {
    private static final List<String> LANGUAGES = List.of("en", "zh", "vi");

    /** Perplexities of two methods and three languages; the random control has two seeds. */
    static ReportData example() {
        List<Measurement> matrix = new ArrayList<>();
        List<ReportData.Summary> summaries = new ArrayList<>();
        List<Selection> selections = new ArrayList<>();
        double[] unmasked = {80, 200, 100};
        for (int l = 0; l < 3; l++)
            matrix.add(new Measurement("babel", "none", "", "", 0, LANGUAGES.get(l), "perplexity", unmasked[l], unmasked[l], 0));
        for (int mask = 0; mask < 3; mask++) {
            for (int l = 0; l < 3; l++) {
                double value = unmasked[l] * (l == mask ? Math.E : 1);
                matrix.add(new Measurement("babel", "crane", LANGUAGES.get(mask), "", 5, LANGUAGES.get(l), "perplexity", value, unmasked[l],
                        value / unmasked[l] - 1));
                for (int seed = 1; seed <= 2; seed++)
                    matrix.add(new Measurement("babel", "random", LANGUAGES.get(mask), "" + seed, 5, LANGUAGES.get(l), "perplexity",
                            unmasked[l] * Math.exp(seed == 1 ? 0.1 : 0.3), unmasked[l], 0));
            }
            summaries.add(new ReportData.Summary("babel", "crane", LANGUAGES.get(mask), "", 1, 0.5, 1, 0.333));
            for (int seed = 1; seed <= 2; seed++)
                summaries.add(new ReportData.Summary("babel", "random", LANGUAGES.get(mask), "" + seed, 0.5, Double.NaN, Double.NaN, 0));
            SortedMap<HookPoint, int[]> units = new TreeMap<>();
            SortedMap<HookPoint, Integer> all = new TreeMap<>();
            for (int layer = 0; layer < 4; layer++) {
                units.put(new HookPoint(Site.MLP_NEURON, layer), new int[]{mask, mask + 1});
                all.put(new HookPoint(Site.MLP_NEURON, layer), 64);
            }
            selections.add(new Selection("babel", "crane", LANGUAGES.get(mask), units, all,
                    new ReportData.Histogram("margin", -0.01, 0.02, new long[]{1, 30, 200, 20, 4, 1}, 0.01),
                    List.of(new ReportData.TopUnit(new HookPoint(Site.MLP_NEURON, 2), 17, 0.0123,
                            List.of(new ReportData.Example(4, 0.25, "<script>alert(1)</script> & so on"))))));
        }
        SequencedMap<String, String> provenance = new TreeMap<>();
        provenance.put("model hash", "abc\"def");
        return new ReportData("A study of <three> languages", LANGUAGES, matrix, summaries,
                List.of(new ReportData.Interval("babel", "crane", "en", "", "zh", "perplexity", "none", 0, -0.02, 0.01, 0.6, 1)),
                selections, provenance);
    }

    /** The body is written so that an XML parser takes it: every element closed, every text escaped. */
    private static Document parse(String page) throws Exception {
        String body = page.substring(page.indexOf("<main>"), page.indexOf("</main>") + 7);
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(body)));
    }

    @Test
    void textIsEscapedAndElementsAreClosed() throws Exception {
        String page = ReportPage.render(example());
        Document document = parse(page);
        assertFalse(page.contains("<script"), "the page holds no scripts");
        assertTrue(document.getDocumentElement().getTextContent().contains("<script>alert(1)</script> & so on"));
        assertEquals("A study of <three> languages", document.getElementsByTagName("h1").item(0).getTextContent());
    }

    @Test
    void nothingIsLoadedFromElsewhere() {
        String page = ReportPage.render(example());
        for (String loads : List.of("src=", "http:", "https:", "url(", "@import", "<link"))
            assertFalse(page.contains(loads), loads);
    }

    @Test
    void numbersAreThoseOfTheData() throws Exception {
        NodeList rows = parse(ReportPage.render(example())).getElementsByTagName("tr");
        // Own rise of crane is ln e = 1; random's seeds rise by 0.1 and 0.3: mean 0.2, sample sd 0.1414.
        assertEquals("crane5+1.00+1.00+1.001.001.001.00", rows.item(1).getTextContent());
        assertEquals("random5+0.20 ± 0.14+0.20 ± 0.14+0.20 ± 0.140.50 ± 0.000.50 ± 0.000.50 ± 0.00", rows.item(2).getTextContent());
    }

    @Test
    void overlapIsTheJaccardIndex() throws Exception {
        // Each layer has {m, m + 1}: neighbours share 1 of 3 units, en and vi none.
        NodeList tables = parse(ReportPage.render(example())).getElementsByTagName("caption");
        for (int i = 0; i < tables.getLength(); i++)
            if (tables.item(i).getTextContent().equals("crane")) {
                assertEquals("en1.0000.3330.000zh0.3331.0000.333vi0.0000.3331.000",
                        tables.item(i).getParentNode().getChildNodes().item(2).getTextContent().replace("\n", ""));
                return;
            }
        throw new AssertionError("no overlap table");
    }
}
