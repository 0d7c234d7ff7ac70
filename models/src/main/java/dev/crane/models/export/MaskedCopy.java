package dev.crane.models.export;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileStore;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.AtomicFile;
import dev.crane.engine.file.AtomicFolder;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Intervention;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.models.ModelFolder;
import dev.crane.models.family.UnitTensor;
import dev.crane.models.safetensors.SafetensorsReader;
import dev.crane.models.safetensors.WeightFiles;

/**
 * A copy of a model folder whose weights do what a mask does: the rows of masked units of linear layers, with their biases, and the columns of the down
 * projection that read masked neurons, are zero, or scaled. Nothing else differs: the safetensors files have the same names, headers, types and lengths,
 * other files are the same to the byte. Left out are hidden files, and weights in other formats, which would hold the model without the mask.
 *
 * @param bytes of the safetensors files
 * @param tensors the names of the tensors that were changed, as the files have them
 * @param leftOut files of the model folder that were not copied, hidden ones not named
 */
public record MaskedCopy(long bytes, List<String> tensors, List<Path> leftOut) {
    /** Weights by their names: what PyTorch, TensorFlow, Flax, llama.cpp and ONNX write, and lists of their parts. */
    private static final Pattern WEIGHTS = Pattern
            .compile(
                    ".*\\.(safetensors|safetensors\\.index\\.json|bin|bin\\.index\\.json|pth?|ckpt|h5|msgpack|ot|npz|gguf|ggml|onnx|onnx_data)");
    private static final int DEEPEST = 16;

    /** Told how far a copy is. */
    @FunctionalInterface
    public interface Written {
        /** So many bytes of weights are written. */
        void written(long bytes, long total);
    }

    /**
     * Writes the copy, whole or not at all.
     *
     * @param model the model
     * @param mask zero and scale; the name of the set is that of its file, for messages
     * @param maskFile is copied into the folder too, as {@code applied.mask.json}
     * @param out the new folder; must not be there, or be empty
     * @param progress told after each tensor how far the copy is
     * @throws CraneException if {@code out} is in use or cannot be written, a site's units are no weights, or an intervention is none that weights can express
     */
    public static MaskedCopy write(ModelFolder model, InterventionSet mask, Path maskFile, Path out, Written progress) {
        try (WeightFiles files = WeightFiles.open(model.path())) {
            Map<String, List<WeightEdit>> edits = edits(model, mask, files);
            Path source = model.path().toAbsolutePath().normalize();
            if (out.toAbsolutePath().normalize().startsWith(source)) {
                throw new CraneException("cannot write " + out + ": it lies inside the model folder; give a place of its own");
            }
            long bytes = files.files().stream().mapToLong(SafetensorsReader::bytes).sum();
            try (AtomicFolder folder = AtomicFolder.create(out)) {
                checkRoom(out, folder.path(), bytes);
                List<Path> leftOut = copyOthers(source, files, folder.path());
                long[] done = {0};
                for (SafetensorsReader file : files.files()) {
                    Map<String, Consumer<MemorySegment>> changes = new HashMap<>();
                    edits.forEach((name, ofTensor) -> changes.put(name, data -> ofTensor.forEach(edit -> edit.apply(data))));
                    file.copy(folder.path().resolve(file.file().getFileName()), changes,
                            written -> progress.written(done[0] + written, bytes));
                    done[0] += file.bytes();
                }
                copyFile(maskFile, folder.path().resolve(free(folder.path())));
                folder.commit();
                return new MaskedCopy(bytes, edits.keySet().stream().sorted().toList(), leftOut);
            }
        }
    }

    // ---- what changes ----

    private static Map<String, List<WeightEdit>> edits(ModelFolder model, InterventionSet mask, WeightFiles files) {
        Map<String, long[]> shapes = model.family().tensors(model.spec());
        Map<String, List<WeightEdit>> edits = new HashMap<>();
        for (Intervention intervention : mask.interventions()) {
            HookPoint point = intervention.point();
            float factor = switch (intervention) {
                case Intervention.Zero zero -> 0;
                case Intervention.Scale scale -> scale.factor();
                default -> throw new CraneException(mask.name() + ": what it does to " + point
                        + " cannot be written into weights; only units that are zero or scaled can");
            };
            List<UnitTensor> places = model.family().unitTensors(model.spec(), point.site(), point.layer());
            if (places.isEmpty()) {
                throw new CraneException(mask.name() + ": the units of " + point
                        + " are no weights of the model, so the mask cannot be written into them; use the mask with crane");
            }
            for (UnitTensor place : places) {
                String name = model.family().stored(place.tensor(), files::contains).orElseThrow(() -> new CraneException(
                        model.path() + ": the tensor " + FileErrors.quote(place.tensor()) + " is missing"));
                StoredTensor tensor = files.tensor(name);
                if (!Arrays.equals(tensor.shape(), shapes.get(place.tensor()))) {
                    throw new CraneException(files.file(name) + ": tensor " + tensor + " should have the shape "
                            + Arrays.toString(shapes.get(place.tensor())));
                }
                int[] index = Arrays.stream(intervention.units()).map(unit -> place.index()[unit]).toArray();
                edits.computeIfAbsent(name, n -> new ArrayList<>()).add(new WeightEdit(tensor, place.axis(), index, factor));
            }
        }
        return edits;
    }

    // ---- what stays ----

    private static void checkRoom(Path out, Path folder, long bytes) {
        try {
            FileStore store = Files.getFileStore(folder);
            if (store.getUsableSpace() < bytes) {
                throw new CraneException("cannot write " + out + ": the weights take " + bytes + " bytes, and there is room for "
                        + store.getUsableSpace());
            }
        } catch (IOException e) {
            throw FileErrors.cannotWrite(out, e);
        }
    }

    /** Copies all that is no weights; returns what was left out, relative to the model folder. */
    private static List<Path> copyOthers(Path source, WeightFiles files, Path target) {
        Set<Path> weights = new HashSet<>();
        files.files().forEach(file -> weights.add(file.file().getFileName()));
        boolean shards = !weights.contains(Path.of(WeightFiles.SINGLE));
        List<Path> leftOut = new ArrayList<>();
        try {
            Files.walkFileTree(source, Set.of(), DEEPEST, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                    if (!folder.equals(source) && isHidden(folder)) {
                        return FileVisitResult.SKIP_SUBTREE;
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Path relative = source.relativize(file);
                    boolean index = shards && relative.equals(Path.of(WeightFiles.INDEX));
                    if (weights.contains(relative) || isHidden(file)) {
                        return FileVisitResult.CONTINUE;
                    }
                    boolean weight = WEIGHTS.matcher(relative.toString().toLowerCase(Locale.ROOT)).matches() && !index;
                    if (weight || !Files.isRegularFile(file)) {
                        leftOut.add(relative);
                    } else if (Files.isSymbolicLink(file) && !WeightFiles.isOwn(source, file)) {
                        throw new CraneException(file + ": is a link to " + file.toRealPath() + ", outside the model folder");
                    } else {
                        copyFile(file, target.resolve(relative));
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw FileErrors.cannotRead(source, e);
        }
        leftOut.sort(null);
        return leftOut;
    }

    private static boolean isHidden(Path file) {
        return file.getFileName().toString().startsWith(".");
    }

    private static void copyFile(Path from, Path to) {
        AtomicFile.write(to, out -> Files.copy(from, out));
    }

    /** A copy of a masked copy keeps the masks of both. */
    private static String free(Path folder) {
        String name = "applied.mask.json";
        for (int i = 2; Files.exists(folder.resolve(name), LinkOption.NOFOLLOW_LINKS); i++) {
            name = "applied-" + i + ".mask.json";
        }
        return name;
    }
}
