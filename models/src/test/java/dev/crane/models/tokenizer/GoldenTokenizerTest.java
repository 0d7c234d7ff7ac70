package dev.crane.models.tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

/** Against what the tokenizers library (0.23.2) gives for the same files and texts. */
class GoldenTokenizerTest {
    static final Path RESOURCES = Path.of("src/test/resources/tokenizers");
    private static final JsonMapper JSON = new JsonMapper();

    @ParameterizedTest
    @ValueSource(strings = {"llama3", "qwen2", "gpt2"})
    void everyGoldenLine(String kind) throws IOException {
        Tokenizer tokenizer = Tokenizer.load(RESOURCES.resolve(kind));
        List<String> lines = Files.readAllLines(RESOURCES.resolve(kind).resolve("golden.jsonl"));
        assertEquals(60, lines.size());
        for (String line : lines) {
            JsonNode golden = JSON.readTree(line);
            String text = golden.get("text").stringValue();
            int[] ids = ids(golden.get("ids"));
            assertArrayEquals(ids, tokenizer.encode(text, true), line);
            assertArrayEquals(ids(golden.get("ids_without_special")), tokenizer.encode(text, false), line);
            assertEquals(golden.get("decoded").stringValue(), tokenizer.decode(ids, true), line);
            assertEquals(golden.get("decoded_with_special").stringValue(), tokenizer.decode(ids, false), line);
        }
    }

    @Test
    void demoModel() throws IOException {
        Tokenizer tokenizer = Tokenizer.load(Path.of("babel-base"));
        List<String> lines = Files.readAllLines(RESOURCES.resolve("babel/tokens.jsonl"));
        assertFalse(lines.isEmpty());
        for (String line : lines) {
            JsonNode golden = JSON.readTree(line);
            assertArrayEquals(ids(golden.get("ids")), tokenizer.encode(golden.get("text").stringValue(), true), line);
        }
    }

    static int[] ids(JsonNode array) {
        return array.valueStream().mapToInt(JsonNode::intValue).toArray();
    }
}
