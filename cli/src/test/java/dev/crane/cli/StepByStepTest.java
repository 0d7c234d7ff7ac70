package dev.crane.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The commands that {@code crane run} does at once, one after the other. */
class StepByStepTest {
    private static final Path TEXTS = CommandRun.MODEL.resolveSibling("corpora");

    @TempDir
    Path folder;

    @Test
    void fromTextsToTheMatrix() throws Exception {
        Path stats = folder.resolve("stats");
        Path masks = folder.resolve("masks");
        Path results = folder.resolve("results");
        CommandRun.output("relevance", "-q", "-m", CommandRun.MODEL, "-c", "en=" + TEXTS.resolve("en.identify.jsonl"), "-c",
                "vi=" + TEXTS.resolve("vi.identify.jsonl"), "-n", 16, "--max-tokens", 96, "-u", "mlp.neuron", "-o", stats);
        CommandRun.output("select", "--stats", stats, "--method", "crane", "--budget", 50, "-o", masks);
        CommandRun.output("eval", "-q", "-m", CommandRun.MODEL, "--mask", masks.resolve("en.mask.json"), "-p",
                "en=" + TEXTS.resolve("en.heldout.jsonl"), "-p", "vi=" + TEXTS.resolve("vi.heldout.jsonl"), "--documents", 4, "-o",
                results);
        List<String[]> rows = Files.readAllLines(results.resolve("matrix.csv")).stream().map(line -> line.split(",")).toList();
        assertEquals(List.of("none", "none", "crane", "crane"), rows.stream().skip(1).map(row -> row[1]).toList());
        double own = Double.parseDouble(rows.get(3)[9]);
        double other = Double.parseDouble(rows.get(4)[9]);
        assertEquals("50", rows.get(3)[4]);
        // The demo's claim: the mask of a language hurts that language, and hardly another.
        assertTrue(own > 0.3 && Math.abs(other) < 0.1, "changes of perplexity " + own + " and " + other);
        String refused = CommandRun.failure("merge", stats, stats, "-o", folder.resolve("sum"));
        assertTrue(refused.contains("a sample must count once"), refused);
        String misused = CommandRun.usageError("select", "--stats", stats, "--method", "crane", "--z", 1, "-o", masks);
        assertTrue(misused.contains("--z does not go with --method crane"), misused);
    }
}
