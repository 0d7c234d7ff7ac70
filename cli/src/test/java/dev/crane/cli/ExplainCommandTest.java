package dev.crane.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.models.safetensors.SafetensorsReader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

class ExplainCommandTest {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String MODEL = CommandRun.MODEL.toString();

    @TempDir
    Path folder;

    private static JsonNode json(Object... args) {
        List<Object> all = new ArrayList<>(List.of("explain", "-q", "-m", MODEL, "--json"));
        all.addAll(List.of(args));
        return JSON.readTree(CommandRun.output(all.toArray()));
    }

    private static String spelled(JsonNode json) {
        StringBuilder text = new StringBuilder();
        for (JsonNode token : json.get("tokens"))
            if (!token.get("special").asBoolean() && !token.get("text").asString().equals("◌"))
                text.append(token.get("text").asString());
        return text.toString();
    }

    /** The first text of each language that babel's golden scores are of; token relevance by an independent implementation of the rule. */
    @Test
    void tokenRelevanceIsGolden() throws IOException {
        try (SafetensorsReader golden = SafetensorsReader.open(Path.of("..", "models", "src", "test", "resources", "babel",
                "scores.safetensors"))) {
            for (String language : List.of("en", "vi", "zh")) {
                String line = Files.readAllLines(Path.of("..", "models", "corpora", language + ".identify.jsonl")).getFirst();
                Path text = Files.writeString(folder.resolve(language + ".txt"), JSON.readTree(line).get("text").asString());
                JsonNode json = json("--target", "mean-logit", "--file", text);
                float[] expected = golden.floats(language + ".0.token_relevance");
                assertEquals(expected.length, json.get("tokens").size(), "the text fits in 192 tokens");
                double error = 0;
                double size = 0;
                for (int t = 0; t < expected.length; t++) {
                    error += Math.pow(json.get("tokens").get(t).get("relevance").asDouble() - expected[t], 2);
                    size += expected[t] * expected[t];
                }
                assertTrue(Math.sqrt(error / size) < 2e-5, "f32 sums in another order"); // the bound that the engine's own golden test has
                assertEquals(Files.readString(text), spelled(json));
            }
        }
    }

    @Test
    void cpLrpConservesTheTarget() {
        JsonNode json = json("--rule", "cp-lrp", "Water boils at a lower temperature");
        double value = json.get("value").asDouble();
        // Without biases cp-lrp moves relevance and loses none; what is left is f32 rounding.
        assertEquals(value, json.get("sum").asDouble(), 1e-5 * Math.abs(value));
        assertEquals("last-logit", json.get("target").asString());
    }

    @Test
    void theLedgerBeginsAtTheTargetAndEndsAtTheSum() {
        JsonNode json = json("--ledger", "Water boils at a lower temperature");
        JsonNode ledger = json.get("ledger");
        assertEquals(json.get("value").asDouble(), ledger.get("target").asDouble(), 1e-6 * Math.abs(json.get("value").asDouble()));
        assertEquals(json.get("sum").asDouble(), ledger.get("arrived").asDouble(), 1e-5 * Math.abs(json.get("value").asDouble()));
        assertTrue(ledger.get("error").asDouble() < 1e-6, ledger.toString());
        assertEquals(7, ledger.get("stages").size(), "the head and six layers");
    }

    @Test
    void charactersInSeveralTokensComeOnce() {
        String text = "a🦩 ě 鿋";
        JsonNode json = json(text);
        assertEquals(text, spelled(json));
        assertTrue(json.toString().contains("◌"), "the emoji takes several tokens here");
    }

    @Test
    void predictionsAreProbabilitiesInOrder() {
        JsonNode predictions = json("The river").get("predictions");
        double before = 1;
        for (JsonNode prediction : predictions) {
            double probability = prediction.get("probability").asDouble();
            assertTrue(probability > 0 && probability <= before);
            before = probability;
        }
        JsonNode first = JSON.readTree(CommandRun.output("generate", "-q", "-m", MODEL, "-n", 1, "--json", "The river"));
        assertEquals(first.get("ids").get(0), predictions.get(0).get("id"));
        assertEquals(first.get("text"), predictions.get(0).get("text"));
    }

    @Test
    void heatMapInTheTerminal() {
        String colored = CommandRun.output("explain", "-q", "-m", MODEL, "--color", "The river\tand\u001b[2Jthe sea");
        assertTrue(colored.contains("\u001b[38;5;16;48;5;"), "shades");
        assertFalse(colored.contains("\u001b[2J"), "a text cannot command the terminal");
        String plain = CommandRun.output("explain", "-q", "-m", MODEL, "--no-color", "The river");
        assertFalse(plain.contains("\u001b"));
        assertTrue(plain.lines().anyMatch(line -> line.matches("\\s*0  <\\|bos\\|>\\s+[+-]\\d\\.\\d{3}.*")), plain);
    }

    @Test
    void pageIsSelfContainedAndEscaped() throws IOException {
        Path page = folder.resolve("page.html");
        CommandRun.output("explain", "-q", "-m", MODEL, "--html", page, "a <script>alert(1)</script> & \"b\"\nc");
        String html = Files.readString(page);
        assertFalse(html.contains("<script"), "nothing of the text is markup");
        assertFalse(html.matches("(?s).*(https?:|src=|@import|url\\().*"), "nothing is fetched");
        String visible = html.substring(html.indexOf("<p class=\"heat\"")).replaceFirst("(?s)</p>.*", "").replaceAll("<[^>]*>", "");
        assertEquals("&lt;|bos|&gt;a &lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;b&quot;↵\nc", visible);
    }

    @Test
    void mistakesAreOneLine() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        assertTrue(CommandRun.failure("explain", "-m", MODEL, "--rule", "lrp", "x").contains("unknown relevance rule 'lrp'"));
        assertTrue(CommandRun.failure("explain", "-m", MODEL, "--target", "logit", "x").contains("unknown target 'logit'"));
        assertTrue(CommandRun.failure("explain", "-m", MODEL, "water ".repeat(600)).matches("crane: the text has \\d+ tokens, .* 512.*"));
        assertTrue(CommandRun.failure("explain", "-m", MODEL, "--target", "mean-logit", "").contains("not defined for this text"));
        assertTrue(CommandRun.failure("explain", "-m", MODEL, "--html", file.resolve("x.html"), "x").contains("cannot write"));
        assertTrue(CommandRun.usageError("explain", "-m", MODEL).contains("one text is needed"));
        assertTrue(CommandRun.usageError("explain", "-m", MODEL, "--colour", "x").contains("unknown option '--colour'"));
    }
}
