package dev.crane.models.safetensors;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import dev.crane.engine.CraneException;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class WeightFilesTest {
    private static final String A = "model-00001-of-00002.safetensors";
    private static final String B = "model-00002-of-00002.safetensors";

    @TempDir
    Path folder;

    @Test
    void readsShards() throws IOException {
        shard(A, "a", "b");
        shard(B, "c");
        index(A, "a", A, "b", B, "c");
        try (WeightFiles files = WeightFiles.open(folder)) {
            assertEquals(Set.of("a", "b", "c"), files.names());
            assertArrayEquals(new float[]{'c'}, files.tensor("c").floats());
            assertEquals(folder.resolve(B), files.file("c"));
            assertEquals(12, files.bytes());
            assertThrows(CraneException.class, () -> files.tensor("d"));
        }
    }

    @Test
    void takesTheSingleFileFirst() throws IOException {
        shard("model.safetensors", "x");
        Files.writeString(folder.resolve(WeightFiles.INDEX), "nonsense");
        try (WeightFiles files = WeightFiles.open(folder)) {
            assertEquals(Set.of("x"), files.names());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"../secret.safetensors", "/etc/secret.safetensors", "sub/secret.safetensors", "..", ".", "",
            "sub\\\\secret.safetensors",
            "C:secret.safetensors", ".hidden.safetensors", "config.json", "a\\u0000.safetensors", "a\\n.safetensors"})
    void refusesShardNamesThatLeaveTheFolder(String name) throws IOException {
        Path inner = Files.createDirectories(folder.resolve("model/sub")).getParent();
        RawFile.write(folder.resolve("secret.safetensors"), "{}", 0);
        RawFile.write(inner.resolve("sub/secret.safetensors"), "{}", 0);
        Files.writeString(inner.resolve(WeightFiles.INDEX), "{\"weight_map\": {\"a\": \"" + name + "\"}}");
        CraneException e = assertThrows(CraneException.class, () -> WeightFiles.open(inner));
        assertTrue(e.getMessage().startsWith(inner.resolve(WeightFiles.INDEX) + ": the file name '"), e.getMessage());
        assertTrue(e.getMessage().endsWith("is not that of a safetensors file in this folder"), e.getMessage());
        assertTrue(e.getMessage().chars().noneMatch(Character::isISOControl));
    }

    @Test
    void refusesLinksThatLeaveTheFolder() throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        Path secret = RawFile.write(folder.resolve("secret.safetensors"), "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
                1);
        Files.createSymbolicLink(model.resolve(A), secret);
        Files.writeString(model.resolve(WeightFiles.INDEX), "{\"weight_map\": {\"a\": \"" + A + "\"}}");
        CraneException e = assertThrows(CraneException.class, () -> WeightFiles.open(model));
        assertEquals(
                model.resolve(WeightFiles.INDEX) + ": the file '" + A + "' is a link to " + secret.toRealPath()
                        + ", outside the model folder",
                e.getMessage());
    }

    @Test
    void followsTheLinksOfTheHubCache() throws IOException {
        Path blob = Files.createDirectories(folder.resolve("models--x/blobs")).resolve("0123");
        RawFile.write(blob, "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1);
        Path model = Files.createDirectories(folder.resolve("models--x/snapshots/abc"));
        Files.createSymbolicLink(model.resolve(A), Path.of("../../blobs/0123"));
        Files.writeString(model.resolve(WeightFiles.INDEX), "{\"weight_map\": {\"a\": \"" + A + "\"}}");
        try (WeightFiles files = WeightFiles.open(model)) {
            assertEquals(Set.of("a"), files.names());
        }
    }

    @Test
    void refusesAMissingShard() throws IOException {
        shard(A, "a");
        index(A, "a", B, "c");
        assertRefused("cannot read " + folder.resolve(B) + ": no such file or folder");
    }

    @Test
    void refusesATensorThatIsNotInItsShard() throws IOException {
        shard(A, "a");
        shard(B, "c");
        index(A, "a", A, "c", B, "c2");
        assertRefused(folder.resolve(WeightFiles.INDEX) + ": tensor 'c' is not in " + A + ", where the index says it is");
    }

    @Test
    void refusesATensorInTwoShards() throws IOException {
        shard(A, "a", "c");
        shard(B, "c");
        index(A, "a", B, "c");
        assertRefused(folder.resolve(B) + ": tensor 'c' is also in " + A);
    }

    @Test
    void refusesADamagedShard() throws IOException {
        shard(A, "a");
        RawFile.write(folder.resolve(B), "{\"c\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 3);
        index(A, "a", B, "c");
        assertRefused(folder.resolve(B) + ": is cut off: ");
    }

    @Test
    void refusesABadIndex() throws IOException {
        shard(A, "a");
        Path index = folder.resolve(WeightFiles.INDEX);
        for (List<String> bad : List.of(
                List.of("{\"weight_map\": {\"a\": \"" + A + "\", \"a\": \"" + A + "\"}}",
                        "is not valid JSON: Duplicate Object property \"a\""),
                List.of("{\"weight_map\": {\"a\": 3}}", "the file of tensor 'a' is not a string"),
                List.of("{\"weight_map\": {}}", "has no weight_map that lists tensors"),
                List.of("{\"metadata\": {}}", "has no weight_map that lists tensors"),
                List.of("[]", "is not a JSON object"),
                List.of("{", "is not valid JSON: Unexpected end-of-input"))) {
            Files.writeString(index, bad.getFirst());
            assertRefused(index + ": " + bad.getLast());
        }
    }

    /** A shard in which each tensor's only value is the first letter of its name. */
    private void shard(String file, String... names) {
        SafetensorsWriter writer = new SafetensorsWriter();
        for (String name : names) {
            writer.add(name, new float[]{name.charAt(0)}, 1);
        }
        writer.write(folder.resolve(file));
    }

    private void index(String... fileAndTensor) throws IOException {
        String map = IntStream.range(0, fileAndTensor.length / 2)
                .mapToObj(i -> "\"" + fileAndTensor[2 * i + 1] + "\": \"" + fileAndTensor[2 * i] + "\"").collect(Collectors.joining(", "));
        Files.writeString(folder.resolve(WeightFiles.INDEX), "{\"metadata\": {\"total_size\": 1}, \"weight_map\": {" + map + "}}");
    }

    private void assertRefused(String message) {
        CraneException e = assertThrows(CraneException.class, () -> WeightFiles.open(folder));
        assertTrue(e.getMessage().startsWith(message), e.getMessage());
    }
}
