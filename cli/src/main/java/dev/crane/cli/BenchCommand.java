package dev.crane.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.IModelTransformer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import dev.crane.engine.Engine;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;
import dev.crane.models.CausalLanguageModel;

/**
 * {@code crane bench}: throughput of whole passes on this machine. The forward pass gives the log-probability of every next token; the relevance pass the scores
 * of all gate, up and down rows under AttnLRP.
 */
@Command(name = "bench", subcommands = BenchKernelsCommand.class, modelTransformer = BenchCommand.ModelUnlessSubcommand.class,
        commandListHeading = "%n", description = "Measure tokens a second of forward and relevance passes on this machine.", footer = {"",
                "Random tokens; two passes and --warm-up seconds before it counts, then the median of --repeat. GFLOP/s counts 2 (forward) or 4 (relevance) operations per token and weight "
                        + "of the layers' matrices. Peak memory is the largest resident size of the whole process so far (Linux).",
                "", "Example:", "  crane bench -m models/babel-base --tokens 192 --batch 1,8,32",
                "  crane bench kernels --kernel attention --shape llama-2-7b"})
final class BenchCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelOptions model;

    @Option(names = "--tokens", paramLabel = "T", description = "Length of a sequence. Default: ${DEFAULT-VALUE}.")
    private int tokens = 192;

    @Option(names = "--batch", paramLabel = "B", split = ",", description = "Sequences in a batch, one measurement each. Default: 1,8,32.")
    private int[] batches = {1, 8, 32};

    @Option(names = "--modes", paramLabel = "MODE", split = ",", description = "forward, relevance. Default: both.")
    private Set<Mode> modes = EnumSet.allOf(Mode.class);

    @Option(names = "--repeat", paramLabel = "N", description = "Passes that count. Default: ${DEFAULT-VALUE}.")
    private int repeat = 5;

    @Option(names = "--warm-up", paramLabel = "SECONDS",
            description = "How long each measurement runs before it counts. Default: ${DEFAULT-VALUE}, until the just-in-time compiler is done.")
    private int warmUp = 10;

    @Mixin
    private JsonOption json;

    /** {@code --model} is required here and not known to the subcommand, which picocli cannot be told otherwise: {@link #call} asks for it. */
    static final class ModelUnlessSubcommand implements IModelTransformer {
        @Override
        public CommandSpec transform(CommandSpec command) {
            for (OptionSpec option : command.options().stream().filter(option -> !option.inherited()).toList()) { // all, so that their order stays
                command.remove(option);
                command.addOption(OptionSpec.builder(option).required(false).build());
            }
            return command;
        }
    }

    /** What is timed. */
    enum Mode {
        forward, relevance
    }

    /** One measurement; the fields that the PyTorch peer prints too have its names. */
    record Measurement(Mode mode, int batch, int tokens, double tokens_per_s, double useful_gflops, double min_s, double median_s,
            double max_s,
            long peak_bytes) {}

    /** What {@code --json} prints. */
    record Report(String format, String model, String backend, List<Measurement> measurements) {}

    @Override
    public Integer call() {
        if (model.path() == null)
            throw new ParameterException(spec.commandLine(), "missing required option: '--model=DIR', or a command: kernels");
        if (tokens < 2 || repeat < 1 || warmUp < 0 || Arrays.stream(batches).anyMatch(batch -> batch < 1))
            throw new ParameterException(spec.commandLine(),
                    "--tokens must be at least 2, --batch and --repeat at least 1, --warm-up not negative");
        PrintWriter out = spec.commandLine().getOut();
        try (CausalLanguageModel loaded = model.load()) {
            if (tokens > loaded.spec().maxPositions())
                throw new ParameterException(spec.commandLine(),
                        "--tokens " + tokens + ": the model reads at most " + loaded.spec().maxPositions());
            List<Measurement> measurements = new ArrayList<>();
            for (Mode mode : Mode.values())
                for (int batch : batches)
                    if (modes.contains(mode))
                        measurements.add(measure(loaded.engine(), mode, batch));
            Report report = new Report("crane/bench@1", loaded.name(), loaded.engine().backend().description(), measurements);
            if (json.asked())
                Json.print(out, report);
            else
                print(report, out);
        }
        return ExitStatus.OK;
    }

    private Measurement measure(Engine engine, Mode mode, int batch) {
        DecoderSpec shape = engine.spec();
        SplittableRandom random = new SplittableRandom(0);
        List<int[]> sequences = new ArrayList<>();
        for (int b = 0; b < batch; b++)
            sequences.add(random.ints(tokens, 0, shape.vocabulary()).toArray());
        PackedBatch packed = PackedBatch.of(sequences);
        ForwardRequest forward = ForwardRequest.of(ForwardRequest.Output.NEXT_LOGPROBS);
        RelevanceRequest relevance = RelevanceRequest.of(Rule.ATTNLRP, new Target.MeanLogit(), Set.of(Score.RELEVANCE),
                Set.of(Site.MLP_GATE, Site.MLP_UP, Site.MLP_DOWN));
        double[] seconds = new double[repeat];
        long warm = System.nanoTime() + warmUp * 1_000_000_000L;
        for (int i = -2; i < repeat; i++) {
            if (i == 0 && System.nanoTime() < warm)
                i = -1; // the just-in-time compiler is not done yet
            long begin = System.nanoTime();
            switch (mode) {
                case forward -> engine.forward(packed, forward);
                case relevance -> engine.relevance(packed, relevance);
            }
            if (i >= 0)
                seconds[i] = (System.nanoTime() - begin) / 1e9;
        }
        Arrays.sort(seconds);
        double median = seconds[repeat / 2];
        double rate = packed.tokens() / median;
        double operations = (mode == Mode.forward ? 2.0 : 4.0) * shape.layers() * shape.layerLinearWeights();
        return new Measurement(mode, batch, tokens, rate, rate * operations / 1e9, seconds[0], median, seconds[repeat - 1], peakBytes());
    }

    /** Largest resident size of this process so far; 0 where the system does not tell. */
    private static long peakBytes() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024).findFirst().orElse(0);
        } catch (IOException e) {
            return 0; // not Linux
        }
    }

    private static void print(Report report, PrintWriter out) {
        out.println(report.model + ", " + report.backend);
        Table table = new Table().text("pass").number("batch").number("tokens").number("tokens/s").number("GFLOP/s").number("median s")
                .number("peak MB");
        for (Measurement m : report.measurements)
            table.row(m.mode.name(), Integer.toString(m.batch), Integer.toString(m.tokens),
                    String.format(Locale.ROOT, "%,.0f", m.tokens_per_s),
                    String.format(Locale.ROOT, "%.1f", m.useful_gflops), String.format(Locale.ROOT, "%.4f", m.median_s),
                    m.peak_bytes == 0 ? "?" : Long.toString(m.peak_bytes >> 20));
        table.print(out);
    }
}
