package dev.crane.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Against the ids that the tokenizers library gives for the same texts. */
class TokenizeCommandTest {
    private static final Path TOKENIZERS = Path.of("..", "models", "src", "test", "resources", "tokenizers");
    private static final JsonMapper JSON = JsonMapper.shared();

    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private List<String> run(int status, String... args) {
        assertEquals(status, Main.run(args, new PrintWriter(out), new PrintWriter(err)), err.toString());
        List<String> lines = out.toString().lines().toList();
        out.getBuffer().setLength(0);
        return lines;
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama3", "qwen2", "gpt2", "llama2", "gemma", "unigram"})
    void everyGoldenLine(String kind) throws IOException {
        Path golden = TOKENIZERS.resolve(kind).resolve("golden.jsonl");
        Path model = Files.createDirectory(folder.resolve("model"));
        Files.copy(TOKENIZERS.resolve(kind).resolve("tokenizer.json"), model.resolve("tokenizer.json"));
        List<String> expected = Files.readAllLines(golden);
        List<String> withSpecial = run(ExitStatus.OK, "tokenize", "--model", model.toString(), golden.toString());
        List<String> without = run(ExitStatus.OK, "tokenize", "-m", model.toString(), "--no-special", golden.toString());
        assertEquals(expected.size(), withSpecial.size());
        assertEquals(expected.size(), without.size());
        for (int i = 0; i < expected.size(); i++) {
            assertEquals(JSON.readTree(expected.get(i)).get("ids"), JSON.readTree(withSpecial.get(i)).get("ids"), expected.get(i));
            assertEquals(JSON.readTree(expected.get(i)).get("ids_without_special"), JSON.readTree(without.get(i)).get("ids"),
                    expected.get(i));
        }
    }

    @Test
    void chat() throws IOException {
        Files.copy(TOKENIZERS.resolve("qwen2").resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
        Files.writeString(folder.resolve("chat_template.jinja"),
                "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
                        + "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}");
        Path texts = Files.writeString(folder.resolve("texts.txt"), "two words\n");
        Path written = Files.writeString(folder.resolve("written.jsonl"), JSON.writeValueAsString(JSON.createObjectNode().put("text",
                "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\ntwo words<|im_end|>\n<|im_start|>assistant\n")) + "\n");
        String model = folder.toString();
        assertEquals(run(ExitStatus.OK, "tokenize", "-m", model, "--no-special", written.toString()),
                run(ExitStatus.OK, "tokenize", "-m", model, "--chat", "--system", "Be brief.", texts.toString()));
        run(ExitStatus.USAGE, "tokenize", "-m", model, "--system", "x", texts.toString());
        run(ExitStatus.USAGE, "tokenize", "-m", model, "--chat", "--no-special", texts.toString());
        run(ExitStatus.FAILED, "tokenize", "-m", model, "--chat", "--chat-template", "rag", texts.toString());
        assertTrue(err.toString().contains("has no chat template named 'rag'; it has default"), err.toString());
    }

    /** The demo model's texts; their first token is the one that begins texts. */
    @Test
    void textsOfTheDemoModel() throws IOException {
        List<JsonNode> golden = Files.readAllLines(TOKENIZERS.resolve("babel").resolve("tokens.jsonl")).stream()
                .map(JSON::readTree).toList();
        Path texts = folder.resolve("texts.jsonl");
        Files.write(texts, golden.stream().map(line -> "{\"text\": " + line.get("text") + "}").toList());
        List<String> lines = run(ExitStatus.OK, "tokenize", "-m", CommandRun.MODEL.toString(), texts.toString());
        assertEquals(golden.size(), lines.size());
        for (int i = 0; i < golden.size(); i++)
            assertEquals(golden.get(i).get("ids"), JSON.readTree(lines.get(i)).get("ids"));
    }

    @Test
    void linesKeepTheirPlaces() throws IOException {
        Path texts = Files.writeString(folder.resolve("texts.txt"), "one\n\n两个\n");
        List<String> lines = run(ExitStatus.OK, "tokenize", "-m", TOKENIZERS.resolve("gpt2").toString(), texts.toString());
        assertEquals(3, lines.size());
        assertEquals("{\"ids\": []}", lines.get(1));
    }

    @Test
    void mistakesAreOneLine() throws IOException {
        run(ExitStatus.USAGE, "tokenize", "x.txt");
        assertEquals("crane tokenize: missing required option: '--model=DIR' (crane tokenize --help)", err.toString().strip());
        err.getBuffer().setLength(0);
        run(ExitStatus.FAILED, "tokenize", "-m", folder.toString(), "x.txt");
        assertTrue(err.toString().startsWith("crane: " + folder + ": holds neither tokenizer.json nor tokenizer.model"), err.toString());
        assertEquals(1, err.toString().lines().count());
        err.getBuffer().setLength(0);
        Path bad = Files.write(folder.resolve("bad.txt"), new byte[]{'a', '\n', (byte) 0xff, '\n'});
        run(ExitStatus.FAILED, "tokenize", "-m", TOKENIZERS.resolve("gpt2").toString(), bad.toString());
        assertTrue(err.toString().contains("bad.txt: line 2 "), err.toString());
        assertEquals(1, err.toString().lines().count());
    }
}
