package dev.crane.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Stack;
import java.util.function.Supplier;

import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

import dev.crane.analysis.report.ChromeTrace;
import dev.crane.analysis.report.ProfilePage;
import dev.crane.engine.CraneException;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.file.AtomicFile;
import dev.crane.engine.profile.OpProfile;
import dev.crane.engine.profile.OpTotal;
import dev.crane.engine.profile.ProfilingBackend;
import dev.crane.engine.profile.Roofline;

/** {@code --profile}; part of the {@link BackendOptions}. */
final class ProfileOption {
    /** How long each of the device's two rates is measured at least. */
    private static final double PROBE_SECONDS = 1;

    private static final String TABLE_ONLY = "";

    @Option(names = "--profile", paramLabel = "FILE", arity = "0..1", fallbackValue = TABLE_ONLY, preprocessor = OnlyAttached.class,
            description = "Time every op and tell, on standard error, where the time went, beside what this device can do at most; with =FILE also "
                    + "FILE.html (pictures) and FILE.trace.json (for chrome://tracing or ui.perfetto.dev).")
    private String file;

    private int started;

    /** A file must be attached with '=': what follows behind a space may be the command's own argument. */
    @SuppressWarnings("JdkObsolete") // picocli's signature
    static final class OnlyAttached implements IParameterPreprocessor {
        @Override
        public boolean preprocess(Stack<String> args, CommandSpec command, ArgSpec argument, Map<String, Object> info) {
            if ("=".equals(info.get("separator")))
                return false;
            argument.setValue(TABLE_ONLY);
            return true;
        }
    }

    /** Starts a backend, which then tells its profile when it is closed, if that was asked for. */
    Backend start(Supplier<Backend> backend, PrintWriter err) {
        if (file == null)
            return backend.get();
        started++;
        String base = started == 1 || file.equals(TABLE_ONLY) ? file : file + "-" + started; // an experiment may start several, one after another
        checkFile();
        return new ProfilingBackend(backend.get(), log -> {
            if (log.runs().isEmpty())
                return; // failed before anything ran
            try (Backend probe = backend.get()) {
                tell(new OpProfile(log, Roofline.measure(probe, PROBE_SECONDS)), base, err);
            }
        });
    }

    private void checkFile() {
        if (file.equals(TABLE_ONLY))
            return;
        Path folder = Path.of(file).toAbsolutePath().getParent();
        if (!Files.isDirectory(folder))
            throw new CraneException(
                    "--profile=" + file + ": there is no folder " + folder + "; make it, or name a file in one that is there");
        if (Files.isDirectory(Path.of(file)))
            throw new CraneException("--profile=" + file + ": is a folder; name a file in it, such as " + Path.of(file).resolve("profile"));
    }

    private static void tell(OpProfile profile, String base, PrintWriter err) {
        print(profile, err);
        if (base.equals(TABLE_ONLY))
            return;
        Path trace = Path.of(base + ".trace.json");
        Path page = Path.of(base + ".html");
        AtomicFile.writeString(trace, ChromeTrace.render(profile));
        AtomicFile.writeString(page, ProfilePage.render(profile));
        err.println("written: " + page + ", " + trace);
    }

    private static void print(OpProfile profile, PrintWriter err) {
        Roofline roofline = profile.roofline();
        err.println("profile of " + profile.log().device() + "; measured: matrix products " + number(roofline.flops() / 1e9)
                + " GFLOP/s, memory "
                + number(roofline.bytesPerSecond() / 1e9) + " GB/s");
        table("op", profile.ops(), profile, err);
        err.println();
        table("site", profile.sites(), profile, err);
        if (!profile.kernels().isEmpty()) {
            err.println();
            Table table = new Table().text("kernel or product").number("launches").number("ms").number("µs each");
            for (OpTotal kernel : profile.kernels())
                table.row(kernel.name(), kernel.launches(), number(kernel.micros() / 1e3), number(kernel.micros() / kernel.launches()));
            table.print(err);
        }
        err.println();
        err.println("ops " + number(profile.all().micros() / 1e3) + " ms of " + number(profile.log().spanMicros() / 1e3)
                + " ms from the first to the last; the rest is the host's own work between them");
    }

    private static void table(String what, List<OpTotal> totals, OpProfile profile, PrintWriter err) {
        Table table = new Table().text(what).number("launches").number("ms").number("share").number("MB").number("GFLOP").number("GB/s")
                .number("GFLOP/s").number("roofline").text("bound by");
        for (OpTotal total : totals)
            row(table, total, profile);
        if (totals.size() > 1)
            row(table, profile.all(), profile);
        table.print(err);
    }

    private static void row(Table table, OpTotal total, OpProfile profile) {
        table.row(total.name().isEmpty() ? "–" : total.name(), total.launches(), number(total.micros() / 1e3),
                percent(profile.all().micros() == 0 ? 0 : total.micros() / profile.all().micros(), 1), number(total.work().bytes() / 1e6),
                number(total.work().flop() / 1e9), number(total.gigabytesPerSecond()), number(total.gigaflops()),
                percent(total.roofShare(), 0), profile.roofline().boundByMemory(total.work()) ? "memory" : "arithmetic");
    }

    static String percent(double share, int digits) {
        return String.format(Locale.ROOT, "%." + digits + "f %%", 100 * share);
    }

    /** Three digits or so. */
    static String number(double value) {
        return String.format(Locale.ROOT, value >= 100 ? "%,.0f" : value >= 10 ? "%.1f" : value >= 1 || value == 0 ? "%.2f" : "%.3f",
                value);
    }
}
