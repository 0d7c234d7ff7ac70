package dev.crane.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** {@code crane faithfulness} on a model of a few units. */
class FaithfulnessCommandTest {
    private static final Path TINY = Path.of("..", "models", "src", "test", "resources", "families", "llama");

    @TempDir
    Path folder;
    private Path model;
    private Path a;
    private Path b;

    @BeforeEach
    void aModelAndTwoLanguages() throws Exception {
        model = Files.createDirectory(folder.resolve("tiny"));
        Files.copy(TINY.resolve("config.json"), model.resolve("config.json"));
        Files.copy(TINY.resolve("model.safetensors"), model.resolve("model.safetensors"));
        a = Files.writeString(folder.resolve("a.jsonl"), "{\"ids\": [1, 2, 3, 4]}\n{\"ids\": [4, 3, 2, 1]}\n");
        b = Files.writeString(folder.resolve("b.jsonl"), "{\"ids\": [5, 6, 7, 8]}\n{\"ids\": [8, 5, 7, 6]}\n");
    }

    private Object[] command(Object... more) {
        return Stream.concat(Stream.of("faithfulness", "-q", "-m", model, "--heldout", "xx=" + a, "--sampled", 3, "--fractions", "0.5,1"),
                Stream.of(more)).toArray();
    }

    @Test
    void fromTextsAndFromScores() throws Exception {
        Path out = folder.resolve("out");
        List<String> lines = CommandRun.lines(command("-c", "xx=" + a, "-c", "yy=" + b, "-n", 2, "-o", out));
        for (String order : List.of("relevance-margin", "relevance", "activation", "random"))
            assertTrue(lines.stream().anyMatch(line -> line.matches("xx +" + order + " +.*")), order);
        assertTrue(lines.stream().anyMatch(line -> line.contains("gradient.mean-logprob.relevance")), lines.toString());
        String summary = Files.readString(out.resolve("faithfulness.json"));
        Path other = folder.resolve("other");
        JsonNode json = JsonMapper.shared().readTree(CommandRun.output(command("--stats", out.resolve("stats"), "--json", "-o", other)));
        assertEquals(summary, Files.readString(other.resolve("faithfulness.json")));
        assertEquals("xx", json.at("/0/language").stringValue());
    }

    @Test
    void mistakes() throws Exception {
        Path out = folder.resolve("out");
        assertTrue(CommandRun.usageError(command("-o", out)).contains("give --corpus LANG=FILE for each language, or --stats DIR"));
        assertTrue(
                CommandRun.usageError(command("-c", "xx=" + a, "-o", out, "--fractions", "2")).contains("--fractions: 2.0 is not above 0"));
        assertTrue(CommandRun.usageError(command("-c", "xx=" + a, "-o", out, "--seeds", "1")).contains("at least 3 random orders"));
        assertTrue(CommandRun.failure(command("-c", "yy=" + b, "-n", 2, "-o", out)).contains("--heldout xx: there are no scores of xx"));
        Path experiment = Files.createDirectory(folder.resolve("experiment"));
        Files.writeString(experiment.resolve("experiment.json"), "{}");
        assertTrue(CommandRun.failure(command("-c", "xx=" + a, "-n", 2, "-o", experiment)).contains("holds an experiment"));
    }
}
