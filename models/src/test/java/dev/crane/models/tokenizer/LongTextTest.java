package dev.crane.models.tokenizer;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** A megabyte of one class of characters, which fills the stack of recursive matchers and takes hours in quadratic ones. */
class LongTextTest {
    /** A linear pass takes well under a second; a quadratic one over a million characters hours. */
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @ParameterizedTest
    @ValueSource(strings = {"qwen2", "gpt2"})
    void oneClassOfCharacters(String kind) {
        Tokenizer tokenizer = Tokenizer.load(GoldenTokenizerTest.RESOURCES.resolve(kind));
        String mixedWidths = "a𝔘中";
        for (String unit : new String[]{"a", " ", "\n", "中", "\t ", mixedWidths, "\u0301"}) {
            String text = unit.repeat((1 << 20) / unit.getBytes(StandardCharsets.UTF_8).length);
            Assertions.assertTimeoutPreemptively(LIMIT, () -> {
                int[] ids = tokenizer.encode(text, false);
                assertTrue(text.equals(tokenizer.decode(ids, false)));
                assertEquals(text.getBytes(StandardCharsets.UTF_8).length, Arrays.stream(ids).map(tokenizer::byteLength).sum());
            }, kind + " " + unit);
        }
    }

    /** Byte-level vocabularies hold every byte, so any text comes back as it was; Qwen's and the demo's compose it first. */
    @ParameterizedTest
    @ValueSource(strings = {"src/test/resources/tokenizers/llama3", "src/test/resources/tokenizers/gpt2"})
    void everyCharacterComesBack(String path) {
        Tokenizer tokenizer = Tokenizer.load(Path.of(path));
        StringBuilder all = new StringBuilder();
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
            if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) {
                all.appendCodePoint(c);
            }
        }
        assertTrue(all.toString().equals(tokenizer.decode(tokenizer.encode(all, true), true)));
    }
}
