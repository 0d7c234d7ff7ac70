package dev.crane.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import dev.crane.analysis.statistics.StatisticsFile;
import dev.crane.engine.CraneException;
import dev.crane.models.safetensors.SafetensorsReader;

/** {@code crane inspect}: what a model folder, a mask or a safetensors file is. */
@Command(name = "inspect", customSynopsis = "crane inspect [OPTIONS] PATH",
        description = "Show what a model folder, a mask, a file of statistics or any safetensors file holds.", footer = {"",
                "Of a model: its layout, its tokenizer, the memory that passes over it take on this machine, and a self-test: whether text comes",
                "back from the tokenizer, whether logits are finite, whether weights are counted once.",
                "",
                "Examples:",
                "  crane inspect models/babel-base",
                "  crane inspect --hooks models/babel-base",
                "  crane inspect vi.mask.json",
                "  crane inspect --json stats/vi.stats.safetensors"})
final class InspectCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "PATH", description = "A model folder, a mask (.json) or a .safetensors file.")
    private Path path;

    @Option(names = "--hooks", description = "Also list where a model's values can be read, masked and scored, with shapes and names.")
    private boolean hooks;

    @Option(names = "--no-test", description = "Do not load a model and run a short text through it.")
    private boolean noTest;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() {
        Inspection inspection = inspect();
        PrintWriter out = spec.commandLine().getOut();
        if (json.asked())
            Json.print(out, inspection);
        else
            inspection.print(out);
        return ExitStatus.OK;
    }

    private Inspection inspect() {
        if (!Files.exists(path))
            throw new CraneException(path + ": there is no such file or folder");
        if (Files.isDirectory(path))
            return ModelInspection.of(path, hooks, !noTest);
        if (hooks)
            throw new CraneException(path + ": is a file; --hooks tells about model folders");
        String name = path.getFileName().toString().toLowerCase(Locale.ROOT);
        if (name.equals("config.json"))
            throw new CraneException(path + ": is a part of a model; inspect the folder it lies in");
        if (name.endsWith(".json"))
            return MaskInspection.of(path);
        if (!name.endsWith(".safetensors"))
            throw new CraneException(
                    path + ": what it is cannot be told from its name; give a model folder, a mask (.json) or a .safetensors "
                            + "file");
        TensorsInspection tensors;
        try (SafetensorsReader reader = SafetensorsReader.open(path)) {
            tensors = TensorsInspection.of(reader);
        }
        return tensors.ownFormat().equals(StatisticsFile.FORMAT) ? StatisticsInspection.of(path) : tensors;
    }
}
