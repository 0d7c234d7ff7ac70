package dev.crane.models.safetensors;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import tools.jackson.databind.JsonNode;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;
import dev.crane.models.json.JsonFile;

import static dev.crane.engine.file.FileErrors.quote;

/**
 * {@code model.safetensors.index.json}, whose {@code weight_map} says which file of the folder holds which tensor.
 *
 * @param shards tensor name to file name
 * @param files file name to checked path
 */
record ShardIndex(Map<String, String> shards, SortedMap<String, Path> files) {
    /** The largest published indices have a few megabytes. */
    private static final long LARGEST_FILE = 256 << 20;

    static ShardIndex read(Path index) {
        Map<String, String> shards = new LinkedHashMap<>();
        SortedMap<String, Path> files = new TreeMap<>();
        weightMap(index).forEachEntry((tensor, value) -> {
            if (!value.isString()) {
                throw new CraneException(index + ": the file of tensor " + quote(tensor) + " is not a string");
            }
            String name = value.stringValue();
            files.computeIfAbsent(name, shard -> inside(index, shard));
            shards.put(tensor, name);
        });
        return new ShardIndex(shards, files);
    }

    private static JsonNode weightMap(Path index) {
        JsonNode map = JsonFile.read(index, LARGEST_FILE).path("weight_map");
        if (!map.isObject() || map.isEmpty()) {
            throw new CraneException(index + ": has no weight_map that lists tensors");
        }
        return map;
    }

    /** A shard's path. Its name must be that of a file in the index's own folder, and the file must really be there. */
    private static Path inside(Path index, String shard) {
        if (!shard.matches("[^/\\\\\\p{Cntrl}:]{1,255}") || shard.startsWith(".") || !shard.endsWith(".safetensors")) {
            throw new CraneException(index + ": the file name " + quote(shard) + " is not that of a safetensors file in this folder");
        }
        Path folder = index.toAbsolutePath().getParent();
        Path file = index.resolveSibling(shard);
        try {
            if (!isInside(folder, file)) {
                throw new CraneException(
                        index + ": the file " + quote(shard) + " is a link to " + file.toRealPath() + ", outside the model folder");
            }
        } catch (IOException e) {
            throw FileErrors.cannotRead(file, e);
        }
        return file;
    }

    /**
     * Whether a file of a model folder, or what it is a link to, belongs to the folder: it lies in it, or where the hub's own cache keeps files as links from
     * {@code MODEL/snapshots/REVISION} into {@code MODEL/blobs}.
     */
    static boolean isInside(Path folder, Path file) throws IOException {
        Path real = file.toRealPath();
        Path revision = folder.toRealPath();
        Path snapshots = revision.getParent();
        return real.startsWith(revision)
                || (snapshots != null && snapshots.endsWith("snapshots") && real.startsWith(snapshots.resolveSibling("blobs")));
    }
}
