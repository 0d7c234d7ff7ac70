package dev.crane.engine.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.OpTimer.Launch;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.backend.reference.ReferenceBackend;
import dev.crane.engine.profile.OpRun;
import dev.crane.engine.profile.ProfilingBackend;
import dev.crane.engine.profile.Work;
import dev.crane.engine.tensor.StoredTensor;

/** Compares ops of a backend with the scalar reference, then times them. */
public final class OpBench implements AutoCloseable {
    /**
     * ‖a − b‖ / ‖b‖ that passes, in f32 and in bf16: rounding of sums of up to ten thousand terms in f32, 2⁻²⁴ · √n/2 a chain and more where a
     * difference cancels; in bf16 that of the results themselves, 2⁻⁹, and of what is rounded on the way.
     */
    private static final double F32_TOLERANCE = 1e-5;
    private static final double BF16_TOLERANCE = 1e-2;
    /** Sequences that are compared: one token, and more than any kernel's tile; short ones only where the scalar reference would take minutes. */
    private static final int[] COMPARED = {5, 70, 1};
    private static final int[] COMPARED_LARGE = {3, 1, 7};
    private static final long LARGE = 2_000_000;
    /** Bytes written between two measurements: more than a last-level cache that a core or a GPU has to itself. */
    private static final long FLUSH_BYTES = 128L << 20;
    private static final int FLUSH_COLUMNS = 4096;

    private final ProfilingBackend backend;
    private final Backend reference = new ReferenceBackend();
    private final Segments segments;
    private final Segments compared;
    private final double tolerance;
    private final Tensor flush;
    private final Map<String, StoredTensor> stored = new HashMap<>();

    /**
     * @param backend what is measured; closed with this
     * @param sequences in the batch that is timed
     * @param tokens of each of them
     * @param flushed whether caches are emptied before each measurement
     */
    public OpBench(Backend backend, LayerShape shape, int sequences, int tokens, boolean flushed) {
        this.backend = new ProfilingBackend(backend, log -> {
        });
        segments = new Segments(IntStream.rangeClosed(0, sequences).map(b -> Math.multiplyExact(b, tokens)).toArray());
        compared = lengths((long) shape.hidden() * shape.intermediate() > LARGE ? COMPARED_LARGE : COMPARED);
        tolerance = backend.name().endsWith("bf16") ? BF16_TOLERANCE : F32_TOLERANCE;
        flush = flushed ? backend.allocateF32((int) (FLUSH_BYTES / Float.BYTES / FLUSH_COLUMNS), FLUSH_COLUMNS) : null;
    }

    private static Segments lengths(int[] lengths) {
        int[] offsets = new int[lengths.length + 1];
        for (int b = 0; b < lengths.length; b++)
            offsets[b + 1] = offsets[b] + lengths[b];
        return new Segments(offsets);
    }

    /**
     * How far an op is from the reference.
     *
     * @param error ‖a − b‖ / ‖b‖ of the worst output; infinite where one is finite and the other not
     * @param tolerance the largest that passes
     */
    public record Comparison(double error, double tolerance) {
        /** Whether it is near enough. */
        public boolean passes() {
            return error <= tolerance;
        }
    }

    /**
     * The times of an op.
     *
     * @param work of one run
     * @param micros of each run, ascending
     * @param kernels what it launched on the device
     */
    public record Times(Work work, double[] micros, List<String> kernels) {
        /** The time that a share of the runs is faster than. */
        public double quantile(double share) {
            return micros[(int) Math.round(share * (micros.length - 1))];
        }
    }

    /** Runs an op here and on the reference, on batches that the reference can do: each with the full widths. */
    public Comparison compare(OpVariant variant) {
        Map<String, float[]> expected = once(variant, reference);
        Map<String, float[]> actual = once(variant, backend);
        double worst = 0;
        for (Map.Entry<String, float[]> output : expected.entrySet())
            worst = Math.max(worst, error(output.getValue(), actual.get(output.getKey())));
        return new Comparison(worst, tolerance);
    }

    private Map<String, float[]> once(OpVariant variant, Backend on) {
        OpInputs inputs = new OpInputs(on, compared, stored);
        variant.preparation().prepare(inputs).run();
        Map<String, float[]> outputs = inputs.outputs();
        inputs.release();
        return outputs;
    }

    private static double error(float[] expected, float[] actual) {
        double difference = 0;
        double size = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += Math.pow((double) actual[i] - expected[i], 2);
            size += Math.pow(expected[i], 2);
        }
        double error = difference == 0 ? 0 : Math.sqrt(difference / size);
        return Double.isNaN(error) ? Double.POSITIVE_INFINITY : error;
    }

    /**
     * Times an op.
     *
     * @param warmUp seconds that it runs before it counts
     * @param repeat runs that count
     */
    public Times time(OpVariant variant, double warmUp, int repeat) {
        OpInputs inputs = new OpInputs(backend, segments, stored);
        Runnable call = variant.preparation().prepare(inputs);
        long warm = System.nanoTime() + (long) (warmUp * 1e9);
        OpRun run;
        do {
            run = run(variant.op(), call);
        } while (System.nanoTime() < warm);
        double[] micros = new double[repeat];
        for (int i = 0; i < repeat; i++) {
            if (flush != null)
                backend.fill(flush, i);
            run = run(variant.op(), call);
            micros[i] = run.timing().micros();
        }
        Arrays.sort(micros);
        inputs.release();
        List<String> kernels = new ArrayList<>(run.timing().launches().stream().map(Launch::kernel).distinct().toList());
        return new Times(run.work(), micros, kernels);
    }

    private OpRun run(String op, Runnable call) {
        call.run();
        OpRun run = backend.log().last();
        if (!run.op().equals(op))
            throw new IllegalStateException(op + " called " + run.op());
        return run;
    }

    @Override
    public void close() {
        reference.close();
        if (flush != null)
            backend.release(flush);
        backend.close();
    }
}
