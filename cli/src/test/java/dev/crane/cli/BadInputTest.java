package dev.crane.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** What is wrong with a model, a text, a mask or the output folder, as a person meets it: one line, exit status 1, and nothing half-written. */
class BadInputTest {
    private static final Path TINY = Path.of("..", "models", "src", "test", "resources", "families", "llama");
    private static final Path TEXTS = CommandRun.MODEL.resolveSibling("corpora");

    @TempDir
    Path folder;
    private Path model;
    private Path ids;
    private Path out;

    @BeforeEach
    void aModelOfItsOwn() throws IOException {
        model = Files.createDirectory(folder.resolve("tiny"));
        Files.copy(TINY.resolve("config.json"), model.resolve("config.json"));
        Files.copy(TINY.resolve("model.safetensors"), model.resolve("model.safetensors"));
        ids = Files.writeString(folder.resolve("ids.jsonl"), "{\"ids\": [1, 2, 3, 4]}\n{\"ids\": [4, 3, 2, 1]}\n");
        out = folder.resolve("out");
    }

    /** Scores the texts on the model: fails with this, and leaves nothing behind. */
    private void refused(String what) {
        String line = CommandRun.failure("relevance", "-q", "-m", model, "-c", "en=" + ids, "-n", 2, "-o", out);
        assertTrue(line.startsWith("crane: ") && line.contains(what), line);
        assertNothingWritten();
        assertTrue(CommandRun.failure("score", "-q", "-m", model, ids).contains(what));
    }

    private void assertNothingWritten() {
        if (Files.notExists(out))
            return;
        try (Stream<Path> files = Files.walk(out)) {
            assertEquals(0, files.filter(Files::isRegularFile).filter(file -> !file.endsWith(".lock")).count());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aSoundModelRuns() throws IOException {
        CommandRun.output("relevance", "-q", "-m", model, "-c", "en=" + ids, "-n", 2, "-o", out);
        assertTrue(Files.size(out.resolve("en.stats.safetensors")) > 0);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
            "hole | {'s':{'dtype':'U8','shape':[1],'data_offsets':[0,1]},'t':{'dtype':'U8','shape':[2],'data_offsets':[2,4]}} | belong to no tensor",
            "overlap | {'s':{'dtype':'U8','shape':[3],'data_offsets':[0,3]},'t':{'dtype':'U8','shape':[2],'data_offsets':[2,4]}} | inside tensor 's'",
            "duplicate key | {'t':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},'t':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}} | Duplicate",
            "missing tensors | {'model.norm.weight':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}} | that config.json asks for are missing"})
    void tensorFiles(String name, String header, String what) throws IOException {
        safetensors(header.replace('\'', '"'), -1);
        refused(what);
    }

    private void safetensors(String header, long claimed) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        Files.write(model.resolve("model.safetensors"), ByteBuffer.allocate(8 + json.length + 4).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(claimed < 0 ? json.length : claimed).put(json).array());
    }

    @Test
    void truncatedAndOversized() throws IOException {
        byte[] whole = Files.readAllBytes(TINY.resolve("model.safetensors"));
        Files.write(model.resolve("model.safetensors"), Arrays.copyOf(whole, whole.length - 100));
        refused("is cut off");
        safetensors("{}", 100_000_001);
        refused("claims a header of 100000001 bytes");
    }

    /** Changes the header of the sound file, byte for byte of the same length, and perhaps the last bytes of its data. */
    private void change(String from, String to, int last) throws IOException {
        byte[] bytes = Files.readAllBytes(model.resolve("model.safetensors"));
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        byte[] changed = text.replace(from, to).getBytes(StandardCharsets.ISO_8859_1);
        assertEquals(bytes.length, changed.length);
        if (last >= 0)
            changed[changed.length - 1] = changed[changed.length - 2] = (byte) last;
        Files.write(model.resolve("model.safetensors"), changed);
    }

    @Test
    void typesAndValues() throws IOException {
        change("\"BF16\"", "\"I16\" ", -1);
        refused("weights must be F32, F16 or BF16");
        change("\"I16\" ", "\"BF16\"", 0xFF); // bf16 0xFFFF is a NaN
        refused("holds a NaN or infinity");
    }

    @Test
    void configurations() throws IOException {
        String config = Files.readString(model.resolve("config.json"));
        Files.writeString(model.resolve("config.json"), config.replace("\"intermediate_size\": 96", "\"intermediate_size\": 128"));
        refused("config.json asks for [128, 64]");
        Files.writeString(model.resolve("config.json"), config.replace("LlamaForCausalLM", "MambaForCausalLM"));
        refused("architecture 'MambaForCausalLM' is not supported");
    }

    @Test
    void shardsThatLeaveTheFolder() throws IOException {
        Files.move(model.resolve("model.safetensors"), folder.resolve("secret.safetensors"));
        Files.writeString(model.resolve("model.safetensors.index.json"),
                "{\"weight_map\": {\"model.norm.weight\": \"../secret.safetensors\"}}");
        refused("is not that of a safetensors file in this folder");
    }

    @Test
    void texts() throws IOException {
        Files.writeString(ids, "{\"ids\": [1, 2]}\n\n");
        refused("ids.jsonl: line 2 is empty");
        Files.write(ids, new byte[]{'{', '"', 'i', (byte) 0xE9, '\n'});
        refused("ids.jsonl: line 1 is not UTF-8");
        // Too long for the model: relevance and perplexity cut and window it, a score of every token is refused.
        Files.writeString(ids, "{\"ids\": [1" + ", 2".repeat(100_000) + "]}\n");
        assertTrue(CommandRun.failure("score", "-q", "-m", model, ids)
                .contains("ids.jsonl: line 1 has 100001 tokens, and the model reads at most"));
    }

    @Test
    void masks() throws IOException {
        for (String[] bad : new String[][]{{"another", "0", "was found on another"}, {"babel-base", "512", "is out of range"}}) {
            Path mask = Files.writeString(folder.resolve("en.mask.json"), "{\"format\": \"crane/mask@1\", \"model\": \"" + bad[0]
                    + "\", \"intervention\": \"zero\", \"units\": {\"model.layers.0.mlp.neuron\": [" + bad[1] + "]}}");
            String line = CommandRun.failure("eval", "-q", "-m", CommandRun.MODEL, "--mask", mask, "-p",
                    "en=" + TEXTS.resolve("en.heldout.jsonl"),
                    "--documents", 1, "-o", out);
            assertTrue(line.contains("en.mask.json") && line.contains(bad[2]), line);
            assertNothingWritten();
        }
    }

    @Test
    void outputFoldersThatCannotBe() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "mine");
        for (Path wrong : new Path[]{file, file.resolve("out")}) {
            String line = CommandRun.failure("relevance", "-q", "-m", model, "-c", "en=" + ids, "-n", 2, "-o", wrong);
            assertTrue(line.startsWith("crane: cannot write " + wrong), line);
        }
        assertEquals("mine", Files.readString(file));
    }
}
