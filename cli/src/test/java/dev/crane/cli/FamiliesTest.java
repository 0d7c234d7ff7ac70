package dev.crane.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Collectors;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.crane.models.safetensors.SafetensorsReader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The commands on a small model of every family; they have no tokenizer, so texts come as token ids. */
class FamiliesTest {
    private static final Path FAMILIES = Path.of("..", "models", "src", "test", "resources", "families");

    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0}")
    @CsvSource({"llama, model.layers.L.mlp.gate_proj model.layers.L.mlp.up_proj model.layers.L.mlp.down_proj model.layers.L.mlp.neuron",
            "mistral, model.layers.L.mlp.gate_proj model.layers.L.mlp.up_proj model.layers.L.mlp.down_proj model.layers.L.mlp.neuron",
            "qwen2, model.layers.L.mlp.gate_proj model.layers.L.mlp.up_proj model.layers.L.mlp.down_proj model.layers.L.mlp.neuron",
            "qwen3, model.layers.L.mlp.gate_proj model.layers.L.mlp.up_proj model.layers.L.mlp.down_proj model.layers.L.mlp.neuron",
            "gemma2, model.layers.L.mlp.gate_proj model.layers.L.mlp.up_proj model.layers.L.mlp.down_proj model.layers.L.mlp.neuron",
            "gemma3, model.layers.L.mlp.gate_proj model.layers.L.mlp.up_proj model.layers.L.mlp.down_proj model.layers.L.mlp.neuron",
            "phi3, model.layers.L.mlp.gate_up_proj model.layers.L.mlp.down_proj model.layers.L.mlp.neuron",
            "phi, model.layers.L.mlp.fc1 model.layers.L.mlp.fc2 model.layers.L.mlp.neuron",
            "gpt_neox, gpt_neox.layers.L.mlp.dense_h_to_4h gpt_neox.layers.L.mlp.dense_4h_to_h gpt_neox.layers.L.mlp.neuron",
            "bloom, transformer.h.L.mlp.dense_h_to_4h transformer.h.L.mlp.dense_4h_to_h transformer.h.L.mlp.neuron",
            "opt, model.decoder.layers.L.fc1 model.decoder.layers.L.fc2 model.decoder.layers.L.mlp.neuron",
            "gpt2, transformer.h.L.mlp.c_fc transformer.h.L.mlp.c_proj transformer.h.L.mlp.neuron"})
    void fromTextsToTheMatrix(String family, String names) throws IOException {
        Path model = FAMILIES.resolve(family);
        Path low = texts("low", 3, 150);
        Path high = texts("high", 150, 320);
        Path stats = folder.resolve("stats");
        Path masks = folder.resolve("masks");
        CommandRun.output("relevance", "-q", "-m", model, "-c", "low=" + low, "-c", "high=" + high, "-n", 6, "-o", stats);
        // Units are named by the modules that the model's own files have.
        try (SafetensorsReader reader = SafetensorsReader.open(stats.resolve("low.stats.safetensors"))) {
            assertEquals(new TreeSet<>(List.of(names.split(" "))), reader.names().stream()
                    .map(name -> name.substring(0, name.lastIndexOf('.')).replaceFirst("\\.\\d+\\.", ".L."))
                    .collect(Collectors.toCollection(TreeSet::new)));
        }
        CommandRun.output("select", "--stats", stats, "--method", "crane", "--budget", 20, "-o", masks);
        Path mask = masks.resolve("low.mask.json");
        assertTrue(Files.readString(mask).contains("\"" + names.split(" ")[0].substring(0, names.indexOf(".L."))), Files.readString(mask));
        CommandRun.output("eval", "-q", "-m", model, "--mask", mask, "-p", "low=" + low, "-p", "high=" + high, "-o",
                folder.resolve("results"));
        List<String> rows = Files.readAllLines(folder.resolve("results").resolve("matrix.csv"));
        assertEquals(5, rows.size());
        assertTrue(rows.subList(3, 5).stream().noneMatch(row -> row.endsWith(",0.0") || row.contains("NaN")), rows.toString());
        List<String> plain = CommandRun.lines("generate", "-m", model, "--prompts", low, "-n", 4);
        assertEquals(8, plain.size());
        assertEquals(8, CommandRun.lines("generate", "-m", model, "--mask", mask, "--prompts", low, "-n", 4).size());
        String inspected = CommandRun.output("inspect", "--hooks", model);
        for (String name : names.split(" "))
            assertTrue(inspected.contains(name), name + " in " + inspected);
    }

    private Path texts(String name, int from, int to) throws IOException {
        Random random = new Random(from);
        List<String> lines = new ArrayList<>();
        for (int line = 0; line < 8; line++)
            lines.add("{\"ids\": " + random.ints(16, from, to).boxed().toList() + "}");
        return Files.write(folder.resolve(name + ".jsonl"), lines);
    }
}
