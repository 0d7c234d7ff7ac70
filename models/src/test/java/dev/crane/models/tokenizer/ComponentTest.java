package dev.crane.models.tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import dev.crane.engine.CraneException;
import dev.crane.models.tokenizer.decoder.Decoder;
import dev.crane.models.tokenizer.file.JsonPlace;
import dev.crane.models.tokenizer.normalizer.Normalizer;
import dev.crane.models.tokenizer.pattern.Oniguruma;
import dev.crane.models.tokenizer.pattern.TextPattern;
import dev.crane.models.tokenizer.pretokenizer.PreTokenizer;
import dev.crane.models.tokenizer.sentencepiece.SentencePieceModel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Single components, against what the tokenizers library (0.23.2) gives for them. */
class ComponentTest {
    private static final JsonMapper JSON = new JsonMapper();

    /** Each line: a component as a tokenizer.json spells it, and what it makes of some texts, random mixtures of scripts, signs and blanks among them. */
    @ParameterizedTest
    @CsvSource({"components.jsonl, 1978", "components-2.jsonl, 2119"})
    void componentsLikeTheLibrary(String file, int count) throws IOException {
        List<String> wrong = new ArrayList<>();
        int cases = 0;
        for (String line : Files.readAllLines(GoldenTokenizerTest.RESOURCES.resolve(file))) {
            JsonNode golden = JSON.readTree(line);
            String stage = golden.propertyNames().iterator().next();
            JsonPlace place = new JsonPlace(Path.of("tokenizer.json"), stage, golden.get(stage));
            for (JsonNode pair : golden.get("cases")) {
                cases++;
                JsonNode made = switch (stage) {
                    case "pre_tokenizer" -> {
                        List<String> pieces = new ArrayList<>();
                        PreTokenizer.read(place).split(pair.get(0).stringValue(), true, (piece, atStart) -> pieces.add(piece));
                        yield JSON.valueToTree(pieces);
                    }
                    case "normalizer" -> JSON.valueToTree(Normalizer.read(place).normalize(pair.get(0).stringValue()));
                    case "decoder" -> {
                        List<String> tokens = pair.get(0).valueStream().map(JsonNode::stringValue).toList();
                        yield JSON.valueToTree(String.join("", Decoder.read(place).decode(tokens)));
                    }
                    default -> throw new AssertionError(stage);
                };
                if (!made.equals(pair.get(1))) {
                    wrong.add(place.node() + " of " + pair.get(0) + " is " + pair.get(1) + ", not " + made);
                }
            }
        }
        assertEquals(List.of(), wrong);
        assertEquals(count, cases);
    }

    /** The map of SentencePiece's {@code nmt_nfkc}, as the library applies it; every line a text and what becomes of it. */
    @Test
    void precompiledLikeTheLibrary() throws IOException {
        byte[] map = SentencePieceModel.read(GoldenTokenizerTest.RESOURCES.resolve("sentencepiece/unigram-nmt.model")).normalizer().map();
        ObjectNode json = JSON.createObjectNode().put("type", "Precompiled");
        json.put("precompiled_charsmap", Base64.getEncoder().encodeToString(map));
        Normalizer normalizer = Normalizer.read(new JsonPlace(Path.of("tokenizer.json"), "normalizer", json));
        List<String> wrong = new ArrayList<>();
        for (String line : Files.readAllLines(GoldenTokenizerTest.RESOURCES.resolve("precompiled.jsonl"))) {
            JsonNode pair = JSON.readTree(line);
            if (!normalizer.normalize(pair.get(0).stringValue()).equals(pair.get(1).stringValue())) {
                wrong.add(line + " is " + JSON.valueToTree(normalizer.normalize(pair.get(0).stringValue())));
            }
        }
        assertEquals(List.of(), wrong);
    }

    /** Random sets of added tokens with all their settings, on the GPT-2 vocabulary. */
    @Test
    void addedTokensLikeTheLibrary(@TempDir Path folder) throws IOException {
        ObjectNode base = (ObjectNode) JSON.readTree(GoldenTokenizerTest.RESOURCES.resolve("gpt2/tokenizer.json").toFile());
        for (String line : Files.readAllLines(GoldenTokenizerTest.RESOURCES.resolve("added-tokens.jsonl"))) {
            JsonNode golden = JSON.readTree(line);
            base.set("normalizer", golden.get("normalizer"));
            base.set("added_tokens", golden.get("added_tokens"));
            Path file = folder.resolve("tokenizer.json");
            JSON.writeValue(file.toFile(), base);
            Tokenizer tokenizer = Tokenizer.load(file);
            for (JsonNode pair : golden.get("cases")) {
                String what = golden.get("added_tokens") + " " + golden.get("normalizer") + " " + pair;
                int[] ids = GoldenTokenizerTest.ids(pair.get(1));
                assertArrayEquals(ids, tokenizer.encode(pair.get(0).stringValue(), false), what);
                // not given where the library spells a token that it normalises by its normalised content, and so forgets that it is special
                if (pair.size() > 2) {
                    assertEquals(pair.get(2).stringValue(), tokenizer.decode(ids, true), what);
                    assertEquals(pair.get(3).stringValue(), tokenizer.decode(ids, false), what);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\\Kb", "\\R", "\\X", "(?s:a)", "(?<name>a)", "a{2,3}+", "a{2}?", "\\Qa\\E", "\\p{L&}", "[\\b]", "a\\", "(",
            "[a", "\\pL",
            "(?i", "*", "\\p{IsNothing}"})
    void expressionsThatMeanSomethingElseAreRefused(String expression) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> Oniguruma.compile(expression));
        assertEquals(1, e.getMessage().lines().count());
    }

    @Test
    void expressionWithoutEndIsStopped() {
        TextPattern catastrophic = TextPattern.oniguruma("a*a*a*a*b");
        CraneException e = assertThrows(CraneException.class, () -> catastrophic.spans("a".repeat(2_000), (start, end, match) -> {
        }));
        assertTrue(e.getMessage().contains("a*a*a*a*b"), e.getMessage());
    }

    @Test
    void expressionThatFillsTheStackIsStopped() {
        TextPattern recursive = TextPattern.oniguruma("(?:ab|cd)+");
        CraneException e = assertThrows(CraneException.class, () -> recursive.spans("ab".repeat(2_000_000), (start, end, match) -> {
        }));
        assertTrue(e.getMessage().contains("(?:ab|cd)+"), e.getMessage());
    }
}
