package dev.crane.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Against the log-probabilities that transformers computes in f32. */
class ScoreCommandTest {
    private static final Path GOLDEN = Path.of("..", "models", "src", "test", "resources", "babel", "logprobs.jsonl");
    private static final JsonMapper JSON = JsonMapper.shared();

    @TempDir
    Path folder;

    private Path file(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content);
    }

    private Path mask(String model, String units) throws IOException {
        return file("en.mask.json", "{\"format\": \"crane/mask@1\", \"model\": \"%s\", \"intervention\": \"zero\", \"units\": {%s}}"
                .formatted(model, units));
    }

    private static void assertGolden(List<String> lines) throws IOException {
        List<String> golden = Files.readAllLines(GOLDEN);
        assertEquals(golden.size(), lines.size());
        for (int i = 0; i < lines.size(); i++) {
            JsonNode expected = JSON.readTree(golden.get(i));
            JsonNode actual = JSON.readTree(lines.get(i));
            assertEquals(expected.get("ids"), actual.get("ids"));
            assertEquals(expected.get("logprobs").size(), actual.get("logprobs").size());
            assertTrue(actual.get("logprobs").get(0).isNull());
            for (int t = 1; t < expected.get("logprobs").size(); t++)
                // The file has six decimals; the rest is the order of f32 sums in logits of size 10 to 20.
                assertEquals(expected.get("logprobs").get(t).asDouble(), actual.get("logprobs").get(t).asDouble(), 2e-5);
        }
    }

    @Test
    void everyGoldenToken() throws IOException {
        assertGolden(CommandRun.lines("score", "-q", "--model", CommandRun.MODEL, GOLDEN));
    }

    @Test
    void textBeginsWithBosAndIsCutWhereAsked() throws IOException {
        Path text = file("t.txt", "Water boils when it is hot.\nA river runs.\n");
        List<String> whole = CommandRun.lines("score", "-q", "-m", CommandRun.MODEL, text);
        JsonNode first = JSON.readTree(whole.getFirst());
        assertEquals(6139, first.get("ids").get(0).asInt(), "BOS of this model");
        JsonNode cut = JSON.readTree(CommandRun.lines("score", "-q", "-m", CommandRun.MODEL, "--max-tokens", 3, text).getFirst());
        assertEquals(3, cut.get("ids").size());
        assertEquals(first.get("logprobs").get(2), cut.get("logprobs").get(2), "same bits whatever follows");
    }

    @Test
    void maskIsApplied() throws IOException {
        Path text = file("t.txt", "Water boils when it is hot.\n");
        String unmasked = CommandRun.output("score", "-q", "-m", CommandRun.MODEL, text);
        Path nothing = mask("babel-base", "");
        assertEquals(unmasked, CommandRun.output("score", "-q", "-m", CommandRun.MODEL, "--mask", nothing, text));
        Path some = mask("babel-base", "\"model.layers.0.mlp.neuron\": [0, 1, 2, 3, 4, 5, 6, 7]");
        assertNotEquals(unmasked, CommandRun.output("score", "-q", "-m", CommandRun.MODEL, "--mask", some, text));
    }

    @Test
    void masksThatDoNotFit() throws IOException {
        Path text = file("t.txt", "Water.\n");
        Path other = mask("another", "\"model.layers.0.mlp.neuron\": [0]");
        assertTrue(CommandRun.failure("score", "-q", "-m", CommandRun.MODEL, "--mask", other, text).contains("was found on another"));
        assertEquals(ExitStatus.OK, CommandRun.of("score", "-q", "-m", CommandRun.MODEL, "--mask", other, "--transfer", text).status());
        Path outside = mask("babel-base", "\"model.layers.0.mlp.neuron\": [512]");
        assertTrue(CommandRun.failure("score", "-q", "-m", CommandRun.MODEL, "--mask", outside, text)
                .contains("row 512 of model.layers.0.mlp.neuron is out of range"));
    }

    @Test
    void mistakesInTheText() throws IOException {
        String empty = CommandRun.failure("score", "-q", "-m", CommandRun.MODEL, file("empty.txt", "one\n\ntwo\n"));
        assertTrue(empty.contains("empty.txt: line 2 is empty"), empty);
        Path latin = Files.write(folder.resolve("latin.txt"), new byte[]{'a', '\n', (byte) 0xE9, '\n'});
        String coding = CommandRun.failure("score", "-q", "-m", CommandRun.MODEL, latin);
        assertTrue(coding.contains("latin.txt: line 2 ") && coding.contains("UTF-8"), coding);
        String tooLong = CommandRun.failure("score", "-q", "-m", CommandRun.MODEL,
                file("long.txt", "short\n" + "water ".repeat(600) + "\n"));
        assertTrue(tooLong.matches(".*long.txt: line 2 has \\d+ tokens, and the model reads at most 512; .*--max-tokens 512.*"), tooLong);
        String foreign = CommandRun.failure("score", "-q", "-m", CommandRun.MODEL, file("ids.jsonl", "{\"ids\": [1, 6144]}\n"));
        assertTrue(foreign.contains("ids.jsonl: line 1 has the token id 6144"), foreign);
        assertEquals("crane: x.txt: there is no such file", CommandRun.failure("score", "-m", CommandRun.MODEL, "x.txt"));
    }

    @Test
    void mistakesOnTheCommandLine() throws IOException {
        Path text = file("t.txt", "Water.\n");
        assertEquals("crane: " + folder.resolve("no") + ": there is no such folder",
                CommandRun.failure("score", "-m", folder.resolve("no"), text));
        assertTrue(CommandRun.failure("score", "-m", CommandRun.MODEL, "--backend", "gpu", text).contains("unknown backend 'gpu'"));
        assertTrue(CommandRun.failure("score", "-m", CommandRun.MODEL, "--precision", "bf16", "--backend", "cpu", text)
                .contains("needs a GPU"));
        assertTrue(CommandRun.usageError("score", "-m", CommandRun.MODEL, "--max-tokens", 0, text).contains("--max-tokens must be"));
        assertTrue(CommandRun.usageError("score", "-m", CommandRun.MODEL, "--thread", 2, text).contains("did you mean --threads?"));
    }
}
