package dev.crane.models.tokenizer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.engine.CraneException;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Damaged and hostile files: each gives one line that names the file and what is wrong in it. */
class HostileTokenizerTest {
    private static final String MODEL = "{\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"b\": 1, \"ab\": 2, \"<s>\": 3}, \"merges\": [[\"a\", \"b\"]]}";

    @TempDir
    private Path folder;

    private static Arguments model(String what, String model) {
        return Arguments.of(what, "{\"model\": " + model + "}");
    }

    private static Arguments section(String what, String name, String value) {
        return Arguments.of(what, "{\"model\": " + MODEL + ", \"" + name + "\": " + value + "}");
    }

    private static String vocabulary(String vocabulary) {
        return "{\"type\": \"BPE\", \"vocab\": " + vocabulary + ", \"merges\": []}";
    }

    private static String unigram(String unknown, String vocabulary) {
        return "{\"type\": \"Unigram\", \"unk_id\": " + unknown + ", \"vocab\": [" + vocabulary + "]}";
    }

    private static String merges(String merges) {
        return MODEL.replace("[[\"a\", \"b\"]]", merges);
    }

    static Stream<Arguments> files() {
        String template = "{\"type\": \"TemplateProcessing\", \"single\": %s, \"special_tokens\": {\"<s>\": {\"id\": \"<s>\", \"ids\": [%s]}}}";
        String sequenceA = "{\"Sequence\": {\"id\": \"A\"}}";
        String special = "{\"SpecialToken\": {\"id\": \"<s>\"}}";
        return Stream.of(Arguments.of("is not valid JSON", "not JSON at all"), //
                Arguments.of("is not a JSON object", ""), //
                Arguments.of("is not a JSON object", "[1, 2]"), //
                Arguments.of("is not valid JSON", "{\"model\": {\"vocab\": {\"a\": 0, "), //
                Arguments.of("something follows", "{\"model\": " + MODEL + "} {}"), //
                Arguments.of("is not valid JSON", "{\"model\": " + MODEL + ", \"model\": " + MODEL + "}"), //
                Arguments.of("has no \"model\"", "{}"), //
                Arguments.of("model is not an object", "{\"model\": 3}"), //
                Arguments.of("nesting depth", "{\"normalizer\": " + "[".repeat(1_000_000)), //
                Arguments.of("nesting depth", "{\"model\": {\"type\": " + "[".repeat(1_000_000)), //
                Arguments.of("is not a token with its score", "{\"model\": {\"vocab\": " + "[".repeat(1_000_000)), //
                model("unknown tokenizer model 'WordLevel'", "{\"type\": \"WordLevel\", \"vocab\": {\"a\": 0}}"), //
                model("has no \"unk_token\"", "{\"type\": \"WordPiece\", \"vocab\": {\"a\": 0}}"), //
                model("unk_id: is not a whole number from 0 to 0", unigram("3", "[\"a\", -1.0]")), //
                model("has an empty vocabulary", unigram("0", "")), //
                model("model.vocab[1]: is not a token with its score", unigram("0", "[\"a\", -1], [\"b\", \"c\"]")), //
                model("model.vocab[0]: is not a token with its score", unigram("0", "[\"a\", 1e999]")), //
                model("model.vocab[0]: is not a token with its score", unigram("0", "[\"a\", 1, 2]")), //
                model("model.vocab[0]: is not a token with its score", unigram("0", "\"a\"")), //
                model("the token 'a' has the ids 0 and 1", unigram("0", "[\"a\", -1], [\"a\", -1]")), //
                model("is not valid JSON", "{\"type\": \"Unigram\", \"vocab\": [[\"a\""), //
                model("has no \"vocab\" of tokens with scores", "{\"type\": \"Unigram\", \"vocab\": {\"a\": 0}}"), //
                model("unknown tokenizer model", "{\"vocab\": {\"a\": 0}}"), //
                model("has no \"vocab\"", "{\"type\": \"BPE\", \"merges\": []}"), //
                model("has no \"merges\"", "{\"type\": \"BPE\", \"vocab\": {}}"), //
                model("\"dropout\" is unknown", MODEL.replace("{\"type\"", "{\"dropout\": 0.1, \"type\"")), //
                model("\"end_of_word_suffix\" is unknown", MODEL.replace("{\"type\"", "{\"end_of_word_suffix\": \"</w>\", \"type\"")), //
                model("has no '<unk>'", MODEL.replace("{\"type\"", "{\"unk_token\": \"<unk>\", \"type\"")), //
                model("the id of 'a'", vocabulary("{\"a\": -1}")), //
                model("the id of 'a'", vocabulary("{\"a\": 16777216}")), //
                model("the id of 'a'", vocabulary("{\"a\": 99999999999999999999}")), //
                model("the id of 'a'", vocabulary("{\"a\": 1.5}")), //
                model("the id of 'a'", vocabulary("{\"a\": \"1\"}")), //
                model("the id of 'a b'", vocabulary("{\"a\\nb\": null}")), //
                model("has the id 0, which 'a' has already", vocabulary("{\"a\": 0, \"b\": 0}")), //
                model("is not valid JSON", vocabulary("{\"a\": 0, \"a\": 1}")), //
                model("merges[1]: the vocabulary has no 'z'", merges("[[\"a\", \"b\"], [\"z\", \"a\"]]")), //
                model("merges[0]: the vocabulary has no 'ba'", merges("[\"b a\"]")), //
                model("merges[0]", merges("[\"a b c\"]")), //
                model("merges[0]", merges("[[\"a\"]]")), //
                model("merges[0]", merges("[[\"a\", \"b\", \"a\"]]")), //
                model("merges[0]", merges("[7]")), //
                section("normalizer: has no 'precompiled_charsmap'", "normalizer", "{\"type\": \"Precompiled\"}"), //
                section("precompiled_charsmap: is no map of characters", "normalizer",
                        "{\"type\": \"Precompiled\", \"precompiled_charsmap\": \"/////wAAAAA=\"}"), //
                section("precompiled_charsmap: is not base64", "normalizer",
                        "{\"type\": \"Precompiled\", \"precompiled_charsmap\": \"!\"}"), //
                section("normalizer: has no 'type'", "normalizer", "{}"), //
                section("normalizers[1]: unknown normalizer 'Mnt'", "normalizer",
                        "{\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"NFC\"}, {\"type\": \"Mnt\"}]}"), //
                section("pretokenizers[0]: unknown pre-tokenizer 'UnicodeScripts'", "pre_tokenizer",
                        "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"UnicodeScripts\"}]}"), //
                section("replacement: is not one character", "pre_tokenizer", "{\"type\": \"Metaspace\", \"replacement\": \"__\"}"), //
                section("unknown scheme 'last'", "pre_tokenizer",
                        "{\"type\": \"Metaspace\", \"replacement\": \"_\", \"prepend_scheme\": \"last\"}"), //
                section("pre_tokenizer: is not an object", "pre_tokenizer", "\"ByteLevel\""), //
                section("use_regex: is not true or false", "pre_tokenizer", "{\"type\": \"ByteLevel\", \"use_regex\": 1}"), //
                section("regular expression", "pre_tokenizer",
                        "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"(\"}, \"behavior\": \"Isolated\"}"), //
                section("regular expression", "pre_tokenizer",
                        "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"" + "(".repeat(200_000) + "\"}, \"behavior\": \"Isolated\"}"), //
                section("unknown behavior 'Lost'", "pre_tokenizer",
                        "{\"type\": \"Split\", \"pattern\": {\"String\": \"a\"}, \"behavior\": \"Lost\"}"), //
                section("pattern: is neither", "pre_tokenizer", "{\"type\": \"Split\", \"pattern\": {}, \"behavior\": \"Isolated\"}"), //
                section("unknown decoder 'CTC'", "decoder", "{\"type\": \"CTC\"}"), //
                section("unknown post-processor 'Other'", "post_processor", "{\"type\": \"Other\"}"), //
                section("cls: is not a token and its id", "post_processor", "{\"type\": \"BertProcessing\", \"cls\": 3}"), //
                section("cls[1]: the vocabulary has no token with the id 9", "post_processor",
                        "{\"type\": \"BertProcessing\", \"cls\": [\"a\", 9], \"sep\": [\"a\", 0]}"), //
                section("no token with the id 9", "post_processor", template.formatted("[" + special + ", " + sequenceA + "]", "9")), //
                section("is not a whole number", "post_processor", template.formatted("[" + special + ", " + sequenceA + "]", "-3")), //
                section("has no '<t>'", "post_processor",
                        template.formatted("[" + special.replace("<s>", "<t>") + ", " + sequenceA + "]", "3")), //
                section("leaves out the text", "post_processor", template.formatted("[" + special + "]", "3")), //
                section("is a second text", "post_processor", template.formatted("[" + sequenceA + ", " + sequenceA + "]", "3")), //
                section("added_tokens: is not an array", "added_tokens", "{}"), //
                section("added_tokens[0].id: is not a whole number", "added_tokens", "[{\"id\": 16777216, \"content\": \"x\"}]"), //
                section("added_tokens[0]: has no 'content'", "added_tokens", "[{\"id\": 4}]"), //
                section("the token 'a' has the ids 0 and 4", "added_tokens", "[{\"id\": 4, \"content\": \"a\"}]"), //
                section("the token 'x' has the id 0, which 'a' has already", "added_tokens", "[{\"id\": 0, \"content\": \"x\"}]"));
    }

    @ParameterizedTest
    @MethodSource("files")
    void oneClearLine(String what, String json) throws IOException {
        Path file = folder.resolve("tokenizer.json");
        Files.writeString(file, json);
        assertOneLine(what, file, file);
    }

    @Test
    void invalidUtf8() throws IOException {
        Path file = folder.resolve("tokenizer.json");
        byte[] json = ("{\"model\": " + MODEL.replace("<s>", "<!>") + "}").getBytes(StandardCharsets.UTF_8);
        json[new String(json, StandardCharsets.UTF_8).indexOf('!')] = (byte) 0xFF;
        Files.write(file, json);
        assertOneLine("UTF-8", file, file);
    }

    @Test
    void missingFiles() {
        assertOneLine("no such file", folder.resolve("nowhere"), folder.resolve("nowhere"));
        assertOneLine("holds neither tokenizer.json nor tokenizer.model", folder, folder);
    }

    @Test
    void filesBesideTheTokenizer() throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), "{\"model\": " + MODEL + "}");
        Path config = folder.resolve("tokenizer_config.json");
        Files.writeString(config, "{\"bos_token\": \"<nowhere>\"}");
        assertOneLine("has no token '<nowhere>'", folder, config);
        Files.writeString(config, "{\"bos_token\": 3}");
        assertOneLine("is not a string", folder, config);
        Files.writeString(config, "[]");
        assertOneLine("is not a JSON object", folder, config);
        Files.writeString(config, "{");
        assertOneLine("is not valid JSON", folder, config);
        // the tokenizer itself needs none of them
        assertArrayEquals(new int[]{2}, Tokenizer.load(folder.resolve("tokenizer.json")).encode("ab", true));
    }

    private static void assertOneLine(String what, Path path, Path named) {
        CraneException e = assertThrows(CraneException.class, () -> Tokenizer.load(path));
        assertTrue(e.getMessage().contains(what), e.getMessage());
        assertTrue(e.getMessage().startsWith(named + ": "), e.getMessage());
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
        assertTrue(e.getMessage().length() < 500 + named.toString().length(), e.getMessage());
    }
}
