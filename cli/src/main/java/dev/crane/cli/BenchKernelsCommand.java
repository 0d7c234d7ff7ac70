package dev.crane.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import dev.crane.engine.CraneException;
import dev.crane.engine.CraneVersion;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.bench.LayerOps;
import dev.crane.engine.bench.LayerShape;
import dev.crane.engine.bench.OpBench;
import dev.crane.engine.bench.OpVariant;
import dev.crane.engine.profile.Roofline;

/** {@code crane bench kernels}: every op of a backend, compared with the scalar reference and timed. */
@Command(name = "kernels", description = "Compare each op with the scalar reference, then time it beside the device's rooflines.",
        footer = {"",
                "Each op in every variant that is computed differently (element types, rules, activations), on the shapes of a layer. One that differs from the",
                "reference by more than rounding is not timed, and the exit status is 1. Caches are overwritten before each run; clocks are as found.",
                "",
                "Examples:", "  crane bench kernels --kernel rms_norm --shape llama-2-7b", "  crane bench kernels --json > before.json",
                "  crane bench kernels --against before.json"})
final class BenchKernelsCommand implements Callable<Integer> {
    private static final double ROOFLINE_SECONDS = 1;

    @Spec
    private CommandSpec spec;

    @Mixin
    private BackendOptions backend;

    @Option(names = {"-k", "--kernel"}, paramLabel = "NAME", split = ",",
            description = "Ops or kernels to measure: a part of their name, such as attention or rms_norm. Default: all.")
    private List<String> names = List.of();

    @Option(names = "--shape", paramLabel = "SHAPE", defaultValue = "babel-base",
            description = "Sizes of the layer: babel-base, llama-0.3b, llama-2-7b, or hidden=N,intermediate=N,heads=N,kv-heads=N,head-dim=N,vocabulary=N. Default: ${DEFAULT-VALUE}.")
    private String shape;

    @Option(names = "--batch", paramLabel = "BxT", defaultValue = "8x192", description = "Sequences x tokens. Default: ${DEFAULT-VALUE}.")
    private String batch;

    @Option(names = "--repeat", paramLabel = "N", description = "Runs that count. Default: ${DEFAULT-VALUE}.")
    private int repeat = 21;

    @Option(names = "--warm-up", paramLabel = "SECONDS", description = "How long each op runs before it counts. Default: ${DEFAULT-VALUE}.")
    private double warmUp = 0.5;

    @Option(names = "--no-flush", description = "Leave the caches as the run before left them.")
    private boolean noFlush;

    @Option(names = "--against", paramLabel = "FILE",
            description = "What another build printed with --json: tells what became faster or slower.")
    private Path against;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() {
        if (repeat < 1 || !(warmUp >= 0) || !batch.matches("[1-9][0-9]{0,4}x[1-9][0-9]{0,5}"))
            throw new ParameterException(spec.commandLine(),
                    "--repeat must be at least 1, --warm-up not negative, --batch SEQUENCESxTOKENS such as 8x192");
        LayerShape layer = LayerShape.parse(shape);
        List<OpVariant> variants = chosen(LayerOps.of(layer));
        KernelReport other = against == null ? null : KernelReport.read(against);
        KernelReport report = measure(layer, variants, other);
        PrintWriter out = spec.commandLine().getOut();
        if (json.asked())
            Json.print(out, report);
        else
            print(report, other, out);
        List<String> wrong = report.cases().stream().filter(c -> !c.passes()).map(KernelReport.Case::label).toList();
        if (!wrong.isEmpty())
            throw new CraneException(
                    wrong.size() + " of " + report.cases().size() + " differ from the scalar reference: " + String.join("; ", wrong));
        return ExitStatus.OK;
    }

    private KernelReport measure(LayerShape layer, List<OpVariant> variants, KernelReport other) {
        int cross = batch.indexOf('x');
        int sequences = Integer.parseInt(batch.substring(0, cross));
        int tokens = Integer.parseInt(batch.substring(cross + 1));
        List<KernelReport.Case> cases = new ArrayList<>();
        Backend measured = backend.start();
        String device = measured.description();
        String name = measured.name();
        KernelReport empty = new KernelReport(KernelReport.FORMAT, CraneVersion.get(), device, name, layer.toString(), batch, !noFlush, 0,
                0, cases);
        List<Timed> timed = new ArrayList<>();
        try (OpBench bench = new OpBench(measured, layer, sequences, tokens, !noFlush)) {
            if (other != null)
                empty.checkComparable(against, other);
            for (OpVariant variant : variants) {
                OpBench.Comparison comparison = bench.compare(variant);
                timed.add(new Timed(variant, comparison, comparison.passes() ? bench.time(variant, warmUp, repeat) : null));
            }
        }
        Roofline roofline;
        try (Backend probe = backend.start()) { // after the ops, when their code is compiled
            roofline = Roofline.measure(probe, ROOFLINE_SECONDS);
        }
        timed.forEach(op -> cases.add(op.in(roofline, repeat)));
        return new KernelReport(empty.format(), empty.crane(), device, name, empty.shape(), batch, !noFlush, roofline.flops(),
                roofline.bytesPerSecond(), cases);
    }

    private record Timed(OpVariant variant, OpBench.Comparison comparison, OpBench.Times times) {
        KernelReport.Case in(Roofline roofline, int repeats) {
            if (times == null)
                return new KernelReport.Case(variant.op(), variant.name(), List.of(), comparison.error(), comparison.tolerance(), 0, 0, 0,
                        0, 0, 0,
                        0, 0, 0, 0);
            double median = times.quantile(0.5);
            return new KernelReport.Case(variant.op(), variant.name(), times.kernels(), comparison.error(), comparison.tolerance(),
                    times.work().bytes(), times.work().flop(), repeats, times.quantile(0), times.quantile(0.25), median,
                    times.quantile(0.75),
                    times.work().bytes() / median / 1e3, times.work().flop() / median / 1e3, roofline.leastMicros(times.work()) / median);
        }
    }

    private List<OpVariant> chosen(List<OpVariant> all) {
        if (names.isEmpty())
            return all;
        List<OpVariant> chosen = new ArrayList<>();
        for (String name : names) {
            List<OpVariant> named = all.stream().filter(variant -> letters(variant.toString()).contains(letters(name))).toList();
            if (named.isEmpty()) { // a kernel that is a part of an op, such as attention_backward_key
                int longest = all.stream().mapToInt(variant -> letters(name).startsWith(letters(variant.op())) ? variant.op().length() : 0)
                        .max()
                        .orElse(0);
                named = all.stream().filter(variant -> longest > 0 && variant.op().length() == longest
                        && letters(name).startsWith(letters(variant.op()))).toList();
            }
            if (named.isEmpty())
                throw new CraneException("no op or kernel '" + name + "'; the ops are "
                        + String.join(", ", all.stream().map(OpVariant::op).distinct().sorted().toList()));
            chosen.addAll(named);
        }
        return all.stream().filter(chosen::contains).toList();
    }

    /** {@code rms_norm} is {@code rmsNorm}. */
    private static String letters(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
    }

    private static void print(KernelReport report, KernelReport other, PrintWriter out) {
        out.println(report.device() + "; " + report.shape() + ", " + report.batch() + " tokens; measured: matrix products "
                + number(report.matrixFlops() / 1e9) + " GFLOP/s, memory " + number(report.memoryBytesPerS() / 1e9) + " GB/s");
        if (other != null)
            out.println("against " + other.device() + ", crane " + other.crane());
        Table table = new Table().text("op").text("variant").number("error").number("median µs").number("± %").number("GB/s")
                .number("GFLOP/s")
                .number("roofline");
        if (other != null)
            table.number("then µs").number("ratio").text("");
        for (KernelReport.Case c : report.cases()) {
            List<Object> cells = new ArrayList<>(List.of(c.op(), c.variant(), String.format(Locale.ROOT, "%.1e", c.error())));
            cells.addAll(c.passes()
                    ? List.of(number(c.medianUs()), number(100 * (c.q3Us() - c.q1Us()) / 2 / c.medianUs()), number(c.gigabytesPerS()),
                            number(c.gigaflops()), ProfileOption.percent(c.rooflineShare(), 0))
                    : List.of("WRONG", "", "", "", ""));
            if (other != null)
                cells.addAll(other.find(c).filter(then -> c.passes())
                        .map(then -> List.<Object>of(number(then.medianUs()),
                                String.format(Locale.ROOT, "%.2f", c.medianUs() / then.medianUs()),
                                KernelReport.Verdict.of(c, then).toString()))
                        .orElse(List.of("", "", "new")));
            table.row(cells.toArray());
        }
        table.print(out);
    }

    private static String number(double value) {
        return ProfileOption.number(value);
    }
}
