package dev.crane.analysis.corpus;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.engine.CraneException;
import dev.crane.models.tokenizer.Tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class CorpusTest {
    private static final Path RESOURCES = Path.of("src/test/resources/corpora");
    private static final Path MODELS = Path.of("../models");
    private static final Tokenizer DEMO = Tokenizer.load(MODELS.resolve("babel-base"));
    private static final Tokenization TOKENIZATION = new Tokenization(DEMO, 6144, 192);
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    private Path folder;

    private Path write(String name, byte[] bytes) throws IOException {
        Path file = folder.resolve(name);
        try (OutputStream out = name.toLowerCase(Locale.ROOT).endsWith(".gz")
                ? new GZIPOutputStream(Files.newOutputStream(file))
                : Files.newOutputStream(file)) {
            out.write(bytes);
        }
        return file;
    }

    private Path write(String name, String text) throws IOException {
        return write(name, text.getBytes(StandardCharsets.UTF_8));
    }

    private static List<String> texts(Path file) {
        return Corpus.open(file).documents(Choice.all()).stream().map(Document::text).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.txt", "a.txt.gz", "A.TXT", "a.TXT.GZ"})
    void textLines(String name) throws IOException {
        assertEquals(List.of("one", "  hai ố ", "三🙂", "last"), texts(write(name, "one\n  hai ố \r\n三🙂\nlast")));
        assertEquals(List.of("one"), texts(write(name, "\ufeffone\n")));
        assertEquals(1, Corpus.open(write(name, "one\n")).count());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.jsonl", "a.jsonl.gz"})
    void jsonLines(String name) throws IOException {
        List<Document> documents = Corpus.open(write(name, """
                {"text": "one\\ntwo \\ud83d\\ude42", "lang": "en"}
                {"ids": [5, 6]}
                {"ids": [7], "text": "both"}
                {"ids": null, "text": "null"}
                """)).documents(Choice.all());
        assertEquals(4, documents.size());
        assertEquals("one\ntwo 🙂", documents.get(0).text());
        assertNull(documents.get(0).ids());
        assertNull(documents.get(1).text());
        assertArrayEquals(new int[]{5, 6}, documents.get(1).ids());
        assertEquals("both", documents.get(2).text());
        assertArrayEquals(new int[]{7}, documents.get(2).ids());
        assertEquals(List.of(0, 1, 2, 3), documents.stream().map(Document::line).toList());
    }

    /** Files that pyarrow wrote. */
    @ParameterizedTest
    @ValueSource(strings = {"none.parquet", "gzip.parquet"})
    void parquet(String name) throws IOException {
        Path file = RESOURCES.resolve(name);
        assertEquals(List.of("one", "hai ố", "三🙂"), texts(file));
        assertEquals(3, Corpus.open(file).count());
        assertEquals(List.of("one", "hai ố", "三🙂"), texts(write("packed.parquet.gz", Files.readAllBytes(file))));
        List<Document> chosen = Corpus.open(file).documents(Choice.seeded(2, 42));
        int[] lines = new Choice.Seeded(2, 42).lines(3);
        assertArrayEquals(lines, chosen.stream().mapToInt(Document::line).toArray());
    }

    /** The ids that the demo's reference data begin from, cut to 192 tokens with the beginning-of-text token. */
    @ParameterizedTest
    @ValueSource(strings = {"en", "zh", "vi"})
    void demoSamples(String language) throws IOException {
        Corpus corpus = Corpus.open(MODELS.resolve("corpora/" + language + ".identify.jsonl"));
        Samples samples = corpus.samples(Choice.all(), TOKENIZATION);
        assertEquals(192, samples.samples().size());
        assertEquals(0, samples.missing());
        int known = 0;
        for (String line : Files.readAllLines(MODELS.resolve("src/test/resources/tokenizers/babel/tokens.jsonl"))) {
            JsonNode golden = JSON.readTree(line);
            for (Document document : corpus.documents(Choice.all())) {
                if (document.text().equals(golden.get("text").stringValue())) {
                    int[] ids = golden.get("ids").valueStream().mapToInt(JsonNode::intValue).limit(192).toArray();
                    assertArrayEquals(ids, samples.samples().get(document.line()).ids());
                    known++;
                }
            }
        }
        assertTrue(known > 0, "no reference text is in the corpus");
    }

    @Test
    void cutAndBytes() throws IOException {
        Corpus corpus = Corpus.open(write("a.jsonl", """
                {"text": "Nguyễn Thị Ánh"}
                {"ids": [6139, 64, 65, 66]}
                {"text": "one two three four five six seven"}
                """));
        Samples whole = corpus.samples(Choice.all(), TOKENIZATION);
        assertEquals(0, whole.cut());
        assertEquals("Nguyễn Thị Ánh".getBytes(StandardCharsets.UTF_8).length, whole.samples().get(0).utf8Bytes());
        assertEquals(3, whole.samples().get(1).utf8Bytes());
        assertEquals(whole.samples().stream().mapToInt(sample -> sample.ids().length).sum(), whole.tokens());
        Samples cut = corpus.samples(Choice.all(), new Tokenization(DEMO, 6144, 3));
        assertEquals(3, cut.cut());
        for (int i = 0; i < 3; i++) {
            int[] kept = cut.samples().get(i).ids();
            assertArrayEquals(Arrays.copyOf(whole.samples().get(i).ids(), 3), kept);
        }
        // the first document is cut inside a character, of which two bytes stay: what is decoded from it has U+FFFD there, three bytes
        assertEquals("Nguy".length() + 2, cut.samples().get(0).utf8Bytes());
        assertEquals("one two".length(), cut.samples().get(2).utf8Bytes());
    }

    @Test
    void withoutTokenizer() throws IOException {
        Tokenization idsOnly = new Tokenization(null, 100, 10);
        Samples samples = Corpus.open(write("a.jsonl", "{\"ids\": [99, 0]}\n")).samples(Choice.first(5), idsOnly);
        assertArrayEquals(new int[]{99, 0}, samples.samples().get(0).ids());
        assertEquals(-1, samples.samples().get(0).utf8Bytes());
        assertEquals(4, samples.missing());
        Path text = write("b.jsonl", "{\"text\": \"a\"}\n");
        assertOneLine("line 1 holds text, and the model has no tokenizer;", text,
                () -> Corpus.open(text).samples(Choice.all(), idsOnly));
    }

    @Test
    void choices() throws IOException {
        Path file = write("a.txt", String.join("\n", IntStream.range(0, 100).mapToObj(i -> "document " + i).toList()));
        Corpus corpus = Corpus.open(file);
        assertEquals(100, corpus.count());
        assertEquals(List.of("document 0", "document 1"), corpus.documents(Choice.first(2)).stream().map(Document::text).toList());
        List<Document> chosen = corpus.documents(Choice.seeded(10, 42));
        int[] lines = new Choice.Seeded(10, 42).lines(100);
        assertArrayEquals(lines, chosen.stream().mapToInt(Document::line).toArray());
        for (Document document : chosen) {
            assertEquals("document " + document.line(), document.text());
        }
        Samples few = corpus.samples(Choice.seeded(1_000, 42), TOKENIZATION);
        assertEquals(100, few.samples().size());
        assertEquals(900, few.missing());
        // what comes after the last document that is wanted is not looked at
        Path broken = write("b.txt", "good\n\n");
        assertEquals(1, Corpus.open(broken).documents(Choice.first(1)).size());
    }

    @Test
    void contentHash() throws IOException {
        // FIPS 180-2's example
        assertEquals("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", Corpus.open(write("a.txt", "abc")).sha256());
    }

    /** Takes two documents of a file that is larger than the heap it runs in. */
    static final class SmallHeap {
        private SmallHeap() {
        }

        /** @param arguments the file */
        public static void main(String[] arguments) {
            Corpus corpus = Corpus.open(Path.of(arguments[0]));
            for (Document document : corpus.documents(Choice.seeded(2, 1))) {
                System.out.println(document.line() + " " + document.text().length());
            }
        }
    }

    @Test
    void largeFilesAreStreamed() throws IOException, InterruptedException {
        Path file = folder.resolve("large.txt");
        String paragraph = "x".repeat(99) + "\n";
        try (BufferedWriter out = Files.newBufferedWriter(file)) {
            for (int i = 0; i < 400_000; i++) {
                out.write(paragraph);
            }
        }
        Process small = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx16m",
                "-XX:TieredStopAtLevel=1",
                "-cp", System.getProperty("java.class.path"), SmallHeap.class.getName(), file.toString()).redirectErrorStream(true).start();
        String output = new String(small.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, small.waitFor(), output);
        int[] lines = new Choice.Seeded(2, 1).lines(400_000);
        assertEquals(List.of(lines[0] + " 99", lines[1] + " 99"), output.lines().toList());
    }

    static Stream<Arguments> brokenFiles() {
        String good = "{\"text\": \"good\"}\n";
        return Stream.of(Arguments.of("a.txt", "", "holds no documents"), //
                Arguments.of("a.txt", "one\n\nthree\n", "line 2 is empty"), //
                Arguments.of("a.txt", "one\n \t\u00a0\u3000\r\nthree\n", "line 2 is empty"), //
                Arguments.of("a.txt.gz", "one\ntwo\n\n", "line 3 is empty"), //
                Arguments.of("a.jsonl", good + "\n" + good, "line 2 is empty"), //
                Arguments.of("a.jsonl", good + "{\"text\": \"  \"}", "line 2 \"text\" is empty"), //
                Arguments.of("a.jsonl", good + "{\"text\": \"a\"", "line 2 is not JSON"), //
                Arguments.of("a.jsonl", "text", "line 1 is not JSON"), //
                Arguments.of("a.jsonl", "{\"text\": \"a\"} {}", "line 1 is not JSON"), //
                Arguments.of("a.jsonl", "{\"text\": \"a\", \"text\": \"b\"}", "line 1 is not JSON"), //
                Arguments.of("a.jsonl", "[".repeat(100_000), "line 1 is not JSON"), //
                Arguments.of("a.jsonl", "[\"a\"]", "line 1 is not a JSON object"), //
                Arguments.of("a.jsonl", "{\"txt\": \"a\"}", "line 1 has neither \"text\" nor \"ids\""), //
                Arguments.of("a.jsonl", "{\"text\": 3}", "line 1 \"text\" is not a string"), //
                Arguments.of("a.jsonl", "{\"text\": \"a\\ud83d\"}", "line 1 \"text\" holds half of a surrogate pair"), //
                Arguments.of("a.jsonl", "{\"ids\": []}", "line 1 \"ids\" is not a list"), //
                Arguments.of("a.jsonl", "{\"ids\": 5}", "line 1 \"ids\" is not a list"), //
                Arguments.of("a.jsonl", "{\"ids\": [1, 2.5]}", "line 1 ids[1] is not a token id"), //
                Arguments.of("a.jsonl", "{\"ids\": [-1]}", "line 1 ids[0] is not a token id"), //
                Arguments.of("a.jsonl", "{\"ids\": [99999999999]}", "line 1 ids[0] is not a token id"), //
                Arguments.of("a.jsonl", good + "{\"ids\": [1, 6144]}",
                        "line 2 has the token id 6144, and the model's vocabulary ends at 6143"), //
                Arguments.of("a.csv", "text\n", "texts end in .txt, .jsonl or .parquet"), //
                Arguments.of("a.gz", "text\n", "texts end in .txt, .jsonl or .parquet"), //
                Arguments.of("a.parquet", "text\n", "cannot be read as Parquet"), //
                Arguments.of("a.parquet.gz", "text\n", "cannot be read as Parquet"));
    }

    @ParameterizedTest
    @MethodSource("brokenFiles")
    void oneClearLine(String name, String content, String what) throws IOException {
        Path file = write(name, content);
        assertOneLine(what, file, () -> Corpus.open(file).samples(Choice.all(), TOKENIZATION));
    }

    @ParameterizedTest
    @ValueSource(strings = {"null:row 2 is empty", "nocolumn:has no column \"text\"; its columns are id, texts",
            "numbers:holds INT64, not strings",
            "cut:cannot be read as Parquet", "snappy:is compressed with SNAPPY"})
    void brokenParquet(String nameAndWhat) {
        String[] parts = nameAndWhat.split(":", 2);
        Path file = RESOURCES.resolve(parts[0] + ".parquet");
        assertOneLine(parts[1], file, () -> Corpus.open(file).documents(Choice.all()));
    }

    @Test
    void missingFileAndFolder() {
        assertOneLine("there is no such file", folder.resolve("a.txt"), () -> Corpus.open(folder.resolve("a.txt")));
        assertOneLine("is a folder", folder, () -> Corpus.open(folder));
    }

    @Test
    void invalidUtf8() throws IOException {
        byte[] latin1 = "good\nna\u00efve\n".getBytes(StandardCharsets.ISO_8859_1);
        Path file = write("a.txt", latin1);
        assertOneLine("line 2 is not UTF-8: byte 0xEF at offset 7 of the file", file, () -> Corpus.open(file).documents(Choice.all()));
        assertOneLine("line 2 is not UTF-8", file, () -> Corpus.open(file).count());
        Path packed = write("a.jsonl.gz", latin1);
        assertOneLine("offset 7 of the unpacked file", packed, () -> Corpus.open(packed).count());
        Path cut = write("b.txt", Arrays.copyOf("good\n中".getBytes(StandardCharsets.UTF_8), 7));
        assertOneLine("line 2 is not UTF-8: byte 0xE4 at offset 5 of the file", cut, () -> Corpus.open(cut).count());
    }

    @Test
    void longLine() throws IOException {
        byte[] line = new byte[Corpus.LONGEST_LINE + 3];
        Arrays.fill(line, (byte) 'a');
        line[0] = '1';
        line[1] = '\n';
        Path longest = write("a.txt", Arrays.copyOf(line, line.length - 1));
        assertEquals(Corpus.LONGEST_LINE, Corpus.open(longest).documents(Choice.all()).get(1).text().length());
        Path tooLong = write("b.txt", line);
        assertOneLine("line 2 is longer than 16777216 bytes", tooLong, () -> Corpus.open(tooLong).count());
    }

    @Test
    void damagedGzip() throws IOException {
        Path noGzip = folder.resolve("a.txt.gz");
        Files.writeString(noGzip, "plain text");
        assertOneLine("is no gzip file", noGzip, () -> Corpus.open(noGzip).count());
        byte[] packed = Files.readAllBytes(write("b.txt.gz", "one\ntwo\n".repeat(1000)));
        Path half = folder.resolve("c.txt.gz");
        Files.write(half, Arrays.copyOf(packed, packed.length / 2));
        assertOneLine("ends in the middle", half, () -> Corpus.open(half).count());
        Path empty = folder.resolve("d.txt.gz");
        Files.write(empty, new byte[0]);
        assertOneLine("ends in the middle", empty, () -> Corpus.open(empty).count());
    }

    private static void assertOneLine(String what, Path named, Runnable action) {
        CraneException e = assertThrows(CraneException.class, action::run);
        assertTrue(e.getMessage().contains(what), e.getMessage());
        assertTrue(e.getMessage().startsWith(named + ": "), e.getMessage());
        assertEquals(1, e.getMessage().lines().count(), e.getMessage());
    }
}
