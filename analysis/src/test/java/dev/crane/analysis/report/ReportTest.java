package dev.crane.analysis.report;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.analysis.metric.LangSpecF1;
import dev.crane.engine.CraneException;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class ReportTest {
    @TempDir
    Path folder;

    @BeforeEach
    void fill() throws Exception {
        Files.writeString(folder.resolve("experiment.json"), "{\"title\": \"T\", \"models\": {\"base\": \"abc\"}, \"seeds\": [1, 2]}");
        Files.writeString(folder.resolve("matrix.csv"), """
                model,method,mask,seed,units,language,metric,value,unmasked,change
                "a, b",none,,,0,en,perplexity,80,80,0
                "a, b",crane,en,,3,en,perplexity,160,80,1
                """);
        Files.writeString(folder.resolve("summary.csv"),
                "model,method,mask,seed,selectivity,langspec_f1,precision,recall\n\"a, b\",crane,en,,0.9,,,\n");
        Files.writeString(folder.resolve("intervals.csv"),
                "model,method,mask,seed,language,metric,change,low,high,p\n\"a, b\",crane,en,,en,perplexity,0.69,0.6,0.8,0.001\n");
        SelectionsFile.write(folder.resolve("selections.json"), ReportPageTest.example().selections());
    }

    @Test
    void readsWhatAnExperimentLeft() {
        ReportData data = Report.read(folder);
        assertEquals("T", data.title());
        assertEquals("abc", data.provenance().get("models / base"));
        assertEquals("1, 2", data.provenance().get("seeds"));
        assertEquals("a, b", data.matrix().getLast().model());
        assertEquals(Math.log(2), data.matrix().getLast().rise(), 1e-15);
        assertTrue(Double.isNaN(data.summaries().getFirst().langSpecF1()));
        assertEquals(0.8, data.intervals().getFirst().high());
        assertEquals("none", data.intervals().getFirst().against(),
                "a folder of an earlier version compares with the unmasked model alone");
        assertEquals(LangSpecF1.Options.DEFAULT, data.langSpecF1());
    }

    /** Drops: en 0.2 of 0.5, zh 0.1, vi 0.3; the check of LangSpecF1Test. acc_norm does not count, a perplexity neither. */
    @Test
    void langSpecF1ComesFromTheMatrixAsAsked() throws Exception {
        StringBuilder matrix = new StringBuilder("model,method,mask,seed,units,language,metric,value,unmasked,change\n");
        String[][] accuracies = {{"en", ".3", ".5"}, {"zh", ".3", ".4"}, {"vi", ".3", ".6"}};
        for (String[] one : accuracies)
            matrix.append("m,crane,en,,3,%s,perplexity,160,80,1\nm,crane,en,,3,%s,t.acc,%s,%s,0\nm,crane,en,,3,%s,t.acc_norm,1,1,0\n"
                    .formatted(one[0], one[0], one[1], one[2], one[0]));
        Files.writeString(folder.resolve("matrix.csv"), matrix);
        LangSpecF1.Options sum = new LangSpecF1.Options(LangSpecF1.Others.SUM, 2, true);
        Report.write(folder, Report.read(folder).with(sum));
        List<String> lines = Files.readAllLines(folder.resolve("langspec.csv"));
        assertEquals("model,method,mask,seed,other,beta,compat,langspec_f1,precision,recall,drop_en,drop_zh,drop_vi", lines.getFirst());
        String[] cells = lines.get(1).split(",");
        assertEquals(List.of("m", "crane", "en", "", "sum", "2.0", "true"), List.of(cells).subList(0, 7));
        double[] expected = {10 / 29.0, 1 / 3.0, 0.4, 0.2, 0.1, 0.3};
        for (int i = 0; i < expected.length; i++)
            assertEquals(expected[i], Double.parseDouble(cells[7 + i]), 1e-11, lines.getFirst().split(",")[7 + i]);
        assertTrue(Files.readString(folder.resolve("report.html")).contains("sum of the others, β = 2, the authors' weighting"));
    }

    @Test
    void tablesComeBackAsTheyWereWritten() throws Exception {
        Report.write(folder);
        List<String> methods = Files.readAllLines(folder.resolve("methods.csv"));
        assertEquals(2, methods.size());
        // Own rise ln 2, its interval from intervals.csv; nothing else was measured.
        assertTrue(
                methods.get(1).startsWith("\"a, b\",crane,\"a, b\",en,zero,1,3," + Math.log(2) + ",,0.6,0.8,,,,,,,,,,,not compared,0.9,,,"),
                methods.get(1));
        List<String> overlap = Files.readAllLines(folder.resolve("overlap.csv"));
        // 8 units each, neighbours share one of three in each of four layers.
        assertEquals("languages,babel,crane,en,babel,crane,zh,8,8,4," + 4 / 12.0 + ",0.5", overlap.get(1));
        assertEquals(4, overlap.size());
        assertEquals(1 + 3 * 4, Files.readAllLines(folder.resolve("layers.csv")).size());
        assertEquals("babel,crane,en,mlp.neuron,0,2,64", Files.readAllLines(folder.resolve("layers.csv")).get(1));
    }

    @Test
    void selectionsComeBackAsTheyWere() {
        ReportData.Selection written = ReportPageTest.example().selections().getLast();
        ReportData.Selection read = Report.read(folder).selections().getLast();
        assertArrayEquals(written.units().get(new HookPoint(Site.MLP_NEURON, 2)), read.units().get(new HookPoint(Site.MLP_NEURON, 2)));
        assertEquals(written.unitsInAll(), read.unitsInAll());
        assertEquals(written.top(), read.top());
        assertArrayEquals(written.histogram().counts(), read.histogram().counts());
        assertEquals(written.histogram().threshold(), read.histogram().threshold());
    }

    /** A target of 8: a quarter goes to the softmax, an eighth is made by biases, so that 7/8 arrive. */
    @Test
    void ledgersSayHowMuchIsConserved() throws Exception {
        Report.write(folder);
        assertFalse(Files.readString(folder.resolve("report.html")).contains("conservation"), "a folder of an earlier version has none");
        assertFalse(Files.exists(folder.resolve("conservation.csv")));
        Files.writeString(folder.resolve("en.ledger.json"), """
                {"format": "crane/ledger@1", "rule": "attnlrp", "target": 8, "arrived": 7, "error": 2.6e-8, "stages": [
                  {"stage": "head", "in": 8, "out": 8, "losses": {"epsilon": 0.0}, "remainder": 0, "error": 0},
                  {"stage": "layer 1", "in": 8, "out": 7.5, "losses": {"softmax": 0.5}, "remainder": 1e-7, "error": 2.6e-8},
                  {"stage": "layer 0", "in": 7.5, "out": 7, "losses": {"softmax": 1.5, "bias": -1}, "remainder": 0}]}
                """);
        Report.write(folder);
        String page = Files.readString(folder.resolve("report.html"));
        assertTrue(page.contains("English (en): attnlrp brings 87.5 % of the target to the embedding; the softmax of attention takes 25.0 %"
                + " and what goes to biases adds 12.5 %; all else is rounding."), page);
        String section = page.substring(page.indexOf("<section id=\"conservation\">"), page.indexOf("<section id=\"downloads\">"));
        List<String> rows = Pattern.compile("<tr>(.*?)</tr>").matcher(section.replaceAll("<thead>.*</thead>", "")).results()
                .map(row -> row.group(1).replaceAll("(<[^>]*>)+", " ").strip()).toList();
        assertEquals(List.of("English (en) attnlrp 8.0000 2.0000 −1.0000 7.0000 87.5 % 3e−8", "head 8.0000 0 0 8.0000 0",
                "layer 1 8.0000 0.5000 0 7.5000 3e−8", "layer 0 7.5000 1.5000 −1.0000 7.0000 –"), rows);
        List<String> table = Files.readAllLines(folder.resolve("conservation.csv"));
        assertEquals("model,language,rule,stage,in,softmax,bias,norm,activation,epsilon,softcap,target,out,unexplained,error",
                table.getFirst());
        assertEquals("\"a, b\",en,attnlrp,layer 0,7.5,1.5,-1.0,0.0,0.0,0.0,0.0,0.0,7.0,0.0,", table.getLast());
        assertTrue(page.contains("download=\"conservation.csv\""));
    }

    @Test
    void aLedgerThatDoesNotCloseIsSaidToBeOpen() throws Exception {
        Files.writeString(folder.resolve("en.ledger.json"), """
                {"format": "crane/ledger@1", "rule": "mine", "target": 8, "arrived": 8, "error": 0.002, "stages": [
                  {"stage": "head", "in": 8, "out": 8, "losses": {}, "remainder": 0, "error": 0.002}]}
                """);
        Report.write(folder);
        assertTrue(Files.readString(folder.resolve("report.html")).contains("mine brings 100.0 % of the target to the embedding; "
                + "nothing is lost on the way; up to 2e−3 of what passes a stage is unexplained, more than the rounding of f32."));
        Files.writeString(folder.resolve("en.ledger.json"), "{\"format\": \"crane/mask@1\"}");
        assertEquals(folder.resolve("en.ledger.json") + ": is no crane/ledger@1; make it again", message());
    }

    @Test
    void badFilesGiveOneLine() throws Exception {
        Files.writeString(folder.resolve("matrix.csv"), "model,method\nx,y\n");
        assertEquals(folder.resolve("matrix.csv") + ": line 2 has no column 'mask'; run the experiment again", message());
        Files.delete(folder.resolve("matrix.csv"));
        assertTrue(message().endsWith("finish the experiment with 'crane run' first"), message());
    }

    private String message() {
        return assertThrows(CraneException.class, () -> Report.write(folder)).getMessage();
    }
}
