package dev.crane.models.hooks;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.StringJoiner;
import java.util.stream.IntStream;

import dev.crane.engine.CraneException;
import dev.crane.engine.tensor.DType;
import dev.crane.models.safetensors.SafetensorsWriter;

/** An array of f32 with a name and a shape, row-major. It does not change; rows and other shapes of it are views of the same memory. */
public final class FloatArray {
    private static final int SHOWN = 6;

    private final String name;
    private final int[] shape;
    private final float[] values;
    private final int from;

    private FloatArray(String name, int[] shape, float[] values, int from) {
        this.name = Objects.requireNonNull(name);
        this.shape = shape;
        this.values = values;
        this.from = from;
    }

    /**
     * An array over these values, which are not copied and not to be changed afterwards.
     *
     * @throws CraneException if the shape does not have as many elements
     */
    public static FloatArray of(String name, float[] values, int... shape) {
        if (Arrays.stream(shape).anyMatch(size -> size < 0) || elements(shape) != values.length)
            throw new CraneException(name + ": " + values.length + " values do not fill the shape " + Arrays.toString(shape));
        return new FloatArray(name, shape.clone(), values, 0);
    }

    /** One row of values. */
    public static FloatArray of(float... values) {
        return of("array", values, values.length);
    }

    private static long elements(int[] shape) {
        return Arrays.stream(shape).asLongStream().reduce(1, Math::multiplyExact);
    }

    /** What it holds: the name of the hook point as the model's files have it, and behind it what was made of the values there. */
    public String name() {
        return name;
    }

    /** The same array under another name. */
    public FloatArray named(String other) {
        return new FloatArray(other, shape, values, from);
    }

    /** Sizes of its axes; a copy. */
    public int[] shape() {
        return shape.clone();
    }

    /** Size of one axis. */
    public int size(int axis) {
        return shape[Objects.checkIndex(axis, shape.length)];
    }

    /** Number of elements. */
    public int size() {
        return (int) elements(shape);
    }

    /** One element, by an index for each axis. */
    public float get(int... index) {
        if (index.length != shape.length)
            throw new CraneException(
                    name + " has " + shape.length + " axes, shape " + Arrays.toString(shape) + ", and was asked for an element by "
                            + index.length);
        int at = 0;
        for (int axis = 0; axis < index.length; axis++)
            at = at * shape[axis] + Objects.checkIndex(index[axis], shape[axis]);
        return values[from + at];
    }

    /** What lies at one index of the first axis: a view. */
    public FloatArray row(int index) {
        int[] rest = Arrays.copyOfRange(shape, 1, shape.length);
        return new FloatArray(name + "[" + Objects.checkIndex(index, shape[0]) + "]", rest, values, from + index * (int) elements(rest));
    }

    /** The same elements under another shape: a view. */
    public FloatArray reshape(int... other) {
        if (Arrays.stream(other).anyMatch(size -> size < 0) || elements(other) != size())
            throw new CraneException(name + " of shape " + Arrays.toString(shape) + " does not fill the shape " + Arrays.toString(other));
        return new FloatArray(name, other.clone(), values, from);
    }

    /** All elements, row-major, in their own memory: read-only, and valid as long as anybody holds it. */
    public MemorySegment segment() {
        return MemorySegment.ofArray(values).asSlice((long) from * Float.BYTES, (long) size() * Float.BYTES).asReadOnly();
    }

    /** All elements, row-major; a copy. */
    public float[] toArray() {
        return Arrays.copyOfRange(values, from, from + size());
    }

    // ---- a little arithmetic, elementwise, in f32 ----

    /** This − other; of equal shape. */
    public FloatArray minus(FloatArray other) {
        return combine(other, "-", (a, b) -> a - b);
    }

    /** This + other; of equal shape. */
    public FloatArray plus(FloatArray other) {
        return combine(other, "+", Float::sum);
    }

    /** This · other, element by element; of equal shape. */
    public FloatArray times(FloatArray other) {
        return combine(other, "*", (a, b) -> a * b);
    }

    /** This · factor. */
    public FloatArray times(float factor) {
        float[] result = toArray();
        for (int i = 0; i < result.length; i++)
            result[i] *= factor;
        return new FloatArray(name, shape, result, 0);
    }

    /** Mean over the first axis, summed in f64. */
    public FloatArray mean() {
        if (shape.length == 0 || shape[0] == 0)
            throw new CraneException(name + " of shape " + Arrays.toString(shape) + " has no rows to take the mean of");
        int[] rest = Arrays.copyOfRange(shape, 1, shape.length);
        double[] sums = new double[(int) elements(rest)];
        for (int i = 0; i < size(); i++)
            sums[i % sums.length] += values[from + i];
        float[] means = new float[sums.length];
        for (int i = 0; i < means.length; i++)
            means[i] = (float) (sums[i] / shape[0]);
        return new FloatArray(name + ".mean", rest, means, 0);
    }

    /** Sum of all elements, in f64. */
    public double sum() {
        return IntStream.range(0, size()).mapToDouble(i -> values[from + i]).sum();
    }

    /** Index, row-major, of the first largest element; −1 where there is none. */
    public int largest() {
        int largest = size() == 0 ? -1 : 0;
        for (int i = 1; i < size(); i++)
            if (values[from + i] > values[from + largest])
                largest = i;
        return largest;
    }

    private interface Operation {
        float of(float a, float b);
    }

    private FloatArray combine(FloatArray other, String sign, Operation operation) {
        if (!Arrays.equals(shape, other.shape))
            throw new CraneException(name + " has the shape " + Arrays.toString(shape) + " and " + other.name + " "
                    + Arrays.toString(other.shape) + ": " + sign + " needs equal ones");
        float[] result = new float[size()];
        for (int i = 0; i < result.length; i++)
            result[i] = operation.of(values[from + i], other.values[other.from + i]);
        return new FloatArray(name, shape, result, 0);
    }

    // ---- files, text ----

    /**
     * Writes a file, whole or not at all: {@code .npy} for NumPy, {@code .safetensors} under this name.
     *
     * @throws CraneException for another ending, or if the file cannot be written
     */
    public void save(Path file) {
        if (file.toString().endsWith(".npy"))
            Npy.write(this, file);
        else
            NamedArrays.of(this).save(file);
    }

    /** The same. */
    public void save(String file) {
        save(Path.of(file));
    }

    void addTo(SafetensorsWriter writer) {
        writer.add(name, DType.F32, Arrays.stream(shape).asLongStream().toArray(), out -> SafetensorsWriter.copy(segment(), out));
    }

    /** Name, type, shape and the first values: {@code model.layers.2.mlp.neuron f32 [4, 512] 0.12 -0.03 …}. */
    @Override
    public String toString() {
        StringJoiner text = new StringJoiner(" ");
        text.add(name).add("f32").add(Arrays.toString(shape));
        for (int i = 0; i < Math.min(SHOWN, size()); i++)
            text.add(String.format(Locale.ROOT, "%.4g", values[from + i]));
        return text + (size() > SHOWN ? " …" : "");
    }
}
