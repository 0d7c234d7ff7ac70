package dev.crane.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** {@code crane run} with a small experiment, and its report made again. */
class ReportCommandTest {
    @TempDir
    Path folder;

    private Path experiment() throws IOException {
        return Files.writeString(folder.resolve("experiment.yaml"), """
                format: crane/experiment@1
                models: {base: MODELS/babel-base}
                languages:
                  en: {identify: MODELS/corpora/en.identify.jsonl, heldout: MODELS/corpora/en.heldout.jsonl}
                  vi: {identify: MODELS/corpora/vi.identify.jsonl, heldout: MODELS/corpora/vi.heldout.jsonl}
                scores: {units: [mlp.neuron], samples: 8, max-tokens: 32}
                methods: [{name: crane, budget: 150}]
                evaluate: {documents: 2, max-tokens: 32}
                """.replace("MODELS", CommandRun.MODEL.toAbsolutePath().normalize().getParent().toString()));
    }

    @Test
    void theReportIsMadeAgainWithTheSameBytes() throws IOException {
        Path out = folder.resolve("out");
        String printed = CommandRun.output("run", "-q", experiment(), "--out", out);
        Path report = out.resolve("report.html");
        String last = printed.lines().toList().getLast();
        assertEquals("report: " + report, last);
        assertTrue(printed.contains("perplexity") && printed.lines().anyMatch(line -> line.matches("crane +vi +150 .*")), printed);
        // The summary: one line a method, its rises and selectivities.
        assertTrue(printed.lines().anyMatch(line -> line.matches("method +units +rise en +rise vi +other +sel en +sel vi")), printed);
        assertTrue(printed.lines().anyMatch(line -> line.matches("crane +150( +[+-]\\d\\.\\d\\d){3}( +\\d\\.\\d\\d){2}")), printed);
        byte[] first = Files.readAllBytes(report);
        Files.delete(report);
        assertEquals(last, CommandRun.output("report", out).strip());
        assertArrayEquals(first, Files.readAllBytes(report));
        assertEquals(last, CommandRun.output("report", out, "--other", "max", "--beta", "2", "--f-compat").strip());
        assertTrue(CommandRun.usageError("report", out, "--other", "least").contains("expected mean, max or sum"));
        assertTrue(CommandRun.usageError("report", out, "--beta", "0").contains("--beta must be a number above 0"));
        Files.delete(out.resolve("summary.csv"));
        String unfinished = CommandRun.failure("report", out);
        assertTrue(unfinished.contains("summary.csv") && unfinished.endsWith("finish the experiment with 'crane run' first"), unfinished);
    }

    @Test
    void mistakesAreOneLine() throws IOException {
        assertTrue(CommandRun.failure("report", folder.resolve("none")).contains("finish the experiment with 'crane run' first"));
        assertTrue(CommandRun.usageError("report").contains("DIR"));
        Path bad = Files.writeString(folder.resolve("bad.yaml"), "format: crane/experiment@1\nmodel: x\n");
        String unknown = CommandRun.failure("run", bad, "--out", folder.resolve("never"));
        assertTrue(unknown.contains("bad.yaml") && unknown.contains("'model'"), unknown);
        assertTrue(Files.notExists(folder.resolve("never")), "nothing is begun");
    }
}
