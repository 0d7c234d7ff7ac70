package dev.crane.analysis.table;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.GZIPInputStream;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;

/** The text of a file of rows. */
public final class TextTable {
    private static final long LARGEST = 1L << 30;

    private TextTable() {
    }

    /**
     * Reads a file of UTF-8 text; one whose name ends in {@code .gz} is unpacked.
     *
     * @throws CraneException if it cannot be read, is no UTF-8, or larger than 1 GiB
     */
    public static String read(Path file) {
        try {
            if (Files.size(file) > LARGEST)
                throw tooLarge(file);
            byte[] bytes;
            try (InputStream in = Files.newInputStream(file);
                    InputStream plain = file.toString().toLowerCase(Locale.ROOT).endsWith(".gz") ? new GZIPInputStream(in) : in) {
                bytes = plain.readNBytes((int) LARGEST + 1);
            }
            if (bytes.length > LARGEST)
                throw tooLarge(file);
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (IOException e) {
            throw FileErrors.cannotRead(file, e);
        }
    }

    private static CraneException tooLarge(Path file) {
        return new CraneException(file + ": is larger than " + (LARGEST >> 20) + " MiB; split it");
    }
}
