package dev.crane.cli;

import java.util.List;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class BenchCommandTest {
    /** Six layers of width 192, two key/value heads of six, an MLP of 512: q and out, k and v, gate, up and down. */
    private static final double LAYER_WEIGHTS = 6 * (2 * 192 * 192 + 2 * 192 * 64 + 3 * 192 * 512);

    @Test
    void figuresBelongTogether() {
        JsonNode report = JsonMapper.shared().readTree(CommandRun.output("bench", "-m", CommandRun.MODEL, "--tokens", 16, "--batch", "1,3",
                "--repeat", 3, "--warm-up", 0, "--json"));
        assertEquals("crane/bench@1", report.get("format").asString());
        assertEquals("babel-base", report.get("model").asString());
        List<JsonNode> measurements = report.get("measurements").valueStream().toList();
        assertEquals(List.of("forward 1", "forward 3", "relevance 1", "relevance 3"),
                measurements.stream().map(m -> m.get("mode").asString() + " " + m.get("batch").asInt()).toList());
        for (JsonNode m : measurements) {
            double rate = m.get("tokens_per_s").asDouble();
            assertTrue(
                    m.get("min_s").asDouble() <= m.get("median_s").asDouble() && m.get("median_s").asDouble() <= m.get("max_s").asDouble());
            assertEquals(m.get("batch").asInt() * 16 / m.get("median_s").asDouble(), rate, 1e-6 * rate);
            double operations = (m.get("mode").asString().equals("forward") ? 2 : 4) * LAYER_WEIGHTS;
            assertEquals(rate * operations / 1e9, m.get("useful_gflops").asDouble(), 1e-6 * rate);
        }
    }

    @Test
    void tableHasARowForEach() {
        List<String> lines = CommandRun.lines("bench", "-m", CommandRun.MODEL, "--tokens", 4, "--batch", 2, "--repeat", 1, "--warm-up", 0,
                "--modes", "relevance");
        assertTrue(lines.get(0).startsWith("babel-base, "), lines.toString());
        assertTrue(lines.get(1).matches("pass +batch +tokens +tokens/s +GFLOP/s +median s +peak MB"), lines.toString());
        assertTrue(lines.get(2).matches("relevance +2 +4 +[0-9,]+ +[0-9.]+ +[0-9.]+ +[0-9?]+"), lines.toString());
        assertEquals(3, lines.size());
    }

    @Test
    void mistakesAreOneLine() {
        assertTrue(CommandRun.usageError("bench", "-m", CommandRun.MODEL, "--tokens", 1).contains("--tokens must be at least 2"));
        assertTrue(CommandRun.usageError("bench", "-m", CommandRun.MODEL, "--batch", "0").contains("--batch and --repeat at least 1"));
        assertTrue(CommandRun.usageError("bench", "-m", CommandRun.MODEL, "--tokens", 513).contains("the model reads at most 512"));
        assertTrue(CommandRun.usageError("bench", "-m", CommandRun.MODEL, "--modes", "sideways").contains("sideways"));
        assertTrue(CommandRun.failure("bench", "-m", "nowhere").contains("nowhere: there is no such folder"));
    }
}
