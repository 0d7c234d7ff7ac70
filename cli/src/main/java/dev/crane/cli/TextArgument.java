package dev.crane.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;

/** A text from the command line, from standard input or from a file. */
final class TextArgument {
    /** What Java puts in the place of bytes that the locale's encoding does not have. */
    private static final char UNREADABLE = '\uFFFD';

    private TextArgument() {
    }

    /** {@code argument} itself; if it is {@code -}, what comes on standard input. */
    static String read(String argument) {
        if (!argument.equals("-")) {
            if (argument.indexOf(UNREADABLE) >= 0 && !System.getProperty("sun.jnu.encoding", "").equals("UTF-8"))
                throw new CraneException(
                        "the text on the command line lost characters: the locale is not one of UTF-8; set LC_ALL=C.UTF-8, "
                                + "or give the text on standard input (-)");
            return argument;
        }
        try {
            return decode("standard input", System.in.readAllBytes());
        } catch (IOException e) {
            throw new CraneException("cannot read standard input: " + FileErrors.reason(e), e);
        }
    }

    /** All of a file. */
    static String read(Path file) {
        try {
            return decode(file.toString(), Files.readAllBytes(file));
        } catch (IOException e) {
            throw FileErrors.cannotRead(file, e);
        }
    }

    /** UTF-8 without the end of its last line, which editors and {@code echo} put there unasked. */
    private static String decode(String where, byte[] bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString().replaceFirst("\\r?\\n\\z", "");
        } catch (CharacterCodingException e) {
            throw new CraneException(where + " is not valid UTF-8; convert it (iconv -t UTF-8)", e);
        }
    }
}
