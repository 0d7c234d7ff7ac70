package dev.crane.models.safetensors;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.engine.CraneException;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

class SafetensorsWriterTest {
    /**
     * What {@code safetensors.numpy.save} 0.8.0 makes of the tensors below and the metadata {@code {"format": "crane/statistics@1"}}.
     */
    private static final String REFERENCE = "WAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJjcmFuZS9zdGF0aXN0aWNzQDEifSwiaWRzIjp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOlsy"
            + "XSwiZGF0YV9vZmZzZXRzIjpbMCwxNl19LCJhLm1lYW4iOnsiZHR5cGUiOiJGNjQiLCJzaGFwZSI6WzEsM10sImRhdGFfb2Zmc2V0cyI6WzE2LDQwXX0sIm5vbmUiOnsiZHR5cGUi"
            + "OiJGMzIiLCJzaGFwZSI6WzAsNF0sImRhdGFfb2Zmc2V0cyI6WzQwLDQwXX0sInNjYWxhciI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbXSwiZGF0YV9vZmZzZXRzIjpbNDAsNDRd"
            + "fSwidyI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzQ0LDUyXX19ICAgIAcAAAAAAAAA//////////8AAAAAAAD4PwAAAAAAAADAAAAAAAAACkAA"
            + "AABAAAAAPwAAgH8=";

    @TempDir
    Path folder;

    @Test
    void writesTheBytesOfTheReferenceLibrary() throws IOException {
        Path file = folder.resolve("a.safetensors");
        List<Integer> progress = new ArrayList<>();
        new SafetensorsWriter().metadata("format", "crane/statistics@1")
                .add("none", new float[0], 0, 4)
                .add("scalar", new float[]{2})
                .add("w", new float[]{0.5f, Float.POSITIVE_INFINITY}, 2)
                .add("ids", new long[]{7, -1}, 2)
                .add("a.mean", new double[]{1.5, -2, 3.25}, 1, 3)
                .write(file, progress::add);
        assertArrayEquals(Base64.getDecoder().decode(REFERENCE), Files.readAllBytes(file));
        assertEquals(List.of(1, 2, 3, 4, 5), progress);
    }

    @Test
    void copiesAModelByteForByte() {
        Path file = folder.resolve("copy.safetensors");
        try (SafetensorsReader original = SafetensorsReader.open(Path.of("src/test/resources/families/llama/model.safetensors"))) {
            SafetensorsWriter writer = new SafetensorsWriter().metadata(Map.of("format", "pt"));
            original.names().forEach(name -> writer.add(original.tensor(name)));
            writer.write(file);
            try (SafetensorsReader copy = SafetensorsReader.open(file)) {
                assertEquals(original.names(), copy.names());
                assertEquals(original.metadata(), copy.metadata());
                for (String name : original.names()) {
                    StoredTensor a = original.tensor(name);
                    StoredTensor b = copy.tensor(name);
                    assertEquals(a.toString(), b.toString());
                    assertEquals(-1, a.data().mismatch(b.data()), name);
                }
            }
        }
    }

    @Test
    void writesArraysLargerThanItsBuffer() {
        float[] values = new float[200_001];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        Path file = folder.resolve("a.safetensors");
        new SafetensorsWriter().add("a", values, values.length).write(file);
        try (SafetensorsReader reader = SafetensorsReader.open(file)) {
            assertArrayEquals(values, reader.floats("a"));
        }
    }

    @Test
    void leavesNothingOnFailure() throws IOException {
        Path file = Files.writeString(folder.resolve("a.safetensors"), "old");
        SafetensorsWriter full = new SafetensorsWriter().add("a", new float[]{1}, 1).add("b", DType.U8, new long[]{1}, out -> {
            throw new IOException("No space left on device");
        });
        assertEquals("cannot write " + file + ": No space left on device",
                assertThrows(CraneException.class, () -> full.write(file)).getMessage());
        SafetensorsWriter small = new SafetensorsWriter().add("b", DType.U8, new long[]{2}, out -> out.write(ByteBuffer.allocate(1)));
        assertThrows(IllegalStateException.class, () -> small.write(file));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(file), files.toList());
        }
        assertEquals("old", Files.readString(file));
    }

    @Test
    void saysWhenItsFolderCannotBeWritten() throws IOException {
        Path file = folder.resolve("a");
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(1);
        }
        CraneException e = assertThrows(CraneException.class, () -> new SafetensorsWriter().write(file.resolve("b.safetensors")));
        assertEquals("cannot write " + file + "/b.safetensors: it exists already and is no folder (" + file + ")", e.getMessage());
    }

    @Test
    void refusesWhatCannotBeATensor() {
        SafetensorsWriter writer = new SafetensorsWriter().add("a", new float[]{1}, 1);
        assertThrows(IllegalArgumentException.class, () -> writer.add("a", new float[]{1}, 1));
        assertThrows(IllegalArgumentException.class, () -> writer.add("b", new float[]{1}, 2));
        assertThrows(IllegalArgumentException.class, () -> writer.add("c", DType.F4, new long[]{3}, out -> {
        }));
    }
}
