package dev.crane.models.safetensors;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.tensor.StoredTensor;

import static dev.crane.engine.file.FileErrors.quote;

/**
 * The weights of one model folder: {@code model.safetensors}, or the shards that {@code model.safetensors.index.json} lists. Each tensor has one place.
 */
public final class WeightFiles implements AutoCloseable {
    /** A model in one file. */
    public static final String SINGLE = "model.safetensors";
    /** The list of a model's shards. */
    public static final String INDEX = "model.safetensors.index.json";

    private final Path folder;
    private final List<SafetensorsReader> files = new ArrayList<>();
    private final Map<String, SafetensorsReader> places = new LinkedHashMap<>();

    private WeightFiles(Path folder) {
        this.folder = folder;
    }

    /**
     * Opens and checks all files.
     *
     * @throws CraneException if there are none, one is damaged, the index names something outside the folder, or a tensor is not where the index says
     */
    public static WeightFiles open(Path folder) {
        WeightFiles weights = new WeightFiles(folder);
        try {
            if (Files.exists(folder.resolve(SINGLE))) {
                weights.add(SafetensorsReader.open(folder.resolve(SINGLE)));
            } else if (Files.exists(folder.resolve(INDEX))) {
                weights.addShards(ShardIndex.read(folder.resolve(INDEX)));
            } else {
                throw new CraneException(missing(folder));
            }
            return weights;
        } catch (RuntimeException e) {
            weights.close();
            throw e;
        }
    }

    private void add(SafetensorsReader file) {
        files.add(file);
        for (String name : file.names()) {
            SafetensorsReader other = places.putIfAbsent(name, file);
            if (other != null) {
                throw new CraneException(file.file() + ": tensor " + quote(name) + " is also in " + other.file().getFileName());
            }
        }
    }

    private void addShards(ShardIndex index) {
        Map<String, SafetensorsReader> shards = new HashMap<>();
        for (Map.Entry<String, Path> shard : index.files().entrySet()) {
            SafetensorsReader reader = SafetensorsReader.open(shard.getValue());
            shards.put(shard.getKey(), reader);
            add(reader);
        }
        index.shards().forEach((tensor, shard) -> {
            if (!shards.get(shard).contains(tensor)) {
                throw new CraneException(
                        folder.resolve(INDEX) + ": tensor " + quote(tensor) + " is not in " + shard + ", where the index says it is");
            }
        });
    }

    private static String missing(Path folder) {
        List<String> names;
        try (Stream<Path> entries = Files.list(folder)) {
            names = entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw FileErrors.cannotRead(folder, e);
        }
        String none = folder + ": has no " + SINGLE + " and no " + INDEX;
        String pickle = names.stream().filter(name -> name.matches("pytorch_model.*\\.bin|.*\\.pth?")).findFirst().orElse(null);
        if (pickle != null) {
            return none + ", only " + pickle + ", a pickle, which can execute code and is not read; convert it once with Python: "
                    + "from transformers import AutoModelForCausalLM as M; M.from_pretrained('" + folder + "').save_pretrained('" + folder
                    + "')";
        }
        return names.stream().filter(name -> name.endsWith(".gguf")).findFirst()
                .map(gguf -> none + ", only " + gguf + ", which is not read; download the model's safetensors files")
                .orElse(none + "; download the model's safetensors files into it");
    }

    /** The files, in the order of their names. */
    public List<SafetensorsReader> files() {
        return Collections.unmodifiableList(files);
    }

    /** The names of all tensors. */
    public Set<String> names() {
        return Collections.unmodifiableSet(places.keySet());
    }

    /** Whether there is a tensor of this name. */
    public boolean contains(String name) {
        return places.containsKey(name);
    }

    /**
     * A tensor, as it is stored.
     *
     * @throws CraneException if there is none of this name
     */
    public StoredTensor tensor(String name) {
        return place(name).tensor(name);
    }

    /** The file that holds a tensor. */
    public Path file(String name) {
        return place(name).file();
    }

    private SafetensorsReader place(String name) {
        SafetensorsReader file = places.get(name);
        if (file == null) {
            throw new CraneException(folder + ": there is no tensor " + quote(name));
        }
        return file;
    }

    /** Whether a file that a folder names, or what it is a link to, is the folder's own: in it, or in the hub's cache that it is a view of. */
    public static boolean isOwn(Path folder, Path file) throws IOException {
        return ShardIndex.isInside(folder, file);
    }

    /** Bytes of all tensors. */
    public long bytes() {
        return files.stream().mapToLong(file -> file.data().byteSize()).sum();
    }

    /**
     * Adds all that the files hold to a digest: for each file its name, its length, its header, and the CRC-32C of every {@value BlockChecksums#BLOCK_BYTES}
     * bytes of data. Reads every byte, at about the speed of memory.
     */
    public void digest(MessageDigest digest) {
        for (SafetensorsReader file : files) {
            digest.update((file.file().getFileName() + "\n" + file.data().byteSize() + "\n").getBytes(StandardCharsets.UTF_8));
            digest.update(file.header().asByteBuffer());
            digest.update(BlockChecksums.of(file.data()));
        }
    }

    /** Unmaps the files; none of their tensors may be used any more. */
    @Override
    public void close() {
        files.forEach(SafetensorsReader::close);
    }
}
