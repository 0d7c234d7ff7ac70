package dev.crane.cli;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Against what transformers' {@code generate} writes for the same prompts. */
class GenerateCommandTest {
    private static final Path GOLDEN = Path.of("..", "models", "src", "test", "resources", "generate", "greedy.jsonl");
    private static final JsonMapper JSON = JsonMapper.shared();

    @TempDir
    Path folder;

    private static List<JsonNode> golden() throws IOException {
        return Files.readAllLines(GOLDEN).stream().map(JSON::readTree).toList();
    }

    private static String[] generate(Object... args) {
        List<String> all = new ArrayList<>(List.of("generate", "-q", "-m", CommandRun.MODEL.toString()));
        for (Object arg : args)
            all.add(arg.toString());
        return all.toArray(String[]::new);
    }

    private static String output(Object... args) {
        return CommandRun.output((Object[]) generate(args));
    }

    private static String failure(Object... args) {
        return CommandRun.failure((Object[]) generate(args));
    }

    private static String usageError(Object... args) {
        return CommandRun.usageError((Object[]) generate(args));
    }

    @Test
    void everyGoldenText() throws IOException {
        for (JsonNode line : golden()) {
            String text = output("--max-tokens", line.get("new_ids").size(), "--repetition-penalty",
                    line.get("repetition_penalty").asDouble(), line.get("prompt").asString());
            assertEquals(line.get("text").asString() + System.lineSeparator(), text);
        }
    }

    @Test
    void jsonTellsEverything() throws IOException {
        JsonNode golden = golden().getFirst();
        JsonNode json = JSON.readTree(output("--json", "-n", 8, golden.get("prompt").asString()));
        assertEquals("crane/generation@1", json.get("format").asString());
        assertEquals(golden.get("ids"), json.get("prompt_ids"));
        assertEquals(8, json.get("ids").size());
        assertEquals(golden.get("new_ids").get(7), json.get("ids").get(7));
        assertEquals("length", json.get("end").asString());
        assertEquals(0, json.get("sampling").get("temperature").asDouble());
    }

    @Test
    void promptsFromEverywhereGiveTheSame() throws IOException {
        String prompt = "Mạng máy tính";
        String expected = output("-n", 6, prompt);
        Path file = Files.writeString(folder.resolve("prompt.txt"), prompt + "\n");
        assertEquals(expected, output("-n", 6, "--prompt-file", file));
        InputStream before = System.in;
        System.setIn(new ByteArrayInputStream((prompt + "\n").getBytes(StandardCharsets.UTF_8)));
        try {
            assertEquals(expected, output("-n", 6, "-"));
        } finally {
            System.setIn(before);
        }
        JsonNode line = JSON.readTree(output("-n", 6, "--prompts", file));
        assertEquals(expected.strip(), line.get("text").asString().strip());
        assertEquals(prompt, line.get("prompt").asString());
    }

    @Test
    void promptsDoNotDependOnEachOther() throws IOException {
        Path all = Files.writeString(folder.resolve("all.txt"), "The river\n河水\nDòng sông\n");
        List<String> together = output("-n", 5, "-t", 1, "--seed", 3, "--prompts", all).lines().toList();
        assertEquals(3, together.size());
        Path first = Files.writeString(folder.resolve("first.txt"), "The river\n");
        assertEquals(together.getFirst(), output("-n", 5, "-t", 1, "--seed", 3, "--prompts", first).strip());
        assertNotEquals(together.getFirst(), output("-n", 5, "-t", 1, "--seed", 4, "--prompts", first).strip());
        JsonNode alone = JSON.readTree(output("-n", 5, "-t", 1, "--seed", 3, "--json", "The river"));
        assertEquals(JSON.readTree(together.getFirst()).get("ids"), alone.get("ids"));
    }

    @Test
    void maskIsApplied() throws IOException {
        StringBuilder rows = new StringBuilder("0");
        for (int row = 1; row < 512; row++)
            rows.append(", ").append(row);
        Path mask = Files.writeString(folder.resolve("all.mask.json"),
                "{\"format\": \"crane/mask@1\", \"model\": \"babel-base\", \"intervention\": \"zero\", \"units\": {\"model.layers.5.mlp.neuron\": [%s]}}"
                        .formatted(rows));
        assertNotEquals(output("-n", 12, "The river"), output("-n", 12, "--mask", mask, "The river"));
    }

    @Test
    void mistakesAreOneLine() throws IOException {
        assertTrue(failure("water ".repeat(600)).matches("crane: the prompt has \\d+ tokens, and the model's context is 512.*"));
        Path tooLong = Files.writeString(folder.resolve("long.txt"), "short\n" + "water ".repeat(600) + "\n");
        assertTrue(failure("--prompts", tooLong).contains("long.txt: line 2 has "));
        assertTrue(failure("--prompt-file", folder.resolve("no.txt")).contains("no.txt"));
        Path latin = Files.write(folder.resolve("latin.txt"), new byte[]{(byte) 0xE9});
        assertTrue(failure("--prompt-file", latin).contains("latin.txt is not valid UTF-8"));
        assertTrue(failure("-t", -1, "x").contains("temperature -1.0 is not possible"));
        assertTrue(usageError().contains("one prompt is needed"));
        assertTrue(usageError("x", "--prompt-file", latin).contains("one prompt is needed"));
        assertTrue(usageError("--top-p", "0.9", "x").contains("give --temperature too"));
        assertTrue(usageError("--max-tokens", 0, "x").contains("--max-tokens must be at least 1"));
        assertTrue(usageError("--sed", 4, "x").contains("did you mean"));
    }
}
