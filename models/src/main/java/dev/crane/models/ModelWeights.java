package dev.crane.models;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

import dev.crane.engine.CraneException;
import dev.crane.engine.decoder.DecoderWeights;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.models.safetensors.WeightFiles;

import static dev.crane.engine.file.FileErrors.quote;

/** The weights of a model folder, mapped and checked: all there, of the right shapes, F32, F16, BF16 or widened from FP8, finite. */
public final class ModelWeights implements AutoCloseable {
    private static final int NAMED_IN_MESSAGES = 4;

    private final WeightFiles files;
    private final Arena arena;
    private final DecoderWeights weights;
    private final List<String> unused;

    private ModelWeights(WeightFiles files, Arena arena, DecoderWeights weights, List<String> unused) {
        this.files = files;
        this.arena = arena;
        this.weights = weights;
        this.unused = unused;
    }

    /**
     * Maps the files and checks every tensor that the model uses. Reads all of them once, to find NaN and infinities before they can spoil a long run:
     * well under a second a gigabyte when the file is in memory already, as it will be for the pass that follows. What cannot be used as it lies in the
     * files (8-bit floating point, rows of several projections head by head, transposed matrices) is copied to memory of its own.
     */
    @SuppressWarnings("MustBeClosedChecker") // closed by close(), or below if the weights are refused
    static ModelWeights open(ModelFolder model) {
        WeightFiles files = WeightFiles.open(model.path());
        Arena arena = Arena.ofShared();
        try {
            Map<String, long[]> expected = model.family().tensors(model.spec());
            Map<String, String> stored = new HashMap<>();
            expected.keySet().forEach(name -> model.family().stored(name, files::contains).ifPresent(found -> stored.put(name, found)));
            checkPresent(expected.keySet(), stored.keySet(), model.path());
            Fp8Weights fp8 = new Fp8Weights(files, model.config(), arena);
            Map<String, StoredTensor> tensors = new HashMap<>();
            expected.forEach((name, shape) -> tensors.put(name, checked(files, stored.get(name), shape, fp8)));
            Set<String> used = new HashSet<>(stored.values());
            List<String> unused = files.names().stream().filter(name -> !used.contains(name) && !Fp8Weights.isScale(name, files)).toList();
            return new ModelWeights(files, arena, model.family().weights(model.spec(), tensors::get, arena), unused);
        } catch (RuntimeException e) {
            arena.close();
            files.close();
            throw e;
        }
    }

    private static void checkPresent(Set<String> expected, Set<String> present, Path folder) {
        List<String> missing = expected.stream().filter(name -> !present.contains(name)).toList();
        if (!missing.isEmpty()) {
            String some = String.join(", ", missing.subList(0, Math.min(NAMED_IN_MESSAGES, missing.size())));
            throw new CraneException(
                    folder + ": " + missing.size() + " of the " + expected.size() + " tensors that config.json asks for are missing: "
                            + some + (missing.size() > NAMED_IN_MESSAGES ? ", …" : ""));
        }
    }

    private static StoredTensor checked(WeightFiles files, String name, long[] shape, Fp8Weights fp8) {
        StoredTensor tensor = files.tensor(name);
        if (!Arrays.equals(tensor.shape(), shape)) {
            throw error(files, name,
                    "has the shape " + Arrays.toString(tensor.shape()) + ", config.json asks for " + Arrays.toString(shape));
        }
        if (Fp8Weights.isFp8(tensor)) {
            tensor = fp8.widened(tensor);
        }
        if (!tensor.dtype().isWeight()) {
            throw error(files, name,
                    "is " + tensor.dtype() + "; weights must be F32, F16 or BF16, or F8_E4M3 or F8_E5M2 with their scales");
        }
        OptionalLong bad = NonFinite.first(tensor);
        if (bad.isPresent()) {
            throw error(files, name,
                    "holds a NaN or infinity at " + Arrays.toString(index(bad.getAsLong(), shape)) + "; the file is damaged");
        }
        return tensor;
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
        arena.close();
        files.close();
    }
}
