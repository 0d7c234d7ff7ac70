package dev.crane.models.safetensors;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import dev.crane.engine.CraneException;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class SafetensorsReaderTest {
    private static final Path FAMILIES = Path.of("src/test/resources/families");

    @TempDir
    Path folder;

    @Test
    void readsWhatTheReferenceLibraryWrote() {
        try (SafetensorsReader model = SafetensorsReader.open(FAMILIES.resolve("llama/model.safetensors"));
                SafetensorsReader golden = SafetensorsReader.open(FAMILIES.resolve("llama/golden.safetensors"))) {
            assertEquals(Map.of("format", "pt"), model.metadata());
            StoredTensor embedding = model.tensor("model.embed_tokens.weight");
            assertEquals(DType.BF16, embedding.dtype());
            assertArrayEquals(new long[]{320, 64}, embedding.shape());
            assertEquals(320 * 64 * 2, embedding.data().byteSize());
            // All numbers as the reference library prints them.
            float[] values = model.floats("model.embed_tokens.weight");
            assertArrayEquals(new float[]{0.022827148f, -0.000018119812f, -0.013366699f}, new float[]{values[0], values[1], values[2]});
            assertEquals(0.08886719f, values[values.length - 1]);
            assertEquals(23, golden.longs("0.ids").length);
            assertEquals(255, golden.longs("0.ids")[22]);
            assertEquals(-0.10014343f, golden.floats("0.target")[0]);
        }
    }

    @Test
    void readsFilesWithoutAlignment() {
        // A header of odd length, and an F32 tensor at an odd offset of the data.
        byte[] data = ByteBuffer.allocate(5).order(ByteOrder.LITTLE_ENDIAN).put((byte) 3).putFloat(1.5f).array();
        String header = "{\"f\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1,5]},\"b\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}";
        try (SafetensorsReader reader = SafetensorsReader.open(RawFile.write(folder.resolve("odd.safetensors"), header, data))) {
            assertEquals(List.of("b", "f"), reader.names());
            assertArrayEquals(new float[]{1.5f}, reader.floats("f"));
            assertArrayEquals(new long[]{3}, reader.longs("b"));
            assertFalse(reader.contains("c"));
            assertEquals(reader.file() + ": there is no tensor 'c'",
                    assertThrows(CraneException.class, () -> reader.tensor("c")).getMessage());
        }
    }

    @Test
    void acceptsWhatTheFormatAllows() {
        // Spaces after the header, tensors of no elements, two of them at one place, attributes from later versions, an empty file.
        String header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[2,2],\"later\":{\"x\":[1]}},"
                + "\"b\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]},\"c\":{\"dtype\":\"F4\",\"shape\":[2,0],\"data_offsets\":[2,2]}}   ";
        try (SafetensorsReader reader = SafetensorsReader.open(RawFile.write(folder.resolve("a.safetensors"), header, 2))) {
            assertEquals(3, reader.names().size());
            assertEquals(0, reader.floats("a").length);
        }
        try (SafetensorsReader reader = SafetensorsReader.open(RawFile.write(folder.resolve("b.safetensors"), "{}", 0))) {
            assertEquals(List.of(), reader.names());
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "hole before the first | {`t`:{`dtype`:`U8`,`shape`:[2],`data_offsets`:[2,4]}} | 4 | bytes 0 to 2 of the data, before tensor 't', belong to no tensor",
            "hole | {`s`:{`dtype`:`U8`,`shape`:[1],`data_offsets`:[0,1]},`t`:{`dtype`:`U8`,`shape`:[2],`data_offsets`:[2,4]}} | 4 "
                    + "| bytes 1 to 2 of the data, before tensor 't', belong to no tensor",
            "overlap | {`s`:{`dtype`:`U8`,`shape`:[3],`data_offsets`:[0,3]},`t`:{`dtype`:`U8`,`shape`:[2],`data_offsets`:[2,4]}} | 4 "
                    + "| tensor 't' begins at byte 2 of the data, inside tensor 's', which ends at 3",
            "truncated data | {`t`:{`dtype`:`F32`,`shape`:[2],`data_offsets`:[0,8]}} | 5 | is cut off: its tensors take 8 bytes of data, 5 are there",
            "bytes left over | {`t`:{`dtype`:`F32`,`shape`:[2],`data_offsets`:[0,8]}} | 11 | 3 bytes after the last tensor belong to no tensor",
            "no tensor, bytes left over | {} | 1 | 1 bytes after the last tensor belong to no tensor",
            "wrong size | {`t`:{`dtype`:`F32`,`shape`:[3],`data_offsets`:[0,8]}} | 8 | tensor 't' has the data offsets 0 to 8, but F32[3] takes 12 bytes",
            "end before begin | {`t`:{`dtype`:`F32`,`shape`:[2],`data_offsets`:[8,0]}} | 8 | tensor 't' has the data offsets 8 to 0",
            "negative offset | {`t`:{`dtype`:`F32`,`shape`:[2],`data_offsets`:[-8,0]}} | 8 | tensor 't': data_offsets holds something other than whole numbers",
            "fraction | {`t`:{`dtype`:`F32`,`shape`:[2.0],`data_offsets`:[0,8]}} | 8 | tensor 't': shape holds something other than whole numbers",
            "huge number | {`t`:{`dtype`:`F32`,`shape`:[99999999999999999999],`data_offsets`:[0,8]}} | 8 | the header is not valid: Numeric value",
            "overflow | {`t`:{`dtype`:`F32`,`shape`:[4294967296,4294967296],`data_offsets`:[0,8]}} | 8 | tensor 't' has the impossible shape",
            "overflow in bits | {`t`:{`dtype`:`F64`,`shape`:[2305843009213693952],`data_offsets`:[0,0]}} | 0 | tensor 't' has the impossible shape",
            "broken bytes | {`t`:{`dtype`:`F4`,`shape`:[3],`data_offsets`:[0,2]}} | 2 | tensor 't' of F4[3] does not fill whole bytes",
            "unknown type | {`t`:{`dtype`:`F31`,`shape`:[2],`data_offsets`:[0,8]}} | 8 | tensor 't' has the unknown dtype 'F31'",
            "type not a string | {`t`:{`dtype`:7,`shape`:[2],`data_offsets`:[0,8]}} | 8 | tensor 't' has the unknown dtype ''",
            "no type | {`t`:{`shape`:[2],`data_offsets`:[0,8]}} | 8 | tensor 't' must have dtype, shape and two data_offsets",
            "no shape | {`t`:{`dtype`:`F32`,`data_offsets`:[0,8]}} | 8 | tensor 't' must have dtype, shape and two data_offsets",
            "one offset | {`t`:{`dtype`:`F32`,`shape`:[2],`data_offsets`:[8]}} | 8 | tensor 't' must have dtype, shape and two data_offsets",
            "shape not a list | {`t`:{`dtype`:`F32`,`shape`:2,`data_offsets`:[0,8]}} | 8 | tensor 't': shape is not a list",
            "not an object | {`t`:3} | 8 | 't' is not an object in the header",
            "tensor twice | {`t`:{`dtype`:`U8`,`shape`:[1],`data_offsets`:[0,1]},`t`:{`dtype`:`U8`,`shape`:[1],`data_offsets`:[1,2]}} | 2 "
                    + "| the header is not valid: Duplicate Object property \"t\"",
            "attribute twice | {`t`:{`dtype`:`U8`,`dtype`:`I8`,`shape`:[1],`data_offsets`:[0,1]}} | 1 | Duplicate Object property \"dtype\"",
            "metadata twice | {`__metadata__`:{`a`:`1`,`a`:`2`}} | 0 | Duplicate Object property \"a\"",
            "metadata not strings | {`__metadata__`:{`a`:1}} | 0 | __metadata__ 'a' is not a string",
            "JSON cut off | {`t`:{`dtype`:`F32`, | 8 | the header is not valid: Unexpected end-of-input",
            "two documents | {} {} | 0 | something follows the JSON object in the header",
            "a list | [] | 0 | the header does not begin with '{'; it is no safetensors file",
            "a space first | ` {}` | 0 | the header does not begin with '{'"
    })
    void refuses(String name, String header, int dataBytes, String message) {
        Path file = RawFile.write(folder.resolve("bad.safetensors"), header.replace('`', '"'), dataBytes);
        assertRefused(file, message);
    }

    @Test
    void refusesTruncatedFiles() throws IOException {
        byte[] whole = Files.readAllBytes(FAMILIES.resolve("llama/model.safetensors"));
        Path file = folder.resolve("cut.safetensors");
        // Nothing, half the length, half the header, half the data, all but one byte.
        for (int length : List.of(0, 4, 8, 1000, whole.length / 2, whole.length - 1)) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertRefused(file, "is cut off: ");
        }
    }

    @Test
    void refusesOversizedHeaders() {
        byte[] json = "{}".getBytes(StandardCharsets.UTF_8);
        Path file = folder.resolve("long.safetensors");
        assertRefused(RawFile.writeBytes(file, 100_000_001, json, new byte[0]),
                "claims a header of 100000001 bytes, more than the 100000000 allowed; it is no safetensors file or damaged");
        assertRefused(RawFile.writeBytes(file, -1, json, new byte[0]), "claims a header of 18446744073709551615 bytes");
        assertRefused(RawFile.writeBytes(file, 99_999_999, json, new byte[0]), "is cut off: its header takes 99999999 bytes, 2 are there");
    }

    @Test
    void refusesInvalidUtf8() {
        byte[] json = {'{', '"', (byte) 0xc0, (byte) 0x80, '"', ':', '{', '}', '}'};
        assertRefused(RawFile.writeBytes(folder.resolve("a.safetensors"), json.length, json, new byte[0]), "the header is not valid UTF-8");
    }

    @Test
    void saysWhatElseAFileMayBe() throws IOException {
        assertRefused(folder, "is a folder, not a safetensors file");
        Path pointer = Files.writeString(folder.resolve("p.safetensors"),
                "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
        assertRefused(pointer, "is a Git LFS pointer, not the tensors themselves; fetch them with 'git lfs pull'");
        Path missing = folder.resolve("missing.safetensors");
        assertEquals("cannot read " + missing + ": no such file or folder (" + missing + ")",
                assertThrows(CraneException.class, () -> SafetensorsReader.open(missing)).getMessage());
    }

    @Test
    void keepsHostileNamesOnOneLine() {
        String header = "{\"a\\nb\\u001b[31m" + "x".repeat(40_000) + "\":3}";
        CraneException e = assertThrows(CraneException.class, () -> SafetensorsReader.open(RawFile.write(folder.resolve("a"), header, 0)));
        assertTrue(e.getMessage().length() < 400 + folder.toString().length(), e.getMessage());
        assertTrue(e.getMessage().chars().noneMatch(Character::isISOControl));
    }

    @Test
    void readsFilesOverTwoGigabytes() throws IOException {
        long bytes = (2L << 30) + 4096; // sparse: takes no room on disk
        Path file = folder.resolve("large.safetensors");
        byte[] json = ("{\"big\":{\"dtype\":\"U8\",\"shape\":[" + bytes + "],\"data_offsets\":[0," + bytes
                + "]},\"last\":{\"dtype\":\"F32\",\"shape\":[1],"
                + "\"data_offsets\":[" + bytes + "," + (bytes + 4) + "]}}").getBytes(StandardCharsets.UTF_8);
        RawFile.writeBytes(file, json.length, json, new byte[0]);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            ByteBuffer last = ByteBuffer.allocate(5).order(ByteOrder.LITTLE_ENDIAN).put((byte) 42).putFloat(2.5f).flip();
            channel.write(last, 8 + json.length + bytes - 1);
        }
        try (SafetensorsReader reader = SafetensorsReader.open(file)) {
            assertEquals(42, reader.tensor("big").data().get(ValueLayout.JAVA_BYTE, bytes - 1));
            assertArrayEquals(new float[]{2.5f}, reader.floats("last"));
            assertThrows(CraneException.class, () -> reader.longs("big"));
        }
    }

    private static void assertRefused(Path file, String message) {
        CraneException e = assertThrows(CraneException.class, () -> SafetensorsReader.open(file));
        assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
        assertTrue(e.getMessage().contains(message), e.getMessage());
        assertTrue(e.getMessage().chars().noneMatch(Character::isISOControl), "one line: " + e.getMessage());
    }
}
