package dev.crane.models.torch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import dev.crane.engine.CraneException;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Files that PyTorch wrote (how, their README says), and such as somebody would write to harm. */
class TorchFileTest {
    private static final Path FILES = Path.of("src/test/resources/torch");
    /** A list that holds a list of 3 of {@code LongTensor}s. */
    private static final long[][][] NEURONS = {{{1, 5, 7}, {}}, {{0}, {2, 3, 511}}, {{4}, {6}}};

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"neurons.pth", "neurons-legacy.pth", "neurons-protocol-4.pth"})
    void readsWhatTorchWrote(String name) {
        List<?> languages = (List<?>) TorchFile.read(FILES.resolve(name));
        assertEquals(3, languages.size());
        for (int language = 0; language < 3; language++)
            assertLayers(NEURONS[language], languages.get(language));
    }

    private static void assertLayers(long[][] expected, Object actual) {
        List<?> layers = (List<?>) actual;
        assertEquals(expected.length, layers.size());
        for (int layer = 0; layer < expected.length; layer++)
            assertArrayEquals(expected[layer], ((TorchTensor) layers.get(layer)).longs());
    }

    @Test
    void readsDictionariesTuplesAndOtherIntegers() {
        Map<?, ?> languages = (Map<?, ?>) TorchFile.read(FILES.resolve("dictionary.pth"));
        assertEquals(List.of("en", "zh"), List.copyOf(languages.keySet()));
        assertLayers(NEURONS[0], languages.get("en"));
        assertLayers(NEURONS[1], languages.get("zh"));
    }

    @Test
    void readsPartsOfAStorage() {
        assertLayers(new long[][]{{3, 4, 5}, {10, 11, 12, 13, 14, 15, 16, 17, 18, 19}},
                ((List<?>) TorchFile.read(FILES.resolve("shared.pth"))).getFirst());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "floats.pth | names 'torch.FloatStorage', which lists of tensors of whole numbers do not need; it is not read, and nothing of it is executed",
            "call.pth | names '__builtin__.eval', which lists of tensors of whole numbers do not need; it is not read, and nothing of it is executed",
            "matrix.pth | holds a tensor of 2 dimensions or with gaps; only vectors are read"})
    void refusesAnythingElse(String name, String what) {
        assertEquals(FILES.resolve(name) + ": " + what, refusal(FILES.resolve(name)));
    }

    private static String refusal(Path file) {
        String message = assertThrows(CraneException.class, () -> TorchFile.read(file)).getMessage();
        assertEquals(1, message.lines().count(), message);
        return message;
    }

    // ---- hostile pickles ----

    /** An archive around a pickle whose instructions are given in hexadecimal digits, texts in quotes. */
    private Path archive(String instructions, long storageBytes) throws IOException {
        Path file = folder.resolve("hostile.pth");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            zip.putNextEntry(new ZipEntry("hostile/data.pkl"));
            zip.write(bytes(instructions));
            zip.putNextEntry(new ZipEntry("hostile/data/0"));
            for (long left = storageBytes; left > 0; left -= 1 << 20)
                zip.write(new byte[(int) Math.min(1 << 20, left)]);
        }
        return file;
    }

    private static byte[] bytes(String instructions) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        String[] parts = instructions.split("'", -1);
        for (int i = 0; i < parts.length; i++)
            bytes.writeBytes(i % 2 == 0
                    ? HexFormat.of().parseHex(parts[i].replace(" ", ""))
                    : parts[i].replace("\\n", "\n").getBytes(StandardCharsets.UTF_8));
        return bytes.toByteArray();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
            "a command | 8002 'cposix\\nsystem\\n' 'X' 02000000 'ls' 85 'R.' | names 'posix.system'",
            "a command by name | 8004 8c 02 'os' 8c 06 'system' 93 '.' | names 'os.system'",
            "a text where a function stands | 8002 'X' 01000000 'x' 29 'R.' | does not hold together",
            "an instance | 8002 '(i__main__\\nX\\n.' | instruction 0x69",
            "state of an object | 8002 5d 7d 'b.' | instruction 0x62",
            "a new object | 8002 5d 29 81 '.' | instruction 0x81",
            "an extension | 8002 82 01 '.' | instruction 0x82",
            "protocol 0 | '(lp0\\n.' | instruction 0x6c",
            "protocol 9 | 8009 '].' | protocol 9",
            "a text of 2 GB | 8002 'X' ffffff7f 'x' | cut off",
            "a text of a negative length | 8002 'X' ffffffff 'x' | cut off",
            "a long number | 8002 8a ff 01 | cut off",
            "no end | 8002 ']]]]' | cut off",
            "nothing | '.' | does not hold together",
            "an empty stack | 8002 'a.' | does not hold together",
            "no mark | 8002 5d 'e.' | does not hold together",
            "a mark taken for a value | 8002 5d '(a.' | does not hold together",
            "what was never remembered | 8002 'h' 07 '.' | does not hold together",
            "a key that is a list | 8002 7d 5d 4e 's.' | keys are neither texts nor numbers",
            "a storage that is not there | 8002 'X' 07000000 'storage' 'ctorch\\nLongStorage\\n' 'X' 01000000 '9' 'N' 'K' 01 't' 'Q.' | does not hold together",
            "another storage | 8002 '(X' 07000000 'storage' 'ctorch\\nLongStorage\\n' 'X' 01000000 '9' 'N' 'K' 01 't' 'Q.' | has no storage 'hostile/data/9'",
            "a storage outside | 8002 '(X' 07000000 'storage' 'ctorch\\nLongStorage\\n' 'X' 06000000 '../../' 'N' 'K' 01 't' 'Q.' | has no storage"})
    void hostilePickles(String name, String instructions, String what) throws IOException {
        String message = refusal(archive(instructions, 8));
        assertTrue(message.startsWith(folder.resolve("hostile.pth") + ": ") && message.contains(what), message);
    }

    /** A tensor of so many numbers from so many on, of a storage that says it has so many. */
    private static String tensor(String storageElements, String offset, String length, String stride) {
        return "8002 'ctorch._utils\\n_rebuild_tensor_v2\\n(' '(X' 07000000 'storage' 'ctorch\\nLongStorage\\n' 'X' 01000000 '0' 'N' 'J' "
                + storageElements + " 't' 'Q' 'J' " + offset + " 'J' " + length + " 85 'J' " + stride
                + " 85 89 'ccollections\\nOrderedDict\\n' 29 'R' 't' 'R.'";
    }

    @Test
    void tensorsStayWithinTheirStorage() throws IOException {
        assertArrayEquals(new long[2],
                ((TorchTensor) TorchFile.read(archive(tensor("02000000", "00000000", "02000000", "01000000"), 16))).longs());
        for (String[] bad : new String[][]{{"02000000", "01000000", "02000000", "01000000"},
                {"02000000", "ffffffff", "01000000", "01000000"},
                {"02000000", "00000000", "ffffffff", "01000000"}, {"02000000", "00000000", "ffffff7f", "01000000"}})
            assertTrue(refusal(archive(tensor(bad[0], bad[1], bad[2], bad[3]), 16)).contains("no part of its storage"));
        // A stride of nothing would make a thousand million numbers of one.
        assertTrue(refusal(archive(tensor("01000000", "00000000", "00ca9a3b", "00000000"), 8)).contains("with gaps"));
        TorchTensor cut = (TorchTensor) TorchFile.read(archive(tensor("04000000", "00000000", "04000000", "01000000"), 16));
        assertTrue(assertThrows(CraneException.class, cut::longs).getMessage().contains("is cut off: a storage of 4 numbers has 16 bytes"));
    }

    @Test
    void depthIsNoMatter() throws IOException {
        byte[] pickle = new byte[2_000_003];
        Arrays.fill(pickle, (byte) ']');
        pickle[0] = (byte) 0x80;
        pickle[1] = 2;
        Arrays.fill(pickle, 1_000_002, 2_000_001, (byte) 'a'); // a million lists, each within another
        pickle[pickle.length - 2] = '.';
        Path file = folder.resolve("deep.pth");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            zip.putNextEntry(new ZipEntry("deep/data.pkl"));
            zip.write(pickle);
        }
        assertEquals(1, ((List<?>) TorchFile.read(file)).size());
    }

    @Test
    void aListMayHoldItself() throws IOException {
        List<?> list = (List<?>) TorchFile.read(archive("8002 5d 'q' 00 'h' 00 'a.'", 8));
        assertSame(list, list.getFirst());
    }

    @Test
    void packedStoragesAreBounded() throws IOException {
        // 300 MB of zeros in 300 kB.
        String message = refusal(archive(tensor("01000000", "00000000", "01000000", "01000000"), 300L << 20));
        assertTrue(message.contains("holds more than 268435456 bytes"), message);
    }

    @Test
    void everyCutIsOneLine() throws IOException {
        for (String name : List.of("neurons.pth", "neurons-legacy.pth")) {
            byte[] whole = Files.readAllBytes(FILES.resolve(name));
            for (int length = 0; length < whole.length; length += 13) {
                Path cut = Files.write(folder.resolve("cut.pth"), Arrays.copyOf(whole, length));
                assertTrue(refusal(cut).startsWith(cut + ": "));
            }
        }
    }

    @Test
    void noiseIsOneLineOrRead() throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        for (String name : List.of("neurons.pth", "neurons-legacy.pth", "neurons-protocol-4.pth"))
            for (int i = 0; i < 300; i++) {
                byte[] bytes = Files.readAllBytes(FILES.resolve(name));
                for (int n = 0; n < 3; n++)
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                Path noisy = Files.write(folder.resolve("noisy.pth"), bytes);
                try {
                    TorchFile.read(noisy);
                } catch (CraneException e) {
                    assertEquals(1, e.getMessage().lines().count(), e.getMessage());
                }
            }
    }

    @Test
    void otherFiles() throws IOException {
        assertTrue(refusal(Files.writeString(folder.resolve("a.pth"), "text")).endsWith("is no file that torch.save wrote"));
        assertTrue(refusal(Files.write(folder.resolve("b.pth"), bytes("8002 5d '.'")))
                .endsWith("is a pickle, but none that torch.save wrote"));
        assertTrue(refusal(folder).endsWith("is a folder, not a file of PyTorch's"));
        assertTrue(refusal(folder.resolve("none.pth")).contains("cannot read"));
        Path zip = folder.resolve("c.pth");
        try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
            out.putNextEntry(new ZipEntry("x/other"));
        }
        assertTrue(refusal(zip).contains("none that torch.save wrote: it has 0 files data.pkl"));
    }
}
