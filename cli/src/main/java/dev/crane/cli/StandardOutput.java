package dev.crane.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * Standard output that fails loudly. Java's own swallows every error, so that {@code crane tokenize … | head} would go on reading and computing for
 * nobody, and a full disk behind {@code > file} would go unnoticed.
 */
final class StandardOutput extends OutputStream {

    /** Standard output cannot be written to; unchecked, because print streams and writers catch the checked ones. */
    static final class Closed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Closed(IOException cause) {
            super(cause.getMessage(), cause);
        }

        /** Whether there is no reader any more, as opposed to no room. */
        boolean isBrokenPipe() {
            return getMessage() != null && getMessage().contains("Broken pipe");
        }
    }

    private final OutputStream stream;
    private boolean failed;

    private StandardOutput(OutputStream stream) {
        this.stream = stream;
    }

    /** Makes {@link System#out} one of these: UTF-8 whatever the locale, buffered until flushed. */
    static void install() {
        OutputStream out = new StandardOutput(new FileOutputStream(FileDescriptor.out));
        System.setOut(new PrintStream(new BufferedOutputStream(out, 1 << 16), false, StandardCharsets.UTF_8));
    }

    @Override
    public void write(int b) {
        write(new byte[]{(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        if (failed) {
            return; // it was said once
        }
        try {
            stream.write(bytes, offset, length);
        } catch (IOException failure) {
            failed = true;
            throw new Closed(failure);
        }
    }
}
