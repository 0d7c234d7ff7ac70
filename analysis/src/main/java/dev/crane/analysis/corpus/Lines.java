package dev.crane.analysis.corpus;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

import dev.crane.engine.CraneException;

/**
 * The lines of a UTF-8 text, one at a time in bounded memory. A line ends in {@code \n} or {@code \r\n}, the last one may end with the file. A
 * byte-order mark in front is passed over.
 */
final class Lines implements AutoCloseable {
    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    private final Path file;
    private final InputStream in;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder(); // reports what is no UTF-8
    private final byte[] chunk = new byte[1 << 16];
    private int chunkAt;
    private int chunkEnd;
    private byte[] line = new byte[1 << 12];
    private int length;
    private long lineOffset;
    private long offset;
    private int number = -1;
    private String text;

    /** @param file for messages */
    Lines(Path file, InputStream in) {
        this.file = file;
        this.in = in;
    }

    /** Goes to the next line; false at the end. */
    boolean next() {
        length = 0;
        lineOffset = offset;
        boolean ended = false;
        while (!ended) {
            if (chunkAt == chunkEnd && !fill()) {
                if (length == 0) {
                    return false;
                }
                break;
            }
            int end = chunkAt;
            while (end < chunkEnd && chunk[end] != '\n') {
                end++;
            }
            append(end - chunkAt);
            ended = end < chunkEnd;
            offset += end - chunkAt + (ended ? 1 : 0);
            chunkAt = end + (ended ? 1 : 0);
        }
        number = Math.incrementExact(number);
        int from = number == 0 && length >= 3 && Arrays.equals(line, 0, 3, BYTE_ORDER_MARK, 0, 3) ? 3 : 0;
        int to = length > from && line[length - 1] == '\r' ? length - 1 : length;
        text = decode(from, to);
        return true;
    }

    /** The line, without its end. */
    String text() {
        return text;
    }

    /** The line's number, from 0. */
    int number() {
        return number;
    }

    private boolean fill() {
        try {
            chunkAt = 0;
            chunkEnd = Math.max(0, in.read(chunk));
            return chunkEnd > 0;
        } catch (IOException e) {
            throw Corpus.unreadable(file, e);
        }
    }

    private void append(int count) {
        if (length + count > Corpus.LONGEST_LINE) {
            throw new CraneException(file + ": line " + (number + 2) + " is longer than " + Corpus.LONGEST_LINE
                    + " bytes; a line is one document: break it into shorter ones");
        }
        if (length + count > line.length) {
            line = Arrays.copyOf(line, Math.max(2 * line.length, length + count));
        }
        System.arraycopy(chunk, chunkAt, line, length, count);
        length += count;
    }

    private String decode(int from, int to) {
        ByteBuffer bytes = ByteBuffer.wrap(line, from, to - from);
        try {
            return decoder.decode(bytes).toString();
        } catch (CharacterCodingException e) {
            int at = bytes.position();
            throw new CraneException(
                    String.format("%s: line %d is not UTF-8: byte 0x%02X at offset %d of the %s; save the file as UTF-8", file,
                            number + 1, line[at], lineOffset + at, Corpus.isGzip(file) ? "unpacked file" : "file"),
                    e);
        }
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
