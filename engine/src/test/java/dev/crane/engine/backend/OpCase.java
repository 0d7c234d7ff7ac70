package dev.crane.engine.backend;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;

/**
 * One op on one set of shapes, for any backend. The body takes its inputs and outputs from a {@link Run} by name; inputs are random numbers that depend
 * on the name and the sequence only, so that a sequence has the same ones alone and in a batch.
 *
 * @param name what is unusual about it
 * @param lengths tokens of each sequence
 * @param mixes whether a NaN or infinity may reach tokens of its sequence that it should not, as masked keys' 0 · NaN
 * @param body calls the op
 */
record OpCase(String name, int[] lengths, boolean mixes, Body body) {
    OpCase(String name, int[] lengths, Body body) {
        this(name, lengths, false, body);
    }

    /** Calls the op. */
    interface Body {
        /** Takes inputs and outputs from {@code run} and calls the op on its backend. */
        void call(Run run);
    }

    /** Runs the case with the sequences of these numbers only and gives everything written, by name. */
    Map<String, Output> run(TestBackend device, int... sequences) {
        return run(device, Map.of(), false, sequences);
    }

    /**
     * Runs the case.
     *
     * @param given inputs to use instead of random numbers
     * @param special whether the first row of each sequence (of every second one, where the op mixes tokens) holds NaN or an infinity
     */
    Map<String, Output> run(TestBackend device, Map<String, float[]> given, boolean special, int... sequences) {
        Run run = new Run(this, device, sequences, given, special);
        body.call(run);
        return run.finish();
    }

    /** The numbers of all sequences. */
    int[] all() {
        return IntStream.range(0, lengths.length).toArray();
    }

    /** The sequence that value i of an output belongs to, −1 where its rows are not tokens. */
    int sequence(Output output, int i) {
        if (output.rows != Rows.TOKENS)
            return -1;
        int row = i / output.columns;
        int b = 0;
        for (; row >= lengths[b]; b++)
            row -= lengths[b];
        return b;
    }

    @Override
    public String toString() {
        return name;
    }

    /** What rows a tensor's or array's values belong to. */
    enum Rows {
        /** One row a token. */
        TOKENS,
        /** One row a sequence. */
        SEQUENCES,
        /** Neither. */
        OTHER
    }

    /**
     * Something an op wrote.
     *
     * @param rows what its rows are
     * @param columns length of a row
     * @param values row-major
     */
    record Output(Rows rows, int columns, float[] values) {}

    /** One execution of a case. */
    static final class Run {
        private final TestBackend device;
        private final int[] sequences;
        private final Segments segments;
        private final Map<String, float[]> given;
        private final boolean special;
        private final boolean mixes;
        private final Map<String, Output> outputs = new LinkedHashMap<>();
        private final List<Runnable> checks = new ArrayList<>();

        Run(OpCase test, TestBackend device, int[] sequences, Map<String, float[]> given, boolean special) {
            this.device = device;
            this.sequences = sequences;
            this.given = given;
            this.special = special;
            mixes = test.mixes;
            int[] offsets = new int[sequences.length + 1];
            for (int b = 0; b < sequences.length; b++)
                offsets[b + 1] = offsets[b] + test.lengths[sequences[b]];
            segments = new Segments(offsets);
        }

        Backend backend() {
            return device.backend();
        }

        Segments segments() {
            return segments;
        }

        /** The number, in the whole case, of the batch's sequence b. */
        int sequence(int b) {
            return sequences[b];
        }

        int tokens() {
            return segments.rows();
        }

        /** Random numbers of a name, one row a token: multiples of 2⁻¹⁰ in [−2, 2), so that small steps from them are exact. */
        float[] random(String name, int columns) {
            if (given.containsKey(name))
                return given.get(name).clone();
            float[] values = new float[tokens() * columns];
            for (int b = 0; b < segments.count(); b++) {
                Random random = new Random(31L * name.hashCode() + sequences[b]);
                int at = segments.start(b) * columns;
                for (int i = 0; i < segments.length(b) * columns; i++)
                    values[at + i] = (random.nextInt(4096) - 2048) / 1024f;
                if (special && (!mixes || sequences[b] % 2 == 1)) {
                    float[] kinds = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
                    values[at + columns / 2] = kinds[(sequences[b] + name.hashCode() & 7) % 3];
                }
            }
            return device.rounded(values);
        }

        /** An input, one row a token; that it is left alone is checked. */
        Tensor input(String name, int columns) {
            float[] values = random(name, columns);
            Tensor tensor = device.tensor(values, tokens(), columns);
            checks.add(() -> {
                if (!sameBits(values, device.backend().download(tensor)))
                    throw new AssertionError(name + " was changed");
            });
            return tensor;
        }

        /** An input that the op works on in place. */
        Tensor inPlace(String name, int columns) {
            return written(name, Rows.TOKENS, device.tensor(random(name, columns), tokens(), columns));
        }

        /** An output, one row a token, at first NaN. */
        Tensor output(String name, int columns) {
            return output(name, Rows.TOKENS, tokens(), columns);
        }

        /** An output, at first NaN. */
        Tensor output(String name, Rows kind, int rows, int columns) {
            float[] nothing = new float[rows * columns];
            Arrays.fill(nothing, Float.NaN);
            return written(name, kind, device.tensor(nothing, rows, columns));
        }

        /** An output that the op adds to, at first 0. */
        Tensor zeros(String name, int columns) {
            return written(name, Rows.TOKENS, device.tensor(new float[tokens() * columns], tokens(), columns));
        }

        /** A tensor of given values. */
        Tensor constant(float[] values, int rows, int columns) {
            return device.tensor(values, rows, columns);
        }

        /** Records an array that the op gave back. */
        void result(String name, Rows rows, float[] values) {
            outputs.put(name, new Output(rows, 1, values));
        }

        private Tensor written(String name, Rows rows, Tensor tensor) {
            outputs.put(name, null);
            checks.add(() -> outputs.put(name, new Output(rows, tensor.columns(), device.backend().download(tensor))));
            return tensor;
        }

        /** A random matrix, or with {@code in} 0 a vector; multiples of 1/64 in [−2, 2), exact in every type. */
        Weight weight(String name, DType dtype, int out, int in) {
            return device.backend().weight(storedWeight(name, dtype, out, in));
        }

        Map<String, Output> finish() {
            checks.forEach(Runnable::run);
            device.checkGuards();
            return outputs;
        }
    }

    static StoredTensor storedWeight(String name, DType dtype, int out, int in) {
        Random random = new Random(name.hashCode());
        float[] values = new float[out * Math.max(1, in)];
        for (int i = 0; i < values.length; i++)
            values[i] = (random.nextInt(256) - 128) / 64f;
        return TestBackend.stored(name, dtype, in == 0 ? new long[]{out} : new long[]{out, in}, values);
    }

    /** Equal bit by bit, but for the kind of NaN. */
    static boolean sameBits(float[] a, float[] b) {
        return Arrays.equals(a, b);
    }
}
