package dev.crane.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.analysis.mask.MaskFile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

class ConvertCommandTest {
    private static final Path LAPE = Path.of("..", "analysis", "src", "test", "resources", "methods", "lape.pth");

    @TempDir
    Path folder;

    @Test
    void publishedNeuronsThroughEveryFormAndBack() throws IOException {
        Path masks = folder.resolve("masks");
        List<String> lines = CommandRun.lines("convert", "-m", CommandRun.MODEL, "--languages", "en,zh,vi", LAPE, masks);
        assertEquals(3, lines.size());
        assertTrue(lines.getFirst().endsWith("en.mask.json: 10 units of babel-base"), lines.getFirst());
        Path unnamed = Files.copy(LAPE, folder.resolve("llama-70b")); // as LAPE's script names its files
        assertEquals(3, CommandRun.lines("convert", "-m", CommandRun.MODEL, "--languages", "en,zh,vi", unnamed, masks).size());
        Path mask = masks.resolve("vi.mask.json");
        Path tensors = folder.resolve("vi.safetensors");
        Path csv = folder.resolve("vi.csv");
        Path back = folder.resolve("vi.mask.json");
        CommandRun.output("convert", mask, tensors);
        CommandRun.output("convert", tensors, back);
        assertEquals(Files.readString(mask), Files.readString(back));
        CommandRun.output("convert", tensors, csv);
        assertTrue(CommandRun.output("convert", csv, back).contains("of no model by name"));
        assertEquals(MaskFile.read(mask).mask(), MaskFile.read(back).mask());
        CommandRun.output("convert", "-m", CommandRun.MODEL, csv, back);
        assertEquals(MaskFile.read(mask).model(), MaskFile.read(back).model());
        CommandRun.output("generate", "-q", "-m", CommandRun.MODEL, "--mask", back, "-n", 1, "x"); // it can be used
        assertTrue(CommandRun.output("inspect", tensors).contains("model.layers."));
    }

    @Test
    void statisticsAndSamplesAsTables() throws IOException {
        Path text = Files.writeString(folder.resolve("en.txt"), "The river flows.\nWater boils.\nA book.\nRain falls.\n");
        CommandRun.output("relevance", "-q", "-m", CommandRun.MODEL, "-c", "en=" + text, "-n", 4, "--per-sample", "--units", "mlp.neuron",
                "-o", folder);
        Path csv = folder.resolve("en.csv");
        assertEquals(csv + ": 3,072 rows", CommandRun.output("convert", folder.resolve("en.stats.safetensors"), csv).strip());
        assertTrue(Files.readAllLines(csv).get(1).startsWith("en,model.layers.0.mlp.neuron,mlp.neuron,0,0,4,"),
                Files.readAllLines(csv).get(1));
        Path parquet = folder.resolve("samples.parquet");
        assertEquals(parquet + ": 12,288 rows",
                CommandRun.output("convert", "-q", folder.resolve("en.samples.safetensors"), parquet).strip());
        assertTrue(Files.size(parquet) > 12_288);
        assertTrue(CommandRun.failure("convert", folder.resolve("en.stats.safetensors"), folder.resolve("x.json"))
                .contains("x.json: tables are written as .csv or .parquet"));
    }

    @Test
    void mistakesAreOneLine() throws IOException {
        Path csv = Files.writeString(folder.resolve("a.csv"), "module,unit\nmodel.layers.9.mlp.neuron,1\n");
        assertTrue(CommandRun.failure("convert", "-m", CommandRun.MODEL, csv, folder.resolve("a.mask.json"))
                .contains("there is no model.layers.9"));
        assertTrue(CommandRun.failure("convert", csv, folder.resolve("a.safetensors")).contains("give its model with --model DIR"));
        assertTrue(CommandRun.failure("convert", csv, folder.resolve("a.txt")).contains("a mask is written as"));
        assertTrue(CommandRun.failure("convert", folder.resolve("b.csv"), csv).contains("there is no such file"));
        assertTrue(CommandRun.failure("convert", folder, csv).contains("what it is cannot be told from its name"));
        assertTrue(CommandRun.usageError("convert", LAPE, folder.resolve("x")).contains("give --model DIR"));
        assertTrue(CommandRun.usageError("convert", "--site", "mlp.act", csv, csv).contains("are about .pth files"));
        assertTrue(
                CommandRun.failure("convert", "-m", CommandRun.MODEL, LAPE, folder.resolve("x.csv")).contains("are written to a folder"));
        assertTrue(CommandRun.failure("convert", "-m", CommandRun.MODEL, LAPE, folder.resolve("x")).contains("does not name them"));
        assertEquals(List.of("a.csv"), List.of(folder.toFile().list()));
    }
}
