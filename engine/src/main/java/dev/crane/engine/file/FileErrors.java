package dev.crane.engine.file;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

import dev.crane.engine.CraneException;

/** Turns the file system's refusals into the one line a user reads. */
public final class FileErrors {
    /** Names quoted in messages are cut here; a hostile header may hold names of megabytes. */
    private static final int LONGEST_QUOTE = 120;

    private FileErrors() {
    }

    /** {@code cannot read FILE: REASON}. */
    public static CraneException cannotRead(Path file, IOException cause) {
        return new CraneException("cannot read " + file + ": " + reason(cause), cause);
    }

    /** {@code cannot write FILE: REASON}. */
    public static CraneException cannotWrite(Path file, IOException cause) {
        return new CraneException("cannot write " + file + ": " + reason(cause), cause);
    }

    /** Why an operation on a file failed, in a few words and on one line. */
    public static String reason(IOException e) {
        return switch (e) {
            case NoSuchFileException missing -> "no such file or folder" + where(missing);
            case AccessDeniedException denied -> "permission denied" + where(denied);
            case NotDirectoryException file -> "not a folder" + where(file);
            case FileAlreadyExistsException there -> "it exists already and is no folder" + where(there);
            case FileSystemException other -> other.getReason() == null ? "file system error" + where(other) : plain(other.getReason());
            case CharacterCodingException coding -> "not valid UTF-8";
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : oneLine(e.getMessage());
        };
    }

    /** A name out of a file, in quotes, fit to stand in a one-line message: control characters replaced, overlong ones cut. */
    public static String quote(String name) {
        return "'" + plain(name.length() > LONGEST_QUOTE ? name.substring(0, LONGEST_QUOTE) + "…" : name) + "'";
    }

    /** Another library's message, made fit to stand in ours: its first line, control characters replaced, cut when overlong. */
    public static String oneLine(String message) {
        String first = message == null ? "" : message.lines().findFirst().orElse("");
        return plain(first.length() > 2 * LONGEST_QUOTE ? first.substring(0, 2 * LONGEST_QUOTE) + "…" : first);
    }

    private static String plain(String text) {
        return text.replaceAll("[\\p{Cntrl}\\u0085\\u2028\\u2029]+", " ");
    }

    private static String where(FileSystemException e) {
        return e.getFile() == null ? "" : " (" + plain(e.getFile()) + ")";
    }
}
