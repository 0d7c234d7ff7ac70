package dev.crane.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

import dev.crane.engine.CraneException;
import dev.crane.models.json.JsonFile;

/**
 * What {@code crane bench kernels --json} prints and {@code --against} reads.
 *
 * @param format {@value #FORMAT}
 * @param crane version of this build
 * @param device what computed
 * @param backend its name and precision
 * @param shape the layer
 * @param batch sequences x tokens
 * @param flushed whether caches were emptied before each run
 * @param matrixFlops measured FLOP a second of matrix products
 * @param memoryBytesPerS measured bytes a second
 * @param cases one for each op and variant
 */
record KernelReport(String format, String crane, String device, String backend, String shape, String batch, boolean flushed,
        double matrixFlops,
        double memoryBytesPerS, List<Case> cases) {
    static final String FORMAT = "crane/bench-kernels@1";

    /**
     * One op in one variant. Times are 0 where it was not timed because it is wrong.
     *
     * @param error from the scalar reference: ‖a − b‖ / ‖b‖
     * @param q1Us a quarter of the runs is faster, in microseconds
     * @param q3Us a quarter is slower
     * @param rooflineShare least time that the device's rates allow, over the median
     */
    record Case(String op, String variant, List<String> kernels, double error, double tolerance, long bytes, long flop, int repeats,
            double minUs, double q1Us, double medianUs, double q3Us, double gigabytesPerS, double gigaflops, double rooflineShare) {
        boolean passes() {
            return error <= tolerance;
        }

        String label() {
            return variant.isEmpty() ? op : op + " " + variant;
        }
    }

    /** Where the middle halves of both builds' runs overlap, the difference says nothing. */
    enum Verdict {
        FASTER, SLOWER, NOISE;

        static Verdict of(Case now, Case then) {
            if (now.q3Us < then.q1Us)
                return FASTER;
            return now.q1Us > then.q3Us ? SLOWER : NOISE;
        }

        @Override
        public String toString() {
            return this == NOISE ? "within noise" : name().toLowerCase(Locale.ROOT);
        }
    }

    /** The same case of this report, if it was timed. */
    Optional<Case> find(Case other) {
        return cases.stream().filter(c -> c.label().equals(other.label()) && c.medianUs > 0).findFirst();
    }

    /** Reads what an earlier run printed with {@code --json}; a user's mistake is told in one line. */
    static KernelReport read(Path file) {
        JsonNode json = JsonFile.read(file, 1L << 26);
        if (!json.path("format").asString("").equals(FORMAT))
            throw new CraneException(file + ": is not the output of 'crane bench kernels --json' (its format is not " + FORMAT + ")");
        try {
            return Json.read(json, KernelReport.class);
        } catch (JacksonException e) {
            throw new CraneException(file + ": is damaged; make it again with 'crane bench kernels --json'", e);
        }
    }

    /** Throws unless times of both can be compared. */
    void checkComparable(Path file, KernelReport other) {
        String own = shape + ", " + batch + ", " + backend + (flushed ? "" : ", caches not flushed");
        String others = other.shape + ", " + other.batch + ", " + other.backend + (other.flushed ? "" : ", caches not flushed");
        if (!own.equals(others))
            throw new CraneException("--against " + file + ": measured " + others + ", and this run " + own + "; measure the same");
    }
}
