package dev.crane.bench;

import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Pattern;

import jdk.incubator.vector.FloatVector;

import dev.crane.engine.CraneException;
import dev.crane.engine.backend.cpu.CpuThreads;
import dev.crane.engine.backend.cpu.MatrixProduct;
import dev.crane.engine.tensor.DType;

/**
 * The project's matrix product against OpenBLAS, one thread each, in turns: ours, theirs, ours, theirs, … Prints the median GFLOP/s of both and the
 * median of the ratios of neighbouring turns, which a busy machine disturbs least. With bf16 weights OpenBLAS gets them widened beforehand.
 *
 * <p>Arguments: a regular expression that picks cases by their names (all), and the number of pairs (21).
 */
public final class GemmVersusOpenBlas {
    /** Inputs and outputs of the layers of babel-base, then of a Llama of 0.3 B parameters. */
    private static final int[][] LAYERS = {{192, 192}, {192, 512}, {512, 192}, {192, 6144}, {1024, 1024}, {1024, 3584}, {3584, 1024},
            {1024, 32000}};
    private static final int[] ROWS = {1, 192, 512, 1536, 4096};
    /** Larger products say nothing new and take minutes. */
    private static final double MOST_FLOPS = 1e11;
    /** Length of a turn: long beside the clock and the calls, short beside the scheduler's moods. */
    private static final double TURN_SECONDS = 0.02;

    private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();

    private final MatrixProduct product;
    private final OpenBlas blas;
    private final int pairs;
    private final PrintStream out;

    private GemmVersusOpenBlas(MatrixProduct product, OpenBlas blas, int pairs, PrintStream out) {
        this.product = product;
        this.blas = blas;
        this.pairs = pairs;
        this.out = out;
    }

    /** Runs the comparison; without OpenBLAS it says so and times the project's product alone. Exits with 1 when a result is wrong. */
    public static void main(String[] arguments) {
        try (CpuThreads one = new CpuThreads(1)) {
            Pattern wanted = Pattern.compile(arguments.length > 0 ? arguments[0] : "");
            int pairs = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 21;
            GemmVersusOpenBlas comparison = new GemmVersusOpenBlas(new MatrixProduct(one), openBlas(), pairs, System.out);
            comparison.run(wanted);
        } catch (CraneException failure) {
            System.err.println(failure.getMessage());
            System.exit(1);
        }
    }

    /** OpenBLAS, or null after a line that says why its columns stay empty. */
    private static OpenBlas openBlas() {
        try {
            return OpenBlas.open();
        } catch (CraneException missing) {
            System.err.println("SKIPPED, the comparison with OpenBLAS: " + missing.getMessage());
            return null;
        }
    }

    private void run(Pattern wanted) {
        out.println("CRANE: vectors of " + FloatVector.SPECIES_PREFERRED.vectorBitSize() + " bits, Java " + Runtime.version());
        out.println("OpenBLAS: " + (blas == null ? "not found" : blas.description()));
        out.println();
        out.println("| rows x in x out, direction, weights | CRANE GFLOP/s | OpenBLAS GFLOP/s | ratio | quartiles |");
        out.println("|---|---:|---:|---:|---|");
        double logRatios = 0;
        int cases = 0;
        boolean warm = false;
        for (int[] layer : LAYERS) {
            for (int rows : ROWS) {
                for (boolean backward : new boolean[]{false, true}) {
                    for (DType type : new DType[]{DType.F32, DType.BF16}) {
                        if (2.0 * rows * layer[0] * layer[1] > MOST_FLOPS
                                || !wanted.matcher(name(rows, layer[0], layer[1], type, backward)).find()) {
                            continue;
                        }
                        if (!warm) {
                            warmUp();
                            warm = true;
                        }
                        try (LinearLayer linear = new LinearLayer(rows, layer[0], layer[1], type, backward)) {
                            logRatios += Math.log(compare(linear));
                            cases++;
                        }
                    }
                }
            }
        }
        if (cases > 0 && blas != null) {
            out.printf(Locale.ROOT, "%nGeometric mean of %d ratios: %.3f%n", cases, Math.exp(logRatios / cases));
        }
    }

    private static String name(int rows, int in, int outputs, DType type, boolean backward) {
        return rows + "x" + in + "x" + outputs + (backward ? " backward " : " forward ") + type;
    }

    /** Lets the compiler see both directions and types before anything is timed, so that no case has it to itself. */
    private void warmUp() {
        for (boolean backward : new boolean[]{false, true}) {
            for (DType type : new DType[]{DType.F32, DType.BF16, DType.F16}) {
                try (LinearLayer linear = new LinearLayer(200, 600, 200, type, backward)) {
                    for (int i = 0; i < 300; i++) {
                        linear.multiply(product);
                    }
                }
            }
        }
    }

    private double compare(LinearLayer linear) {
        linear.multiply(product);
        if (blas == null) {
            return alone(linear);
        }
        linear.multiply(blas);
        double disagreement = linear.disagreement();
        if (!(disagreement < 1)) {
            throw new CraneException(linear + ": the two results differ " + disagreement + " times more than rounding explains");
        }
        int repeats = 1;
        while (seconds(repeats, () -> linear.multiply(blas)) < TURN_SECONDS) {
            repeats *= 2;
        }
        seconds(repeats, () -> linear.multiply(product));
        double[] ours = new double[pairs];
        double[] theirs = new double[pairs];
        double[] ratios = new double[pairs];
        double work = linear.flops() * repeats / 1e9;
        for (int i = 0; i < pairs; i++) {
            ours[i] = work / seconds(repeats, () -> linear.multiply(product));
            theirs[i] = work / seconds(repeats, () -> linear.multiply(blas));
            ratios[i] = ours[i] / theirs[i];
        }
        Arrays.sort(ratios);
        double ratio = ratios[pairs / 2];
        out.printf(Locale.ROOT, "| %s | %.1f | %.1f | %.2f | %.2f–%.2f |%n", linear, median(ours), median(theirs), ratio, ratios[pairs / 4],
                ratios[pairs * 3 / 4]);
        return ratio;
    }

    private double alone(LinearLayer linear) {
        int repeats = 1;
        while (seconds(repeats, () -> linear.multiply(product)) < TURN_SECONDS) {
            repeats *= 2;
        }
        double[] ours = new double[pairs];
        for (int i = 0; i < pairs; i++) {
            ours[i] = linear.flops() * repeats / 1e9 / seconds(repeats, () -> linear.multiply(product));
        }
        out.printf(Locale.ROOT, "| %s | %.1f | – | – | – |%n", linear, median(ours));
        return 1;
    }

    /** Processor time of this thread, so that other processes cost only what they push out of the caches. */
    private static double seconds(int repeats, Runnable product) {
        long start = CLOCK.getCurrentThreadCpuTime();
        for (int i = 0; i < repeats; i++) {
            product.run();
        }
        return (CLOCK.getCurrentThreadCpuTime() - start) / 1e9;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
