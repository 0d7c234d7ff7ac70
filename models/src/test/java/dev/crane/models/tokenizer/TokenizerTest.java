package dev.crane.models.tokenizer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.engine.CraneException;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class TokenizerTest {
    private static final Path GPT2 = GoldenTokenizerTest.RESOURCES.resolve("gpt2/tokenizer.json");
    private static final Path LLAMA3 = GoldenTokenizerTest.RESOURCES.resolve("llama3/tokenizer.json");
    private static final Path DEMO = Path.of("babel-base");

    @Test
    void vocabulary() {
        Tokenizer tokenizer = Tokenizer.load(DEMO);
        assertEquals(6144, tokenizer.vocabularySize());
        assertEquals(OptionalInt.of(6139), tokenizer.tokenId("<|bos|>"));
        assertEquals("<|bos|>", tokenizer.token(6139));
        assertTrue(tokenizer.isSpecial(6139));
        assertFalse(tokenizer.isSpecial(0));
        assertFalse(tokenizer.isSpecial(-1));
        assertEquals(OptionalInt.empty(), tokenizer.tokenId("no such token"));
        assertThrows(CraneException.class, () -> tokenizer.token(6144));
        assertThrows(CraneException.class, () -> tokenizer.token(-1));
        assertEquals(5, tokenizer.addedTokens().size());
    }

    @Test
    void beginningAndEnd() throws IOException {
        Tokenizer demo = Tokenizer.load(DEMO);
        assertEquals(OptionalInt.of(6139), demo.bosId());
        assertEquals(OptionalInt.of(6140), demo.eosId());
        assertTrue(demo.addsBos());
        // without the files beside it, the template tells how a text begins, and nothing how it ends
        Tokenizer alone = Tokenizer.load(DEMO.resolve("tokenizer.json"));
        assertEquals(OptionalInt.of(6139), alone.bosId());
        assertEquals(OptionalInt.empty(), alone.eosId());
        assertArrayEquals(demo.encode("two words", true), demo.encodeWithBos("two words"));
    }

    @Test
    void beginningThatOnlyTheConfigurationNames(@TempDir Path folder) throws IOException {
        Files.copy(GPT2, folder.resolve("tokenizer.json"));
        assertArrayEquals(Tokenizer.load(folder).encode("a", true), Tokenizer.load(folder).encodeWithBos("a"));
        Files.writeString(folder.resolve("special_tokens_map.json"),
                "{\"bos_token\": {\"content\": \"<|endoftext|>\"}, \"eos_token\": \"<|endoftext|>\"}");
        Tokenizer tokenizer = Tokenizer.load(folder);
        assertEquals(OptionalInt.of(0), tokenizer.bosId());
        assertEquals(OptionalInt.of(0), tokenizer.eosId());
        assertFalse(tokenizer.addsBos());
        int[] ids = tokenizer.encode("a", true);
        assertArrayEquals(new int[]{0, ids[0]}, tokenizer.encodeWithBos("a"));
        // tokenizer_config.json goes before special_tokens_map.json, and null in it means that there is none
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"bos_token\": null}");
        assertEquals(OptionalInt.empty(), Tokenizer.load(folder).bosId());
        assertEquals(OptionalInt.of(0), Tokenizer.load(folder).eosId());
        assertArrayEquals(ids, Tokenizer.load(folder).encodeWithBos("a"));
    }

    @Test
    void bytes() {
        Tokenizer tokenizer = Tokenizer.load(DEMO);
        for (String text : new String[]{"", "plain", "Nguyễn Thị Ánh", "中文🙂"}) {
            int sum = 0;
            for (int id : tokenizer.encode(text, true)) {
                sum += tokenizer.byteLength(id);
            }
            assertEquals(text.getBytes(StandardCharsets.UTF_8).length, sum, text);
        }
        assertEquals(0, tokenizer.byteLength(6139));
        assertEquals(0, tokenizer.byteLength(1_000_000));
    }

    @Test
    void idsWithoutTokenStandForNothing() {
        Tokenizer tokenizer = Tokenizer.load(DEMO);
        int a = tokenizer.tokenId("a").getAsInt();
        assertEquals("aa", tokenizer.decode(new int[]{a, 6144, -7, 1_000_000, a}, false));
    }

    @Test
    void loneSurrogates() {
        Tokenizer tokenizer = Tokenizer.load(LLAMA3);
        for (String text : new String[]{"a\ud800", "\udc00a", "\ud800\ud83d\ude42", "\ude42\ud83d"}) {
            String replaced = new String(text.codePoints().map(c -> c >= 0xD800 && c <= 0xDFFF ? 0xFFFD : c).toArray(), 0,
                    text.codePointCount(0, text.length()));
            assertArrayEquals(tokenizer.encode(replaced, false), tokenizer.encode(text, false));
        }
    }

    /** GPT-2's own file: strings for merges, no type, empty affixes. */
    @Test
    void oldestLayout(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("tokenizer.json");
        Files.writeString(file, """
                {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, "decoder": {"type": "ByteLevel"},
                 "model": {"dropout": null, "unk_token": "", "continuing_subword_prefix": "", "end_of_word_suffix": "", "fuse_unk": false,
                 "merges": ["a b", "ab c"], "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4}}}""");
        Tokenizer tokenizer = Tokenizer.load(file);
        assertArrayEquals(new int[]{4, 3, 1, 2}, tokenizer.encode("abcabbc", true));
        // a byte without a token is left out before anything is merged, as in the library
        assertArrayEquals(new int[]{3}, tokenizer.encode("azb", true));
    }

    @Test
    void unknownToken(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("tokenizer.json");
        String json = "{\"model\": {\"type\": \"BPE\", \"unk_token\": \"?\", \"fuse_unk\": %s, \"merges\": [], \"vocab\": {\"a\": 0, \"?\": 1}}}";
        Files.writeString(file, json.formatted(false));
        assertArrayEquals(new int[]{1, 1, 0, 1}, Tokenizer.load(file).encode("xyaz", true));
        Files.writeString(file, json.formatted(true));
        assertArrayEquals(new int[]{1, 0, 1}, Tokenizer.load(file).encode("xyaz", true));
    }

    @Test
    void manyThreadsAtOnce() throws Exception {
        List<String> lines = Files.readAllLines(Path.of("corpora/vi.identify.jsonl"));
        Tokenizer alone = Tokenizer.load(DEMO);
        List<int[]> expected = lines.stream().map(line -> alone.encode(line, true)).toList();
        Tokenizer shared = Tokenizer.load(DEMO);
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<?>> done = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                done.add(threads.submit(() -> {
                    for (int i = 0; i < lines.size(); i++) {
                        assertArrayEquals(expected.get(i), shared.encode(lines.get(i), true));
                    }
                }));
            }
            for (Future<?> each : done) {
                each.get();
            }
        }
    }
}
