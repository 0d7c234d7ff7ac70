package dev.crane.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

import dev.crane.analysis.Progress;
import dev.crane.analysis.mask.MaskFile;
import dev.crane.analysis.mask.MaskedModel;
import dev.crane.models.ModelFolder;
import dev.crane.models.export.MaskedCopy;

/** {@code crane export}: a copy of a model folder with a mask in its weights, for any other tool. */
@Command(name = "export", description = "Write a masked copy of a model folder, for any other tool.", footer = {"",
        "The rows of masked units, with their biases, are zero in the copy; where a mask names neurons of the gated product, the columns of the",
        "down projection that read them. All else is the same to the byte. Weights in other formats than safetensors are left out.", "",
        "Example:",
        "  crane export -m models/babel-base --mask masks/vi.mask.json --out babel-base-without-vi"})
final class ExportCommand implements Callable<Integer> {
    private static final long MEGABYTE = 1_000_000;

    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Crane crane;

    @Option(names = {"-m", "--model"}, required = true, paramLabel = "DIR", description = "Model folder with safetensors files.")
    private Path model;

    @Option(names = "--mask", required = true, paramLabel = "FILE", description = "The mask (LANG.mask.json).")
    private Path mask;

    @Option(names = "--transfer", description = "Apply the mask though it was found on another model of the same layout.")
    private boolean transfer;

    @Option(names = {"-o", "--out"}, required = true, paramLabel = "DIR", description = "The new folder; must not be there, or be empty.")
    private Path out;

    @Mixin
    private JsonOption json;

    /** What {@code --json} prints. */
    record Export(String format, String model, String mask, String out, int units, long bytes, List<String> tensors,
            List<String> leftOut) {}

    @Override
    public Integer call() {
        ModelFolder folder = ModelFolder.open(model);
        MaskFile read = MaskFile.read(mask);
        read.check(mask, MaskedModel.of(folder.name(), folder.hash(), folder.spec()), folder.spec(), transfer);
        long begin = System.nanoTime();
        MaskedCopy copy;
        try (ProgressDisplay progress = crane.progress()) {
            copy = MaskedCopy.write(folder, read.interventions(mask.toString()), mask, out,
                    (bytes, total) -> progress
                            .report(new Progress.Step("export", bytes == total ? Math.ceilDiv(total, MEGABYTE) : bytes / MEGABYTE,
                                    Math.ceilDiv(total, MEGABYTE), "MB", 0, (System.nanoTime() - begin) / 1e9)));
        }
        PrintWriter print = spec.commandLine().getOut();
        List<String> leftOut = copy.leftOut().stream().map(Path::toString).toList();
        if (json.asked()) {
            Json.print(print,
                    new Export("crane/export@1", folder.name(), mask.toString(), out.toString(), read.mask().count(), copy.bytes(),
                            copy.tensors(), leftOut));
        } else {
            print.println("%s: %s with %s units masked in %d tensors (%s)".formatted(out, folder.name(),
                    Inspection.count(read.mask().count()), copy.tensors().size(), Inspection.bytes(copy.bytes())));
            leftOut.forEach(file -> print.println("left out: " + file));
            print.flush();
        }
        return ExitStatus.OK;
    }
}
