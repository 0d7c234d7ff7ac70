package dev.crane.models.safetensors;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Safetensors files made byte by byte, right or wrong. */
public final class RawFile {
    private RawFile() {
    }

    /** A file with this header and so many zero bytes of data. */
    public static Path write(Path file, String header, int dataBytes) {
        return write(file, header, new byte[dataBytes]);
    }

    /** A file with this header and data. */
    public static Path write(Path file, String header, byte[] data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return writeBytes(file, json.length, json, data);
    }

    /** A file that claims a header of {@code length} bytes. */
    public static Path writeBytes(Path file, long length, byte[] header, byte[] data) {
        ByteBuffer bytes = ByteBuffer.allocate(8 + header.length + data.length).order(ByteOrder.LITTLE_ENDIAN).putLong(length).put(header)
                .put(data);
        try {
            return Files.write(file, bytes.array());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
