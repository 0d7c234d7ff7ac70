package dev.crane.engine.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;

import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.backend.Weight;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;

/** Operands of one op on one backend: random numbers that depend on the name alone, so that two backends get the same ones. */
final class OpInputs {
    private final Backend backend;
    private final Segments segments;
    private final Map<String, StoredTensor> stored;
    private final Map<String, Supplier<float[]>> outputs = new LinkedHashMap<>();
    private final List<Tensor> tensors = new ArrayList<>();

    /** @param stored weights made before, by all that tells them apart: they are large, and a backend keeps them */
    OpInputs(Backend backend, Segments segments, Map<String, StoredTensor> stored) {
        this.backend = backend;
        this.segments = segments;
        this.stored = stored;
    }

    Backend backend() {
        return backend;
    }

    Segments segments() {
        return segments;
    }

    int tokens() {
        return segments.rows();
    }

    /** Numbers as a bf16 has them, so that rounding an operand to that type changes nothing: eighths in [−2, 2). */
    private static float[] values(String name, int count) {
        Random random = new Random(name.hashCode());
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = (random.nextInt(32) - 16) / 8f;
        return values;
    }

    Tensor tensor(String name, int columns) {
        return tensor(name, tokens(), columns);
    }

    Tensor tensor(String name, int rows, int columns) {
        return given(values(name, Math.multiplyExact(rows, columns)), rows, columns);
    }

    /** A tensor of these values. */
    Tensor given(float[] values, int rows, int columns) {
        Tensor tensor = backend.upload(values, rows, columns);
        tensors.add(tensor);
        return tensor;
    }

    /** An operand that the op changes in place: an output too. */
    Tensor changed(String name, int columns) {
        Tensor tensor = tensor(name, columns);
        outputs.put(name, () -> backend.download(tensor));
        return tensor;
    }

    Tensor output(String name, int columns) {
        return output(name, tokens(), columns);
    }

    Tensor output(String name, int rows, int columns) {
        Tensor tensor = backend.allocate(rows, columns);
        tensors.add(tensor);
        outputs.put(name, () -> backend.download(tensor));
        return tensor;
    }

    /** What the op gives back on the host. */
    void result(String name, Supplier<float[]> values) {
        outputs.put(name, values);
    }

    /** Token ids or rows below a bound. */
    int[] indices(String name, int count, int bound) {
        return new Random(name.hashCode()).ints(count, 0, bound).toArray();
    }

    int[] positions() {
        int[] positions = new int[tokens()];
        for (int b = 0; b < segments.count(); b++)
            for (int t = 0; t < segments.length(b); t++)
                positions[segments.start(b) + t] = t;
        return positions;
    }

    int longest() {
        int longest = 0;
        for (int b = 0; b < segments.count(); b++)
            longest = Math.max(longest, segments.length(b));
        return longest;
    }

    /** Numbers in proportion to 1/√in, as in a model. */
    Weight matrix(String name, DType dtype, int out, int in) {
        return weight(name, dtype, new long[]{out, in}, (float) Math.pow(2, -Math.rint(Math.log(in) / Math.log(2) / 2)));
    }

    Weight vector(String name, int length) {
        return weight(name, DType.F32, new long[]{length}, 1);
    }

    private Weight weight(String name, DType dtype, long[] shape, float scale) {
        return backend.weight(stored.computeIfAbsent(name + dtype + Arrays.toString(shape), key -> stored(name, dtype, shape, scale)));
    }

    private static StoredTensor stored(String name, DType dtype, long[] shape, float scale) {
        long count = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        int width = dtype.bits() / Byte.SIZE;
        MemorySegment data = Arena.ofAuto().allocate(count * width, width);
        Random random = new Random(name.hashCode());
        for (long i = 0; i < count; i++) {
            float value = (random.nextInt(32) - 16) / 8f * scale; // exact in every type: a power of two times a multiple of 1/8
            switch (dtype) {
                case F32 -> data.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
                case F16 -> data.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(value));
                default -> data.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(value) >>> 16));
            }
        }
        return new StoredTensor(name, dtype, shape, data);
    }

    /** Everything the op wrote, by name. */
    Map<String, float[]> outputs() {
        Map<String, float[]> values = new LinkedHashMap<>();
        outputs.forEach((name, output) -> values.put(name, output.get()));
        return values;
    }

    void release() {
        tensors.forEach(backend::release);
        tensors.clear();
    }
}
