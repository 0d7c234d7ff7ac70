package dev.crane.analysis.evaluate;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.engine.CraneException;
import dev.crane.models.tokenizer.Tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Against what lm-evaluation-harness itself does with edge cases; see the folder's README. */
class MultipleChoiceTest {
    static final Path BABEL = Path.of("../models/babel-base");

    private final Tokenizer tokenizer = Tokenizer.load(BABEL);

    static List<JsonNode> edgeCases() throws IOException {
        List<JsonNode> cases = new ArrayList<>();
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                MultipleChoiceTest.class.getResourceAsStream("/lmeval/edge.jsonl"), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine())
                cases.add(JsonMapper.shared().readTree(line));
        }
        return cases;
    }

    static ChoiceItem item(JsonNode edge, int line) {
        return new ChoiceItem(line, edge.get("context").stringValue(),
                edge.get("choices").valueStream().map(JsonNode::stringValue).toList(),
                edge.get("answer").intValue());
    }

    @Test
    void requestsAreTheHarness() throws IOException {
        MultipleChoice encoding = new MultipleChoice(tokenizer, 512);
        int line = 0;
        for (JsonNode edge : edgeCases()) {
            ChoiceItem item = item(edge, ++line);
            Task task = new Task("edge", Path.of("edge.jsonl"), edge.get("delimiter").stringValue(), Task.Encoding.HARNESS, List.of(item));
            List<TokenRequest> requests = encoding.requests(task, item);
            for (int c = 0; c < requests.size(); c++) {
                int[] ids = edge.get("ids").get(c).valueStream().mapToInt(JsonNode::intValue).toArray();
                assertArrayEquals(ids, requests.get(c).ids(), "item " + line + " choice " + c);
                assertEquals(edge.get("first").get(c).intValue(), requests.get(c).first(), "item " + line + " choice " + c);
            }
        }
        assertEquals(16, line);
    }

    @Test
    void textIsEncodedAsItIsWritten() {
        int joined = 0;
        for (ChoiceItem item : Task.read(BABEL.resolveSibling("tasks/word_order_zh.jsonl")).items()) {
            Task text = new Task("t", Path.of("t.jsonl"), "", Task.Encoding.TEXT, List.of(item));
            Task harness = new Task("t", Path.of("t.jsonl"), "", Task.Encoding.HARNESS, List.of(item));
            MultipleChoice encoding = new MultipleChoice(tokenizer, 512);
            for (int c = 0; c < item.choices().size(); c++) {
                TokenRequest written = encoding.requests(text, item).get(c);
                TokenRequest apart = encoding.requests(harness, item).get(c);
                assertArrayEquals(tokenizer.encode(item.context() + item.choices().get(c), true), written.ids());
                assertEquals(apart.first(), written.first());
                joined += Arrays.equals(written.ids(), apart.ids()) ? 0 : 1;
            }
        }
        assertTrue(joined > 0, "no token reaches across the boundary anywhere");
    }

    @Test
    void gradesAreTheHarness() throws IOException {
        int line = 0;
        for (JsonNode edge : edgeCases()) {
            List<TokenScore> scores = edge.get("resps").valueStream()
                    .map(pair -> new TokenScore(pair.get(0).doubleValue(), pair.get(1).booleanValue())).toList();
            ChoiceResult result = new ChoiceResult(item(edge, ++line), scores);
            assertEquals(edge.get("acc").doubleValue(), result.acc() ? 1 : 0, "acc of item " + line);
            assertEquals(edge.get("acc_norm").doubleValue(), result.accNorm() ? 1 : 0, "acc_norm of item " + line);
        }
    }

    @Test
    void continuationLongerThanTheModelIsToldWithItsLine() {
        MultipleChoice encoding = new MultipleChoice(tokenizer, 4);
        ChoiceItem item = new ChoiceItem(6, "a", List.of(" one two three four five six seven"), 0);
        Task task = new Task("t", Path.of("t.jsonl"), "", Task.Encoding.TEXT, List.of(item));
        String message = assertThrows(CraneException.class, () -> encoding.requests(task, item)).getMessage();
        assertEquals("t.jsonl: line 7: a continuation of ", message.substring(0, 35));
    }
}
