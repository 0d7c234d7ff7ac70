package dev.crane.analysis.report;

import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.engine.CraneException;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
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
