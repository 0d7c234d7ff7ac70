package dev.crane.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

import dev.crane.analysis.exchange.LapeNeurons;
import dev.crane.analysis.exchange.MaskCsv;
import dev.crane.analysis.exchange.MaskTensors;
import dev.crane.analysis.exchange.ScoreTables;
import dev.crane.analysis.experiment.OutputFolder;
import dev.crane.analysis.mask.MaskFile;
import dev.crane.analysis.mask.MaskIntervention;
import dev.crane.analysis.mask.MaskedModel;
import dev.crane.analysis.statistics.SampleScores;
import dev.crane.analysis.statistics.StatisticsFile;
import dev.crane.engine.CraneException;
import dev.crane.engine.hook.Site;
import dev.crane.models.ModelFolder;
import dev.crane.models.safetensors.SafetensorsReader;
import dev.crane.models.torch.TorchFile;

/** {@code crane convert}: masks and statistics in other forms, and masks out of them. */
@Command(name = "convert", customSynopsis = "crane convert [OPTIONS] IN OUT",
        description = "Bring masks into other forms, or out of them; statistics into tables.", footer = {"",
                "What IN and OUT are their names tell:",
                "  .mask.json    a mask",
                "  .safetensors  a mask as tensors: U8, 1 for each masked unit, named by the module",
                "  .csv          a mask as a table: module,unit",
                "  .pth          IN only: neurons of all languages, as LAPE's authors publish them; OUT is a folder, which gets LANG.mask.json",
                "  .stats.safetensors, .samples.safetensors  IN only: statistics and scores of samples; OUT is .csv or .parquet, a row a unit",
                "                (and sample)",
                "",
                "Examples:",
                "  crane convert vi.mask.json vi.csv",
                "  crane convert stats/vi.stats.safetensors vi.parquet",
                "  crane convert -m models/babel-base vi.csv vi.mask.json",
                "  crane convert -m Llama-2-7b --languages en,zh,fr,es,vi,id,ja LLaMA-2-7B.neuron.pth masks"})
final class ConvertCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Crane crane;

    @Parameters(index = "0", paramLabel = "IN", description = "What there is.")
    private Path in;

    @Parameters(index = "1", paramLabel = "OUT", description = "What is written.")
    private Path out;

    @Option(names = {"-m", "--model"}, paramLabel = "DIR",
            description = "The model that the mask belongs to, where the file does not say; its units are checked.")
    private Path model;

    @Option(names = "--languages", split = ",", paramLabel = "LANG", description = "Of a .pth file: its languages, in its order.")
    private List<String> languages = List.of();

    @Option(names = "--site", paramLabel = "SITE",
            description = "Of a .pth file: where its neurons are masked. Default: mlp.gate, whose zero rows make the activation zero as LAPE does; "
                    + "mlp.up where there is no gate.")
    private String site;

    /** What a file is. */
    private enum Kind {
        JSON, TENSORS, CSV, TORCH, FOLDER
    }

    @Override
    public Integer call() {
        if (!Files.exists(in))
            throw new CraneException(in + ": there is no such file");
        Kind from = kind(in);
        if (from == Kind.FOLDER && TorchFile.isLikely(in)) // LAPE's script gives its files no ending
            from = Kind.TORCH;
        Kind to = kind(out);
        if (from == Kind.FOLDER)
            throw new CraneException(in + ": what it is cannot be told from its name; .mask.json, .safetensors, .csv and .pth are read");
        if (from != Kind.TORCH && (!languages.isEmpty() || site != null))
            throw new ParameterException(spec.commandLine(), "--languages and --site are about .pth files");
        ModelFolder folder = model == null ? null : ModelFolder.open(model);
        if (from == Kind.TORCH)
            torch(folder, to);
        else if (from == Kind.TENSORS && format().equals(StatisticsFile.FORMAT))
            rows(ScoreTables.write(StatisticsFile.read(in), out));
        else if (from == Kind.TENSORS && format().equals(SampleScores.FORMAT))
            samples();
        else
            mask(from, to, folder);
        return ExitStatus.OK;
    }

    private static Kind kind(Path file) {
        String name = file.getFileName() == null ? "" : file.getFileName().toString().toLowerCase(Locale.ROOT);
        if (name.endsWith(".json"))
            return Kind.JSON;
        if (name.endsWith(".safetensors"))
            return Kind.TENSORS;
        if (name.endsWith(".csv"))
            return Kind.CSV;
        return name.endsWith(".pth") || name.endsWith(".pt") ? Kind.TORCH : Kind.FOLDER;
    }

    private static MaskedModel identity(ModelFolder folder) {
        return folder == null
                ? new MaskedModel("", "", 0, new TreeMap<>())
                : MaskedModel.of(folder.name(), folder.hash(), folder.spec());
    }

    // ---- statistics and scores ----

    private String format() {
        try (SafetensorsReader reader = SafetensorsReader.open(in)) {
            return reader.metadata().getOrDefault("format", "");
        }
    }

    private void samples() {
        try (SampleScores samples = SampleScores.open(in); ProgressDisplay progress = crane.progress()) {
            rows(ScoreTables.write(samples, out, progress));
        }
    }

    private void rows(long rows) {
        PrintWriter print = spec.commandLine().getOut();
        print.println(out + ": " + Inspection.count(rows) + " rows");
        print.flush();
    }

    // ---- one mask ----

    private void mask(Kind from, Kind to, ModelFolder folder) {
        MaskedModel identity = identity(folder);
        MaskFile mask = switch (from) {
            case JSON -> MaskFile.read(in);
            case CSV -> MaskCsv.read(in, identity);
            default -> MaskTensors.read(in, identity);
        };
        if (folder != null) {
            mask.check(in, identity, folder.spec(), false);
            mask = new MaskFile(identity, mask.mask(), mask.intervention(), mask.provenance());
        }
        if (to != Kind.JSON && !(mask.intervention() instanceof MaskIntervention.Zero))
            throw new CraneException(
                    in + ": its units are not set to zero (" + mask.intervention().describe() + "), which only a .mask.json can say");
        switch (to) {
            case JSON -> mask.write(out);
            case CSV -> MaskCsv.write(mask, out);
            case TENSORS -> MaskTensors.write(mask, out);
            default -> throw new CraneException(
                    out + ": a mask is written as .mask.json, .safetensors or .csv; tables of statistics as .csv or .parquet");
        }
        told(out, mask);
    }

    private void told(Path file, MaskFile mask) {
        PrintWriter print = spec.commandLine().getOut();
        print.println(file + ": " + Inspection.count(mask.mask().count()) + " units"
                + (mask.model().name().isEmpty() ? ", of no model by name (--model names it)" : " of " + mask.model().name()));
        print.flush();
    }

    // ---- masks of several languages ----

    private void torch(ModelFolder folder, Kind to) {
        if (folder == null)
            throw new ParameterException(spec.commandLine(), "a .pth file tells layers and neurons, but not the model: give --model DIR");
        if (to != Kind.FOLDER)
            throw new CraneException(out + ": masks of several languages are written to a folder; give one as OUT");
        Site chosen = site == null
                ? LapeNeurons.site(folder.spec())
                : Site.of(site).orElseThrow(() -> new ParameterException(spec.commandLine(), "--site: there is no site '" + site + "'"));
        Map<String, MaskFile> masks = LapeNeurons.read(in, languages, identity(folder), folder.spec(), chosen);
        try (OutputFolder written = OutputFolder.take(out)) {
            masks.forEach((language, mask) -> {
                Path file = written.path().resolve(language + ".mask.json");
                mask.write(file);
                told(file, mask);
            });
        }
    }
}
