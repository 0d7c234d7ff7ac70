package dev.crane.analysis.corpus;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;

/**
 * A file of documents:
 * <ul>
 * <li>{@code .txt}: a document a line;
 * <li>{@code .jsonl}: an object a line, {@code {"text": …}} or {@code {"ids": […]}}; other keys are passed over;
 * <li>{@code .parquet}: the column {@code text}, a document a row;
 * <li>each also with {@code .gz} behind.
 * </ul>
 *
 * <p>
 * Text is UTF-8. No document may be empty (unless it is {@linkplain #open(Path, boolean) opened} so), and no line longer than {@link #LONGEST_LINE}. Files are streamed: memory grows with what is taken, not
 * with what is there. Lines that are not taken are checked for emptiness and encoding, but not parsed.
 */
public final class Corpus {
    /** The longest line in bytes, its end not counted: some four million tokens. */
    public static final int LONGEST_LINE = 1 << 24;

    private enum Format {
        TXT, JSONL, PARQUET
    }

    private final Path file;
    private final Format format;
    private final boolean emptyAllowed;
    private int count = -1;
    private String sha256;

    private Corpus(Path file, Format format, boolean emptyAllowed) {
        this.file = file;
        this.format = format;
        this.emptyAllowed = emptyAllowed;
    }

    /**
     * Opens a corpus; reads nothing yet.
     *
     * @throws CraneException there is no such file, it is a folder, or its name has another ending
     */
    public static Corpus open(Path file) {
        return open(file, false);
    }

    /**
     * Opens a corpus, like {@link #open(Path)}.
     *
     * @param emptyAllowed whether a document may be empty, where every line must keep its place
     */
    public static Corpus open(Path file, boolean emptyAllowed) {
        if (!Files.exists(file)) {
            throw new CraneException(file + ": there is no such file");
        }
        if (Files.isDirectory(file)) {
            throw new CraneException(file + ": is a folder; give a file of texts");
        }
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT).replaceFirst("\\.gz$", "");
        for (Format format : Format.values()) {
            if (name.endsWith("." + format.name().toLowerCase(Locale.ROOT))) {
                return new Corpus(file, format, emptyAllowed);
            }
        }
        throw new CraneException(
                file + ": what it holds cannot be told from its name; texts end in .txt, .jsonl or .parquet, or these and .gz");
    }

    /** The file. */
    public Path file() {
        return file;
    }

    /** The SHA-256 of the file's bytes as they lie there, in hexadecimal digits. */
    public synchronized String sha256() {
        if (sha256 == null) {
            try (InputStream in = Files.newInputStream(file);
                    DigestInputStream digest = new DigestInputStream(in, MessageDigest.getInstance("SHA-256"))) {
                digest.transferTo(OutputStream.nullOutputStream());
                sha256 = HexFormat.of().formatHex(digest.getMessageDigest().digest());
            } catch (IOException e) {
                throw unreadable(file, e);
            } catch (NoSuchAlgorithmException e) {
                throw new AssertionError("every JDK has SHA-256", e);
            }
        }
        return sha256;
    }

    /**
     * How many documents there are. Text files are read through once for it.
     *
     * @throws CraneException there is none, a line is empty, too long or not UTF-8, or the file cannot be read
     */
    public synchronized int count() {
        if (count < 0) {
            try (DocumentSource source = source()) {
                long found = 0;
                if (source instanceof ParquetSource parquet) {
                    found = parquet.rows();
                } else {
                    while (source.advance()) {
                        found++;
                    }
                }
                if (found > Integer.MAX_VALUE) {
                    throw new CraneException(file + ": has " + found + " documents, more than " + Integer.MAX_VALUE + "; split it");
                }
                requireAny(found);
                count = (int) found;
            }
        }
        return count;
    }

    /**
     * Hands the documents of {@code choice}, in the file's order, to {@code documents}; the first {@code choice.count()} at most.
     *
     * @throws CraneException the file or one of its documents cannot be used; the message names the line
     */
    public void read(Choice choice, Consumer<Document> documents) {
        take(choice, (document, source) -> documents.accept(document));
    }

    /** The documents of {@code choice}, in the file's order. */
    public List<Document> documents(Choice choice) {
        List<Document> documents = new ArrayList<>();
        read(choice, documents::add);
        return documents;
    }

    /**
     * The documents of {@code choice} as token ids, in the file's order.
     *
     * @throws CraneException the file or one of its documents cannot be used, or an id is not in the vocabulary; the message names the line
     */
    public Samples samples(Choice choice, Tokenization tokenization) {
        List<Sample> samples = new ArrayList<>();
        int cut = readSamples(choice, tokenization, samples::add);
        return new Samples(samples, choice.count(), cut);
    }

    /**
     * As {@link #samples}, but hands them on one by one.
     *
     * @return how many of them were cut
     */
    public int readSamples(Choice choice, Tokenization tokenization, Consumer<Sample> samples) {
        int[] cut = {0};
        take(choice, (document, source) -> {
            int[] ids = tokenization.ids(document, source);
            cut[0] += ids.length > tokenization.maxTokens() ? 1 : 0;
            samples.accept(tokenization.sample(document, ids));
        });
        return cut[0];
    }

    /**
     * The error that names the file and one of its documents.
     *
     * @param line the document's line (in Parquet: its row), from 0
     */
    public CraneException error(int line, String what) {
        return new CraneException(file + ": " + (format == Format.PARQUET ? "row " : "line ") + (line + 1) + " " + what);
    }

    @FunctionalInterface
    private interface Taker {
        void take(Document document, DocumentSource source);
    }

    private void take(Choice choice, Taker taker) {
        int[] lines = choice instanceof Choice.Seeded seeded ? seeded.lines(count()) : null;
        int wanted = lines == null ? choice.count() : lines.length;
        try (DocumentSource source = source()) {
            int taken = 0;
            for (int line = 0; taken < wanted && source.advance(); line++) {
                if (lines == null || lines[taken] == line) {
                    taker.take(source.document(), source);
                    taken++;
                }
            }
            requireAny(taken);
        }
    }

    private void requireAny(long found) {
        if (found == 0) {
            throw new CraneException(file + ": holds no documents");
        }
    }

    private DocumentSource source() {
        try {
            return switch (format) {
                case TXT -> new LineSource(file, false, emptyAllowed, unpacked());
                case JSONL -> new LineSource(file, true, emptyAllowed, unpacked());
                case PARQUET -> parquet();
            };
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    /** Parquet is read from its end, so a packed one is unpacked into a temporary file first. */
    private DocumentSource parquet() throws IOException {
        if (!isGzip(file)) {
            return new ParquetSource(file, file, false, emptyAllowed);
        }
        Path copy = Files.createTempFile("crane-", ".parquet");
        try (InputStream in = unpacked()) {
            Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
            return new ParquetSource(file, copy, true, emptyAllowed);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(copy);
            throw e;
        }
    }

    private InputStream unpacked() throws IOException {
        InputStream in = Files.newInputStream(file);
        if (!isGzip(file)) {
            return in;
        }
        try {
            return new GZIPInputStream(in, 1 << 16);
        } catch (IOException e) {
            in.close();
            throw e;
        }
    }

    static boolean isGzip(Path file) {
        return file.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".gz");
    }

    static CraneException unreadable(Path file, IOException e) {
        return switch (e) {
            case EOFException end -> new CraneException(file + ": ends in the middle; copy or download it again", e);
            case ZipException zip -> new CraneException(file + ": is no gzip file, or damaged: " + FileErrors.oneLine(zip.getMessage()), e);
            default -> FileErrors.cannotRead(file, e);
        };
    }
}
