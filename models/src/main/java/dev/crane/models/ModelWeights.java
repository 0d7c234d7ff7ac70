package dev.crane.models;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

import dev.crane.engine.CraneException;
import dev.crane.engine.decoder.DecoderWeights;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.models.safetensors.WeightFiles;

import static dev.crane.engine.file.FileErrors.quote;

/** The weights of a model folder, mapped and checked: all there, of the right shapes, F32, F16 or BF16, finite. */
public final class ModelWeights implements AutoCloseable {
    private static final int NAMED_IN_MESSAGES = 4;

    private final WeightFiles files;
    private final DecoderWeights weights;
    private final List<String> unused;

    private ModelWeights(WeightFiles files, DecoderWeights weights, List<String> unused) {
        this.files = files;
        this.weights = weights;
        this.unused = unused;
    }

    /**
     * Maps the files and checks every tensor that the model uses. Reads all of them once, to find NaN and infinities before they can spoil a long run:
     * well under a second a gigabyte when the file is in memory already, as it will be for the pass that follows.
     */
    static ModelWeights open(ModelFolder model) {
        WeightFiles files = WeightFiles.open(model.path());
        try {
            Map<String, long[]> expected = model.family().tensors(model.spec());
            checkPresent(files, expected, model.path());
            expected.forEach((name, shape) -> check(files, name, shape));
            List<String> unused = files.names().stream().filter(name -> !expected.containsKey(name)).toList();
            return new ModelWeights(files, model.family().weights(model.spec(), files::tensor), unused);
        } catch (RuntimeException e) {
            files.close();
            throw e;
        }
    }

    private static void checkPresent(WeightFiles files, Map<String, long[]> expected, Path folder) {
        List<String> missing = expected.keySet().stream().filter(name -> !files.contains(name)).toList();
        if (!missing.isEmpty()) {
            String some = String.join(", ", missing.subList(0, Math.min(NAMED_IN_MESSAGES, missing.size())));
            throw new CraneException(
                    folder + ": " + missing.size() + " of the " + expected.size() + " tensors that config.json asks for are missing: "
                            + some + (missing.size() > NAMED_IN_MESSAGES ? ", …" : ""));
        }
    }

    private static void check(WeightFiles files, String name, long[] shape) {
        StoredTensor tensor = files.tensor(name);
        if (!tensor.dtype().isWeight()) {
            throw error(files, name, "is " + tensor.dtype() + "; weights must be F32, F16 or BF16");
        }
        if (!Arrays.equals(tensor.shape(), shape)) {
            throw error(files, name,
                    "has the shape " + Arrays.toString(tensor.shape()) + ", config.json asks for " + Arrays.toString(shape));
        }
        OptionalLong bad = NonFinite.first(tensor);
        if (bad.isPresent()) {
            throw error(files, name,
                    "holds a NaN or infinity at " + Arrays.toString(index(bad.getAsLong(), shape)) + "; the file is damaged");
        }
    }

    /** The position of the {@code flat}-th element. */
    private static long[] index(long flat, long[] shape) {
        long[] index = new long[shape.length];
        long rest = flat;
        for (int i = shape.length - 1; i >= 0; i--) {
            index[i] = rest % shape[i];
            rest /= shape[i];
        }
        return index;
    }

    private static CraneException error(WeightFiles files, String name, String what) {
        return new CraneException(files.file(name) + ": tensor " + quote(name) + " " + what);
    }

    /** The weights in their places. Valid until {@link #close}. */
    public DecoderWeights decoder() {
        return weights;
    }

    /** Tensors in the files that the model has no use for. */
    public List<String> unused() {
        return unused;
    }

    /** Bytes of all tensors as stored. */
    public long bytes() {
        return files.bytes();
    }

    /** Unmaps the files. */
    @Override
    public void close() {
        files.close();
    }
}
