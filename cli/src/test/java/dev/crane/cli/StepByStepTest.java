package dev.crane.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.analysis.mask.MaskFile;
import dev.crane.analysis.mask.MaskIntervention;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.analysis.statistics.StatisticsFile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
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

    /** What a mask does to its units goes with its file, from select to eval and generate. */
    @Test
    void masksThatDoNotZero() throws Exception {
        Path stats = folder.resolve("stats");
        Path activations = folder.resolve("activations");
        String en = "en=" + TEXTS.resolve("en.identify.jsonl");
        String vi = "vi=" + TEXTS.resolve("vi.identify.jsonl");
        CommandRun.output("relevance", "-q", "-m", CommandRun.MODEL, "-c", en, "-c", vi, "-n", 4, "--max-tokens", 48, "-u", "mlp.neuron",
                "-o",
                stats);
        CommandRun.output("activations", "-q", "-m", CommandRun.MODEL, "-c", en, "-c", vi, "-n", 4, "--max-tokens", 48, "-u", "mlp.neuron",
                "-o", activations);
        for (String[] arm : new String[][]{{"one", "scale=1"}, {"zero", "zero"}, {"constant", "constant=0"}})
            CommandRun.output("select", "--stats", stats, "--method", "crane", "--budget", 50, "--intervention", arm[1], "-o",
                    folder.resolve(arm[0]));
        CommandRun.output("select", "--stats", stats, "--method", "crane", "--budget", 50, "--intervention", "mean=others", "--activations",
                activations, "-o", folder.resolve("mean"));
        MaskFile mean = MaskFile.read(folder.resolve("mean/en.mask.json"));
        LanguageStatistics others = StatisticsFile.read(StatisticsFile.in(activations.resolve("activation.mean"), "vi"));
        mean.mask().units().forEach((point, rows) -> {
            float[] values = ((MaskIntervention.Constant) mean.intervention()).values().at(point, rows.length);
            for (int i = 0; i < rows.length; i++)
                assertEquals((float) others.moments().get(point).mean()[rows[i]], values[i]);
        });
        assertTrue(CommandRun.output("inspect", folder.resolve("mean/en.mask.json")).contains("mean of others"));
        List<String> results = CommandRun.lines("eval", "-q", "-m", CommandRun.MODEL, "--mask", folder.resolve("zero/en.mask.json"),
                "--mask",
                folder.resolve("constant/en.mask.json"), "--mask", folder.resolve("mean/en.mask.json"), "-p",
                "en=" + TEXTS.resolve("en.heldout.jsonl"), "--documents", 2, "--max-tokens", 48, "-o", folder.resolve("results"));
        assertTrue(results.stream().anyMatch(line -> line.contains("crane-mean-of-others")), results.toString());
        List<String> matrix = Files.readAllLines(folder.resolve("results/matrix.csv"));
        String zeroed = matrix.get(2).substring(matrix.get(2).indexOf(",en,,"));
        assertEquals(zeroed, matrix.get(3).substring(matrix.get(3).indexOf(",en,,")));
        assertNotEquals(zeroed, matrix.get(4).substring(matrix.get(4).indexOf(",en,,")));
        String unmasked = CommandRun.output("generate", "-q", "-m", CommandRun.MODEL, "-n", 12, "The river");
        assertEquals(unmasked,
                CommandRun.output("generate", "-q", "-m", CommandRun.MODEL, "-n", 12, "--mask", folder.resolve("one/en.mask.json"),
                        "The river"));

        String[] select = {"select", "--stats", stats.toString(), "--method", "crane", "-o", folder.resolve("none").toString(),
                "--intervention"};
        for (String[] wrong : new String[][]{{"half", "unknown kind 'half'; known are zero, constant=X"},
                {"scale", "expected a number, such as scale=0.5"}, {"add=much", "expected a number"},
                {"mean=en", "expected own, others or all, found 'en'"}, {"percentile=95", "use it in an experiment (crane run)"}}) {
            Object[] words = Stream.concat(Stream.of(select), Stream.of(wrong[0])).toArray();
            String line = CommandRun.usageError(words);
            assertTrue(line.contains(wrong[1]), line);
        }
        String line = CommandRun.failure(Stream.concat(Stream.of(select), Stream.of("mean")).toArray());
        assertTrue(line.contains("needs statistics of activation.mean, these are of relevance: make them with crane activations"), line);
        assertTrue(Files.notExists(folder.resolve("none")));
        String lost = CommandRun.failure("convert", folder.resolve("mean/en.mask.json"), folder.resolve("en.csv"));
        assertTrue(lost.contains("its units are not set to zero (mean of others, samples alike), which only a .mask.json can say"), lost);
    }
}
