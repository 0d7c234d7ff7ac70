package dev.crane.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class ExportCommandTest {
    @TempDir
    Path folder;
    private Path mask;
    private Path out;

    @BeforeEach
    void aMask() throws IOException {
        mask = Files.writeString(folder.resolve("vi.mask.json"), "{\"format\": \"crane/mask@1\", \"model\": \"babel-base\", "
                + "\"intervention\": \"zero\", \"units\": {\"model.layers.1.mlp.neuron\": [0, 7, 511], \"model.layers.2.mlp.gate_proj\": [3]}}");
        out = folder.resolve("masked");
    }

    private String[] export(Object... more) {
        List<Object> args = new ArrayList<>(List.of("export", "-q", "-m", CommandRun.MODEL, "--mask", mask, "-o", out));
        args.addAll(List.of(more));
        return args.stream().map(Object::toString).toArray(String[]::new);
    }

    @Test
    void theCopyScoresAsTheMaskedModel() throws IOException {
        JsonNode json = JsonMapper.shared().readTree(CommandRun.output((Object[]) export("--json")));
        assertEquals("crane/export@1", json.get("format").asString());
        assertEquals(4, json.get("units").asInt());
        assertEquals("[\"model.layers.1.mlp.down_proj.weight\",\"model.layers.2.mlp.gate_proj.weight\"]", json.get("tensors").toString());
        Path text = Files.writeString(folder.resolve("text.txt"), "The river flows to the sea.\n河水流向大海。\n");
        CommandRun.output("eval", "-q", "-m", CommandRun.MODEL, "--mask", mask, "-p", "vi=" + text, "-o", folder.resolve("a"));
        CommandRun.output("eval", "-q", "-m", out, "-p", "vi=" + text, "-o", folder.resolve("b"));
        String masked = Files.readAllLines(folder.resolve("a/matrix.csv")).getLast();
        String copied = Files.readAllLines(folder.resolve("b/matrix.csv")).getLast();
        assertEquals(masked.split(",")[7], copied.split(",")[7]);
        assertArrayEquals(Files.readAllBytes(mask), Files.readAllBytes(out.resolve("applied.mask.json")));
        // What was found on the unmasked model is no mask of the copy without a word.
        assertTrue(CommandRun.failure("generate", "-q", "-m", out, "--mask", mask, "-n", 1, "x").contains("was found on babel-base"));
    }

    @Test
    void mistakesAreOneLine() throws IOException {
        CommandRun.output((Object[]) export());
        assertTrue(CommandRun.failure((Object[]) export()).contains("there is something in it already"));
        Files.writeString(mask, Files.readString(mask).replace("511", "512"));
        assertTrue(CommandRun.failure((Object[]) export()).contains("row 512 of model.layers.1.mlp.neuron is out of range"));
        assertTrue(CommandRun.usageError("export", "-m", CommandRun.MODEL, "-o", out).contains("--mask"));
    }
}
