package dev.crane.analysis.statistics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.analysis.mask.UnitLayout;
import dev.crane.engine.CraneException;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.engine.statistic.Moments;
import dev.crane.models.safetensors.SafetensorsReader;
import dev.crane.models.safetensors.SafetensorsWriter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class StatisticsFileTest {
    private static final HookPoint GATE = new HookPoint(Site.MLP_GATE, 0);
    private static final HookPoint DOWN = new HookPoint(Site.MLP_DOWN, 1);
    private static final String GATE_PATH = "model.layers.0.mlp.gate_proj";

    @TempDir
    Path folder;

    @Test
    void comesBackBitForBit() throws IOException {
        Path file = StatisticsFile.in(folder, "zh-Hant");
        assertEquals("zh-Hant.stats.safetensors", file.getFileName().toString());
        LanguageStatistics written = statistics("zh-Hant", 3);
        StatisticsFile.write(written, file);
        LanguageStatistics read = StatisticsFile.read(file);
        assertEquals("zh-Hant", read.language());
        assertEquals(written.provenance(), read.provenance());
        assertEquals(written.layout(), read.layout());
        written.moments().forEach((point, moments) -> {
            Moments here = read.moments().get(point);
            assertEquals(moments.count(), here.count());
            assertArrayEquals(moments.mean(), here.mean(), 0);
            assertArrayEquals(moments.m2(), here.m2(), 0);
            assertArrayEquals(moments.m3(), here.m3(), 0);
            assertArrayEquals(moments.m4(), here.m4(), 0);
            assertArrayEquals(moments.absMean(), here.absMean(), 0);
            assertArrayEquals(written.topExamples().get(point).scores(), read.topExamples().get(point).scores());
            assertArrayEquals(written.topExamples().get(point).lines(), read.topExamples().get(point).lines());
        });
        Path again = folder.resolve("again.safetensors");
        StatisticsFile.write(read, again);
        assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(again));
    }

    @Test
    void layoutOfTheFile() {
        Path file = folder.resolve("en.stats.safetensors");
        StatisticsFile.write(statistics("en", 3), file);
        try (SafetensorsReader reader = SafetensorsReader.open(file)) {
            assertEquals("crane/statistics@1", reader.metadata().get("format"));
            assertEquals("en", reader.metadata().get("language"));
            assertEquals("3", reader.metadata().get("n"));
            assertEquals("0-2", reader.metadata().get("lines"));
            assertEquals(GATE_PATH + ".n F64[]", reader.tensor(GATE_PATH + ".n").toString());
            assertEquals(GATE_PATH + ".m4 F64[2]", reader.tensor(GATE_PATH + ".m4").toString());
            assertEquals(GATE_PATH + ".top_score F32[4, 2]", reader.tensor(GATE_PATH + ".top_score").toString());
            assertArrayEquals(new long[]{2, 0, 1, 1, 0, 2, -1, -1}, reader.longs(GATE_PATH + ".top_line"));
            assertArrayEquals(new double[]{1, -1}, reader.doubles(GATE_PATH + ".mean"));
        }
    }

    @Test
    void withoutTopExamplesOrSamples() {
        StatisticsAccumulator none = new StatisticsAccumulator("en", new UnitLayout(Map.of(GATE, 2)), 0);
        Path file = folder.resolve("en.stats.safetensors");
        StatisticsFile.write(none.snapshot(Map.of()), file);
        LanguageStatistics read = StatisticsFile.read(file);
        assertEquals(0, read.samples());
        assertEquals(0, read.topExamples().size());
    }

    @Test
    void allOfAFolder() throws IOException {
        StatisticsFile.write(statistics("zh", 3), StatisticsFile.in(folder, "zh"));
        StatisticsFile.write(statistics("en", 3), StatisticsFile.in(folder, "en"));
        Files.writeString(folder.resolve("en.mask.json"), "{}");
        assertEquals(List.of("en", "zh"), StatisticsFile.readAll(folder).stream().map(LanguageStatistics::language).toList());
        Path empty = Files.createDirectory(folder.resolve("empty"));
        CraneException e = assertThrows(CraneException.class, () -> StatisticsFile.readAll(empty));
        assertEquals("there are no statistics in " + empty + " (files named LANG.stats.safetensors): make them with crane relevance",
                e.getMessage());
        assertThrows(CraneException.class, () -> StatisticsFile.readAll(folder.resolve("none")));
    }

    @Test
    void headsThatDoNotBelong() {
        refused(new SafetensorsWriter(), "it says no format; this must be a file of the format crane/statistics@1");
        refused(new SafetensorsWriter().metadata("format", "pt"),
                "the format is 'pt'; this must be a file of the format crane/statistics@1");
        refused(head().metadata("language", "../en"),
                "the language is '../en', which is no short name of letters, digits, '-', '_' and '.'");
        refused(head().metadata("language", ""), "the language is '', which is no short name of letters, digits, '-', '_' and '.'");
        refused(complete(w -> w.metadata("n", "7")), "the metadata say n = '7', the tensors are of 2 samples");
    }

    @Test
    void tensorsThatDoNotBelong() {
        refused(complete(w -> w.add("weight", new double[1], 1)), "the tensor 'weight' is no statistic of a hook point");
        refused(complete(w -> w.add("blocks.1.mlp.hook_pre.n", new double[1])),
                "the tensor 'blocks.1.mlp.hook_pre.n' is no statistic of a hook point");
        refused(complete(w -> w.add(GATE_PATH + ".m5", new double[1])),
                "the tensor '" + GATE_PATH + ".m5' is no statistic of a hook point");
        refused(head().add(GATE_PATH + ".n", new double[]{2}), "there is no tensor '" + GATE_PATH + ".mean'");
        refused(moments(new double[]{2}, 2.5), GATE_PATH + ".n is 2.5, which is no number of samples");
        refused(moments(new double[]{2}, -1), GATE_PATH + ".n is -1.0, which is no number of samples");
        refused(moments(new double[]{2}, Double.NaN), GATE_PATH + ".n is NaN, which is no number of samples");
        refused(moments(new double[]{2, 3}, 2), GATE_PATH + ".m2 has the shape [1] instead of [2]");
        refused(moments(new double[]{Double.NaN}, 2), GATE_PATH + ".mean is NaN at row 0");
        refused(complete(w -> w.add("model.layers.1.mlp.up_proj.n", new double[]{2})
                .add("model.layers.1.mlp.up_proj.mean", new double[1], 1)
                .add("model.layers.1.mlp.up_proj.m2", new double[]{-1}, 1).add("model.layers.1.mlp.up_proj.abs_mean", new double[1], 1)),
                "model.layers.1.mlp.up_proj.m2 is negative at row 0");
        refused(head().add(GATE_PATH + ".n", new float[]{2}), GATE_PATH + ".n is F32 instead of F64");
        refused(head().add(GATE_PATH + ".n", new double[2], 2), GATE_PATH + ".n has the shape [2] instead of []");
    }

    @Test
    void topExamplesThatDoNotBelong() {
        refused(complete(w -> w.add(GATE_PATH + ".top_score", new float[]{1}, 1, 1)), "there is no tensor '" + GATE_PATH + ".top_line'");
        refused(complete(w -> w.add(GATE_PATH + ".top_score", new float[]{1, 2}, 2, 1).add(GATE_PATH + ".top_line", new long[]{0}, 1, 1)),
                GATE_PATH + ".top_score and .top_line have the shapes [2, 1] and [1, 1] instead of [examples, 1] both");
        refused(complete(
                w -> w.add(GATE_PATH + ".top_score", new float[]{1, 2}, 2, 1).add(GATE_PATH + ".top_line", new long[]{0, 1}, 2, 1)),
                GATE_PATH + ": example 1 of unit 0 is not a finite score in descending order");
    }

    private static SafetensorsWriter head() {
        return new SafetensorsWriter().metadata("format", StatisticsFile.FORMAT).metadata("language", "en");
    }

    /** A file of one unit at {@link #GATE} and two samples, and something more. */
    private static SafetensorsWriter complete(UnaryOperator<SafetensorsWriter> more) {
        return more.apply(moments(new double[]{2}, 2));
    }

    private static SafetensorsWriter moments(double[] mean, double n) {
        double[] one = {1};
        return head().add(GATE_PATH + ".n", new double[]{n}).add(GATE_PATH + ".mean", mean, mean.length).add(GATE_PATH + ".m2", one, 1)
                .add(GATE_PATH + ".m3", one, 1).add(GATE_PATH + ".m4", one, 1).add(GATE_PATH + ".abs_mean", one, 1);
    }

    private void refused(SafetensorsWriter content, String message) {
        Path file = folder.resolve("en.stats.safetensors");
        content.write(file);
        CraneException e = assertThrows(CraneException.class, () -> StatisticsFile.read(file));
        assertEquals(file + ": " + message, e.getMessage());
        assertTrue(e.getMessage().lines().count() == 1);
    }

    private static LanguageStatistics statistics(String language, int samples) {
        StatisticsAccumulator accumulator = new StatisticsAccumulator(language, new UnitLayout(Map.of(GATE, 2, DOWN, 3)), 4);
        for (int i = 0; i < samples; i++)
            accumulator.add(i, 10 + i, Map.of(GATE, new float[]{i, -i}, DOWN, new float[]{0.1f * i, 1f / (1 + i), -0.3f}));
        return accumulator.snapshot(Map.of(ProvenanceKey.RULE, "attnlrp", ProvenanceKey.MODEL, "模型 \"x\""));
    }
}
