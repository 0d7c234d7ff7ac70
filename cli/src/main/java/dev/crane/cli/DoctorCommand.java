package dev.crane.cli;

import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

import com.sun.management.OperatingSystemMXBean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import dev.crane.bindings.LibraryResult.Found;
import dev.crane.bindings.LibraryResult.Missing;
import dev.crane.bindings.NativeLibrary;
import dev.crane.cuda.CudaException;
import dev.crane.cuda.Device;
import dev.crane.engine.Backends;
import dev.crane.engine.CraneVersion;
import dev.crane.kernels.KernelLibrary;

/** {@code crane doctor}: what this machine has, and how to mend what it has not. */
@Command(name = "doctor", description = "Show what this machine has, and how to mend what is missing.")
final class DoctorCommand implements Callable<Integer> {
    private static final int ADVICE_WIDTH = 90;
    private static final double GIGABYTE = 1e9;

    @Spec
    private CommandSpec spec;

    @Option(names = "--json", description = "Print JSON, with every place that was searched.")
    private boolean json;

    @Option(names = {"-v", "--verbose"}, description = "Also list every place that was searched.")
    private boolean verbose;

    enum State {
        OK, MISSING, BROKEN
    }

    /**
     * One thing looked at.
     *
     * @param name what
     * @param state whether it is there; a missing one is optional, a broken one is needed
     * @param value its version or size; null if missing
     * @param path where it is; null if that means nothing
     * @param advice how to mend it; null if there is nothing to mend
     * @param tried where it was looked for, and why that did not do
     */
    record Check(String name, State state, String value, String path, String advice, List<String> tried) {
        static Check ok(String name, String value) {
            return new Check(name, State.OK, value, null, null, List.of());
        }
    }

    /** What {@code --json} prints. */
    record Report(String format, String version, List<Check> checks) {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        Report report = new Report("crane/doctor@1", CraneVersion.get(), checks());
        if (json) {
            Json.print(out, report);
        } else {
            print(report, out);
        }
        return report.checks.stream().anyMatch(check -> check.state == State.BROKEN) ? ExitStatus.FAILED : ExitStatus.OK;
    }

    private static List<Check> checks() {
        List<Check> checks = new ArrayList<>();
        checks.add(Check.ok("system", "%s %s, %s".formatted(System.getProperty("os.name"), System.getProperty("os.version"),
                System.getProperty("os.arch"))));
        checks.add(new Check("JDK", State.OK, "%s (%s)".formatted(Runtime.version(), System.getProperty("java.vendor")),
                System.getProperty("java.home"), null, List.of()));
        checks.add(vectors());
        checks.add(Check.ok("cores", String.valueOf(Runtime.getRuntime().availableProcessors())));
        checks.add(memory());
        NativeLibrary.all().forEach(library -> checks.add(library(library)));
        checks.addAll(devices());
        checks.add(kernels());
        checks.add(backend());
        return checks;
    }

    private static Check vectors() {
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            return new Check("vectors", State.BROKEN, null, null,
                    "this JVM was started without the Vector API; start it by ./crane, or with --add-modules jdk.incubator.vector",
                    List.of());
        }
        VectorSpecies<Float> species = FloatVector.SPECIES_PREFERRED;
        return Check.ok("vectors", "%d bits, %d floats".formatted(species.vectorBitSize(), species.length()));
    }

    private static Check memory() {
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        return Check.ok("memory",
                String.format(Locale.ROOT, "%.1f GB, of which the Java heap may take %.1f GB", system.getTotalMemorySize() / GIGABYTE,
                        Runtime.getRuntime().maxMemory() / GIGABYTE));
    }

    private static Check library(NativeLibrary library) {
        return switch (library.find()) {
            case Found found -> new Check(library.title(), State.OK, found.version(), found.path().toString(), null, List.of());
            case Missing missing -> new Check(library.title(), State.MISSING, null, null, missing.advice(), missing.tried());
        };
    }

    /** Each GPU, or why there is none. */
    private static List<Check> devices() {
        try {
            return Device.all().stream().map(device -> Check.ok("GPU " + device.ordinal(), String.format(Locale.ROOT,
                    "%s, %.1f GB, %d multiprocessors, compute capability %d.%d%s", device.name(), device.memory() / GIGABYTE,
                    device.multiprocessors(),
                    device.major(), device.minor(),
                    device.ordinal() == 0 ? "" : "; the first is used, CUDA_VISIBLE_DEVICES chooses another")))
                    .toList();
        } catch (CudaException none) {
            return List.of(new Check("GPU", State.MISSING, null, null, none.getMessage(), List.of()));
        }
    }

    /** Where kernels for the GPU come from. */
    private static Check kernels() {
        int ops = KernelLibrary.ops().size();
        if (KernelLibrary.compiledInBuild())
            return new Check("kernels", State.OK,
                    ops + " sources, compiled by nvcc when this build was made (sm_80, sm_90, PTX for later chips)", null, null,
                    List.of());
        return NativeLibrary.NVRTC.find() instanceof Found
                ? new Check("kernels", State.OK, ops + " sources, compiled by NVRTC at first use and kept",
                        KernelLibrary.cacheFolder().toString(),
                        null, List.of())
                : new Check("kernels", State.MISSING, null, null,
                        "this build was made without nvcc, and without NVRTC its kernels cannot be compiled now; see NVRTC", List.of());
    }

    /** Whether all that a GPU needs comes together. */
    private static Check backend() {
        return Backends.cudaObstacle().map(obstacle -> Check.ok("--backend auto", "the CPU, for want of a usable GPU"))
                .orElseGet(() -> Check.ok("--backend auto", "the GPU"));
    }

    private void print(Report report, PrintWriter out) {
        Table table = new Table().text("").text("").text("");
        for (Check check : report.checks) {
            String state = check.state.name().toLowerCase(Locale.ROOT);
            List<String> lines = new ArrayList<>();
            if (check.value != null) {
                lines.add(check.path == null ? check.value : check.value + ", " + check.path);
            }
            if (check.advice != null) {
                lines.addAll(wrap(check.advice, ADVICE_WIDTH));
            }
            if (verbose) {
                check.tried.forEach(place -> lines.add("tried " + place));
            }
            table.row(check.name, state, lines.getFirst());
            lines.stream().skip(1).forEach(line -> table.row("", "", line));
        }
        out.println("crane " + report.version);
        table.print(out);
        if (report.checks.stream().anyMatch(check -> check.advice != null && check.advice.contains("-D"))) {
            out.println("(options with -D are handed on by ./crane from the environment variable CRANE_JAVA_OPTIONS)");
        }
        if (!verbose && report.checks.stream().anyMatch(check -> !check.tried.isEmpty())) {
            out.println("(crane doctor --verbose lists every place that was searched)");
        }
    }

    private static List<String> wrap(String text, int width) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : text.split(" ")) {
            if (!line.isEmpty() && line.length() + 1 + word.length() > width) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        lines.add(line.toString());
        return lines;
    }
}
