package dev.crane.analysis.statistics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.analysis.mask.UnitLayout;
import dev.crane.engine.CraneException;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.models.safetensors.SafetensorsReader;
import dev.crane.models.safetensors.SafetensorsWriter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class SampleScoresTest {
    private static final HookPoint GATE = new HookPoint(Site.MLP_GATE, 0);
    private static final HookPoint DOWN = new HookPoint(Site.MLP_DOWN, 0);
    private static final UnitLayout LAYOUT = new UnitLayout(Map.of(GATE, 3, DOWN, 2));
    private static final Map<String, String> RUN = Map.of(ProvenanceKey.RULE, "attnlrp", ProvenanceKey.SEED, "42");

    @TempDir
    Path folder;

    @Test
    void comesBackAsItWas() {
        Path file = SampleScores.in(folder, "en");
        write(file, 0, 5, RUN).finish(RUN);
        try (SampleScores scores = SampleScores.open(file)) {
            assertEquals("en", scores.language());
            assertEquals(5, scores.samples());
            assertEquals(LAYOUT, scores.layout());
            assertArrayEquals(new long[]{0, 2, 4, 6, 8}, scores.lines());
            assertArrayEquals(new float[]{0, -1, -2, -3, -4}, scores.targets());
            for (int i = 0; i < 5; i++) {
                assertArrayEquals(scores(i).get(GATE), scores.scores(GATE, i));
                assertArrayEquals(scores(i).get(DOWN), scores.scores(DOWN, i));
            }
            assertEquals(Map.of("rule", "attnlrp", "seed", "42", "n", "5"), scores.provenance());
            assertThrows(IllegalArgumentException.class, () -> scores.scores(GATE, 5));
            assertThrows(IllegalArgumentException.class, () -> scores.scores(new HookPoint(Site.MLP_UP, 0), 0));
        }
        assertEquals(List.of("en.samples.safetensors"), List.of(folder.toFile().list()));
    }

    @Test
    void shapesInTheFile() {
        Path file = SampleScores.in(folder, "en");
        write(file, 0, 5, RUN).finish(RUN);
        try (SafetensorsReader reader = SafetensorsReader.open(file)) {
            assertEquals("crane/samples@1", reader.metadata().get("format"));
            assertEquals("model.layers.0.mlp.gate_proj F32[5, 3]", reader.tensor("model.layers.0.mlp.gate_proj").toString());
            assertEquals("target F32[5]", reader.tensor("target").toString());
            assertEquals("line I64[5]", reader.tensor("line").toString());
        }
    }

    @Test
    void statisticsAreThoseOfTheSamples() {
        Path file = SampleScores.in(folder, "en");
        write(file, 0, 6, RUN).finish(RUN);
        StatisticsAccumulator direct = new StatisticsAccumulator("en", LAYOUT, 2);
        for (int i = 0; i < 6; i++)
            direct.add(2L * i, 0, scores(i));
        try (SampleScores scores = SampleScores.open(file)) {
            LanguageStatistics statistics = scores.statistics(2);
            assertArrayEquals(direct.snapshot(RUN).moments().get(GATE).m4(), statistics.moments().get(GATE).m4(), 0);
            assertArrayEquals(direct.snapshot(RUN).topExamples().get(DOWN).lines(), statistics.topExamples().get(DOWN).lines());
            assertEquals("0,2,4,6,8,10", statistics.provenance().get(ProvenanceKey.LINES));
            assertFalse(statistics.provenance().containsKey(ProvenanceKey.TOKENS));
        }
    }

    @Test
    void anInterruptedWriterIsTakenUp() throws IOException {
        Path whole = folder.resolve("whole.samples.safetensors");
        write(whole, 0, 6, RUN).finish(RUN);
        Path file = SampleScores.in(folder, "en");
        write(file, 0, 4, RUN).close();
        assertFalse(Files.exists(file));
        // A kill in the middle of a record.
        Path part = folder.resolve("en.samples.safetensors.part");
        Files.write(part, new byte[9], StandardOpenOption.APPEND);
        try (SampleScoresWriter writer = SampleScoresWriter.open(file, "en", LAYOUT, RUN)) {
            assertEquals(4, writer.samples());
            writer.keep(3);
            assertThrows(IllegalArgumentException.class, () -> writer.keep(4));
        }
        write(file, 3, 6, RUN).finish(RUN);
        assertArrayEquals(Files.readAllBytes(whole), Files.readAllBytes(file));
        assertFalse(Files.exists(part));
    }

    @Test
    void aJournalOfAnotherRunIsBegunAnew() {
        Path file = SampleScores.in(folder, "en");
        write(file, 0, 4, RUN).close();
        try (SampleScoresWriter writer = SampleScoresWriter.open(file, "en", LAYOUT, Map.of(ProvenanceKey.SEED, "43"))) {
            assertEquals(0, writer.samples());
            writer.force();
        }
    }

    @Test
    void twoWritersAreRefused() {
        Path file = SampleScores.in(folder, "en");
        try (SampleScoresWriter writer = write(file, 0, 1, RUN)) {
            CraneException e = assertThrows(CraneException.class, () -> SampleScoresWriter.open(file, "en", LAYOUT, RUN));
            assertEquals("another process is writing " + file + ": let it finish, or choose another folder", e.getMessage());
            writer.add(99, 0, scores(1));
            assertEquals(2, writer.samples());
        }
    }

    @Test
    void noSamplesAndWrongWidths() {
        Path file = SampleScores.in(folder, "en");
        try (SampleScoresWriter writer = SampleScoresWriter.open(file, "en", LAYOUT, RUN)) {
            assertThrows(IllegalArgumentException.class, () -> writer.add(0, 0, Map.of(GATE, new float[3])));
            assertThrows(IllegalArgumentException.class, () -> writer.add(0, 0, Map.of(GATE, new float[2], DOWN, new float[2])));
            writer.finish(RUN);
        }
        try (SampleScores scores = SampleScores.open(file)) {
            assertEquals(0, scores.samples());
        }
    }

    @Test
    void damagedFiles() {
        refused(new SafetensorsWriter(), "it says no format; this must be a file of the format crane/samples@1");
        refused(head(1), "there is no tensor 'target'");
        refused(head(1).add("target", new float[2], 2), "there are 2 targets and 1 lines");
        refused(head(1).add("target", new double[1], 1), "target F64[1] should be F32[samples]");
        refused(head(1).add("target", new float[1], 1).add("x", new float[1], 1), "the tensor 'x' is not named like a hook point");
        refused(head(1).add("target", new float[1], 1).add("model.layers.0.mlp.up_proj", new float[4], 2, 2),
                "model.layers.0.mlp.up_proj F32[2, 2] should be F32[1, units]");
    }

    @Test
    void damagedSamples() {
        Path file = folder.resolve("bad.samples.safetensors");
        head(2).add("target", new float[2], 2).add("model.layers.0.mlp.up_proj", new float[2], 2, 1).write(file);
        try (SampleScores scores = SampleScores.open(file)) {
            assertEquals(file + ": line 0 is there twice", assertThrows(CraneException.class, () -> scores.statistics(0)).getMessage());
        }
        head(1).add("target", new float[1], 1).add("model.layers.0.mlp.up_proj", new float[]{Float.NaN}, 1, 1).write(file);
        try (SampleScores scores = SampleScores.open(file)) {
            String message = assertThrows(CraneException.class, () -> scores.statistics(0)).getMessage();
            assertTrue(message.startsWith("the score of model.layers.0.mlp.up_proj row 0 is NaN in line 0 of the corpus of en"), message);
        }
    }

    private static SafetensorsWriter head(int samples) {
        return new SafetensorsWriter().metadata("format", SampleScores.FORMAT).metadata("language", "en").add("line", new long[samples],
                samples);
    }

    private void refused(SafetensorsWriter content, String message) {
        Path file = folder.resolve("en.samples.safetensors");
        content.write(file);
        assertEquals(file + ": " + message, assertThrows(CraneException.class, () -> SampleScores.open(file)).getMessage());
    }

    private static SampleScoresWriter write(Path file, int from, int to, Map<String, String> run) {
        SampleScoresWriter writer = SampleScoresWriter.open(file, "en", LAYOUT, run);
        for (int i = from; i < to; i++)
            writer.add(2L * i, -i, scores(i));
        return writer;
    }

    private static Map<HookPoint, float[]> scores(int sample) {
        Random random = new Random(sample);
        return Map.of(GATE, new float[]{random.nextFloat(), random.nextFloat(), random.nextFloat()}, DOWN,
                new float[]{random.nextFloat(), random.nextFloat()}, new HookPoint(Site.MLP_UP, 0), new float[9]);
    }
}
