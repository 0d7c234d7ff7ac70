package dev.crane.models.tokenizer;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.engine.CraneException;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** {@code tokenizer.model} files against SentencePiece (0.2.2) itself. */
class SentencePieceTest {
    private static final Path RESOURCES = GoldenTokenizerTest.RESOURCES.resolve("sentencepiece");
    private static final JsonMapper JSON = new JsonMapper();

    @ParameterizedTest
    @ValueSource(strings = {"bpe-llama", "bpe-gemma", "bpe-unknown", "unigram-nmt", "unigram-rules"})
    void everyLineLikeTheLibrary(String name) throws IOException {
        Tokenizer tokenizer = Tokenizer.load(RESOURCES.resolve(name + ".model"));
        List<String> wrong = new ArrayList<>();
        for (String line : Files.readAllLines(RESOURCES.resolve(name + ".jsonl"))) {
            JsonNode golden = JSON.readTree(line);
            JsonNode ids = JSON.valueToTree(tokenizer.encode(golden.get("text").stringValue(), false));
            if (!ids.equals(golden.get("ids"))) {
                wrong.add(line + " gives " + ids);
            } else if (golden.hasNonNull("decoded")) {
                String decoded = tokenizer.decode(GoldenTokenizerTest.ids(ids), true);
                if (!decoded.equals(golden.get("decoded").stringValue())) {
                    wrong.add(line + " gives " + JSON.valueToTree(decoded));
                }
            }
        }
        assertEquals(List.of(), wrong);
    }

    /** The files that the tokenizers library reads, written as SentencePiece models: the same ids for every golden line. */
    @ParameterizedTest
    @CsvSource({"llama2, true", "gemma, false"})
    void goldenVocabularies(String kind, boolean blankInFront, @TempDir Path folder) throws IOException {
        Path golden = GoldenTokenizerTest.RESOURCES.resolve(kind);
        JsonNode vocabulary = JSON.readTree(golden.resolve("tokenizer.json").toFile()).get("model").get("vocab");
        Files.write(folder.resolve("tokenizer.model"), model(vocabulary, blankInFront));
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"bos_token\": " + (blankInFront ? "\"<s>\"" : "\"<bos>\"") + "}");
        Tokenizer tokenizer = Tokenizer.load(folder);
        for (String line : Files.readAllLines(golden.resolve("golden.jsonl"))) {
            JsonNode expected = JSON.readTree(line);
            int[] ids = GoldenTokenizerTest.ids(expected.get("ids"));
            assertArrayEquals(ids, tokenizer.encode(expected.get("text").stringValue(), true), line);
            // the golden file takes byte tokens for special ones, which they are not, and so leaves them out of "decoded"
            assertEquals(expected.get("decoded_with_special").stringValue(), tokenizer.decode(ids, false), line);
        }
    }

    /** A BPE model with these pieces, whose names tell what they are. */
    private static byte[] model(JsonNode vocabulary, boolean blankInFront) {
        ByteArrayOutputStream model = new ByteArrayOutputStream();
        int bos = -1;
        for (Map.Entry<String, JsonNode> piece : vocabulary.properties()) {
            String text = piece.getKey();
            int id = piece.getValue().intValue();
            int kind = text.equals("<unk>")
                    ? 2
                    : text.matches("<0x..>") ? 6 : text.matches("<.*_turn>") ? 4 : text.matches("</?[a-z]+>") ? 3 : 1;
            bos = text.equals("<s>") || text.equals("<bos>") ? id : bos;
            ByteArrayOutputStream message = new ByteArrayOutputStream();
            field(message, 1, text.getBytes(StandardCharsets.UTF_8));
            message.write(2 << 3 | 5);
            message.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(kind == 1 ? -id : 0).array());
            number(message, 3, kind);
            field(model, 1, message.toByteArray());
        }
        ByteArrayOutputStream trainer = new ByteArrayOutputStream();
        number(trainer, 3, 2);
        number(trainer, 35, 1);
        number(trainer, 41, bos);
        field(model, 2, trainer.toByteArray());
        ByteArrayOutputStream normalizer = new ByteArrayOutputStream();
        number(normalizer, 3, blankInFront ? 1 : 0);
        number(normalizer, 4, 0);
        field(model, 3, normalizer.toByteArray());
        return model.toByteArray();
    }

    private static void number(ByteArrayOutputStream message, int field, int value) {
        varint(message, field << 3);
        varint(message, value);
    }

    private static void field(ByteArrayOutputStream message, int field, byte[] content) {
        varint(message, field << 3 | 2);
        varint(message, content.length);
        message.writeBytes(content);
    }

    private static void varint(ByteArrayOutputStream message, int value) {
        int rest = value;
        while (rest > 0x7F) {
            message.write((rest & 0x7F) | 0x80);
            rest >>>= 7;
        }
        message.write(rest);
    }

    @Test
    void filesBesideTheModel(@TempDir Path folder) throws IOException {
        Files.copy(RESOURCES.resolve("bpe-llama.model"), folder.resolve("tokenizer.model"));
        Files.writeString(folder.resolve("added_tokens.json"), "{\"<extra>\": 3000}");
        Path config = folder.resolve("tokenizer_config.json");
        Files.writeString(config, "{\"add_bos_token\": false, \"add_eos_token\": true, \"added_tokens_decoder\": {\"3001\": "
                + "{\"content\": \"<turn>\", \"special\": true, \"rstrip\": true}}}");
        Tokenizer legacy = Tokenizer.load(folder);
        int[] a = Tokenizer.load(folder.resolve("tokenizer.model")).encode("a", false);
        assertArrayEquals(new int[]{a[0], 3000, a[0], 3001, a[0], 2}, legacy.encode("a<extra>a<turn> a", true));
        assertEquals("a<extra> a a", legacy.decode(legacy.encode("a<extra>a<turn> a", true), true));
        assertTrue(legacy.isSpecial(3001));
        assertFalse(legacy.isSpecial(3000));
        // new behaviour: a blank at the start of the text only
        Files.writeString(config, "{\"legacy\": false}");
        int[] ids = Tokenizer.load(folder).encode("a<extra>a", true);
        assertArrayEquals(new int[]{1, a[0], 3000, Tokenizer.load(folder).tokenId("a").getAsInt()}, ids);
    }

    @Test
    void damagedFiles(@TempDir Path folder) throws IOException {
        byte[] whole = Files.readAllBytes(RESOURCES.resolve("bpe-llama.model"));
        Path file = folder.resolve("tokenizer.model");
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 600; i++) {
            byte[] damaged = i < 300 ? Arrays.copyOf(whole, i < 100 ? i : random.nextInt(whole.length)) : whole.clone();
            for (int k = 0; i >= 300 && k < 1 + i % 3; k++) {
                damaged[random.nextInt(i % 2 == 0 ? 100 : damaged.length)] = (byte) random.nextInt();
            }
            Files.write(file, damaged);
            try {
                Tokenizer.load(file).encode("any text", true); // some damage only changes the vocabulary
            } catch (CraneException e) {
                assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
                assertEquals(1, e.getMessage().lines().count(), e.getMessage());
            }
        }
        // a map of characters whose every unit points anywhere
        byte[] nmt = Files.readAllBytes(RESOURCES.resolve("unigram-nmt.model"));
        for (int i = 0; i < 30; i++) {
            byte[] damaged = nmt.clone();
            for (int k = 0; k < 20_000; k++) {
                damaged[nmt.length - 230_000 + random.nextInt(200_000)] = (byte) random.nextInt();
            }
            Files.write(file, damaged);
            Tokenizer.load(file).encode("Ｎｏ text ﬁ é ½", true);
        }
    }
}
