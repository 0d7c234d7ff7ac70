package dev.crane.analysis.report;

import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

import javax.xml.parsers.DocumentBuilderFactory;

import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

import dev.crane.analysis.metric.LangSpecF1;
import dev.crane.analysis.report.ReportData.Interval;
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
                            List.of(new ReportData.Example(4, 0.25, "<script>alert(1)</script> & so on", List.of()),
                                    new ReportData.Example(7, 0.2, "ab",
                                            List.of(new ReportData.Token("<a>", 0.11f), new ReportData.Token("b", -0.2f))))))));
        }
        SequencedMap<String, String> provenance = new TreeMap<>();
        provenance.put("model hash", "abc\"def");
        return new ReportData("A study of <three> languages", LANGUAGES, matrix, summaries, intervals(), selections,
                LangSpecF1.Options.DEFAULT, provenance);
    }

    /** crane's effect on en is more than the control's, on zh within noise; on vi it was not compared. */
    private static List<Interval> intervals() {
        return List.of(new Interval("babel", "crane", "en", "", "en", "perplexity", "none", 1, 0.9, 1.1, 1e-4, 1e-4),
                new Interval("babel", "crane", "en", "", "zh", "perplexity", "none", 0, -0.02, 0.01, 0.6, 1),
                new Interval("babel", "crane", "en", "", "en", "perplexity", "random", 0.8, 0.7, 0.9, 1e-4, 2e-4),
                new Interval("babel", "crane", "zh", "", "zh", "perplexity", "random", 0.8, -0.1, 0.9, 0.2, 0.4),
                new Interval("babel", "crane", "en", "", "en", "selectivity", "none", 1, 0.95, 1, Double.NaN, Double.NaN));
    }

    private static String render(ReportData data) {
        return ReportPage.render(data, Map.of("methods.csv", "a,b\n1,2\n", "summary.tex", "\\toprule a & b"), List.of(), List.of());
    }

    /** The body is written so that an XML parser takes it: every element closed, every text escaped. */
    private static Document parse(String page) throws Exception {
        String body = page.substring(page.indexOf("<main>"), page.indexOf("</main>") + 7);
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(body)));
    }

    @Test
    void textIsEscapedAndElementsAreClosed() throws Exception {
        String page = render(example());
        Document document = parse(page);
        assertEquals(page.indexOf("<script"), page.lastIndexOf("<script"), "the page's own script is the only one");
        assertTrue(document.getDocumentElement().getTextContent().contains("<script>alert(1)</script> & so on"));
        assertEquals("A study of <three> languages", document.getElementsByTagName("h1").item(0).getTextContent());
    }

    @Test
    void nothingIsLoadedFromElsewhere() {
        String page = render(example());
        for (String loads : List.of("src=", "http:", "https:", "url(", "@import", "<link", "fetch("))
            assertFalse(page.contains(loads), loads);
    }

    private static List<String> rows(String section) throws Exception {
        NodeList sections = parse(render(example())).getElementsByTagName("section");
        for (int i = 0; i < sections.getLength(); i++)
            if (((Element) sections.item(i)).getAttribute("id").equals(section)) {
                NodeList rows = ((Element) sections.item(i)).getElementsByTagName("tr");
                return IntStream.range(0, rows.getLength()).mapToObj(r -> rows.item(r).getTextContent()).toList();
            }
        throw new AssertionError("no section " + section);
    }

    @Test
    void everyMaskStandsBesideItsControl() throws Exception {
        List<String> rows = rows("methods");
        // Own rise of crane is ln e = 1; random's seeds rise by 0.1 and 0.3: mean 0.2, sample sd 0.1414.
        assertEquals("craneen5+1.00+0.90 … +1.100.00+0.20 ± 0.14+0.80+0.70 … +0.90more than controlp < .001, Holm < .0011.000.95 … 1.00",
                rows.get(1));
        assertEquals("zh5+1.000.00+0.20 ± 0.14+0.80−0.10 … +0.90within noisep .200, Holm .4001.00", rows.get(2));
        assertEquals("vi5+1.000.00+0.20 ± 0.14–not compared1.00", rows.get(3));
        assertEquals("randomen5+0.20 ± 0.14+0.20––control0.50 ± 0.00", rows.get(4));
    }

    @Test
    void theHeadlineSaysWhatIsWithinNoise() throws Exception {
        String headline = parse(render(example())).getElementsByTagName("header").item(0).getTextContent();
        assertTrue(headline.contains("raises that language's negative log-likelihood by 1.00 / 1.00 / 1.00 nats a token"), headline);
        assertTrue(headline.contains("as many random units (random) raise it by 0.20 / 0.20 / 0.20"), headline);
        assertTrue(headline.contains("The difference from the control is above noise for en; "
                + "the difference from the control is within noise for zh"), headline);
    }

    @Test
    void overlapIsTheJaccardIndex() throws Exception {
        // Each layer has {m, m + 1}: neighbours share 1 of 3 units, half of each; en and vi none.
        assertEquals(List.of("enzhvi", "en80.330.500.000.00", "zh0.330.5080.330.50", "vi0.000.000.330.508"), rows("overlap"));
    }

    @Test
    void tokensAreShadedByWhatTheyGive() throws Exception {
        NodeList shaded = parse(render(example())).getElementsByTagName("b");
        List<String> found = new ArrayList<>();
        for (int i = 0; i < shaded.getLength(); i++)
            if (((Element) shaded.item(i)).getAttribute("class").matches("[pm]\\d"))
                found.add(((Element) shaded.item(i)).getAttribute("class") + " " + shaded.item(i).getTextContent());
        // The strongest token gets the darkest of five shades, one of 0.55 its size the third (2.75, rounded).
        assertEquals(List.of("p3 <a>", "m5 b"), found.subList(0, 2));
    }

    @Test
    void filesAreDownloadedFromThePageItself() throws Exception {
        NodeList links = parse(render(example())).getElementsByTagName("a");
        for (int i = 0; i < links.getLength(); i++) {
            Element link = (Element) links.item(i);
            if (link.getAttribute("download").equals("methods.csv")) {
                String[] parts = link.getAttribute("href").split(",", 2);
                assertEquals("data:text/csv;charset=utf-8;base64", parts[0]);
                assertEquals("a,b\n1,2\n", new String(Base64.getDecoder().decode(parts[1]), StandardCharsets.UTF_8));
                return;
            }
        }
        throw new AssertionError("no link");
    }

    /** One method, no tasks, no selections: no section stands empty. */
    @Test
    void whatWasNotMeasuredHasNoSection() {
        ReportData all = example();
        String page = render(new ReportData(all.title(), all.languages(), all.matrix(), all.summaries(), List.of(), List.of(),
                all.langSpecF1(), all.provenance()));
        for (String section : List.of("f1", "transfer", "layers", "overlap", "spread", "units"))
            assertFalse(page.contains("<section id=\"" + section + "\""), section);
        assertTrue(page.contains("comes from an earlier version"));
    }
}
