package dev.crane.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

import dev.crane.engine.CraneException;

/** Turns whatever ended a command early into one line on standard error and an exit status. */
final class Failure {
    private Failure() {
    }

    /**
     * Reports {@code thrown}.
     *
     * @param debug whether to print the stack trace as well
     * @return the {@link ExitStatus}
     */
    static int report(Throwable thrown, boolean debug, PrintWriter err) {
        Throwable failure = thrown;
        while ((failure instanceof ExecutionException || failure instanceof CompletionException || failure instanceof UncheckedIOException)
                && failure.getCause() != null) {
            failure = failure.getCause(); // what a thread pool or a stream wraps around the reason
        }
        if (failure instanceof StandardOutput.Closed closed && closed.isBrokenPipe()) {
            return ExitStatus.BROKEN_PIPE;
        }
        ProgressDisplay.clearLine(System.err);
        String line = switch (failure) {
            case CraneException user -> user.getMessage();
            case StandardOutput.Closed closed -> "cannot write to standard output: " + closed.getMessage();
            case NoSuchFileException missing -> missing.getFile() + ": no such file or folder";
            case AccessDeniedException denied -> denied.getFile() + ": permission denied";
            case FileAlreadyExistsException existing -> existing.getFile() + ": is there already";
            case NotDirectoryException file -> file.getFile() + ": is not a folder";
            case FileSystemException file -> file.getFile() + ": " + file.getReason();
            case IOException io -> io.getMessage() == null ? io.getClass().getSimpleName() : io.getMessage();
            case OutOfMemoryError memory -> "out of memory (%s); the Java heap ends at %,d MB, CRANE_JAVA_OPTIONS=-Xmx… moves that"
                    .formatted(memory.getMessage(), Runtime.getRuntime().maxMemory() >> 20);
            default -> null;
        };
        if (debug) {
            failure.printStackTrace(err);
        }
        err.println("crane: " + (line != null ? line.replaceAll("\\s*\\R\\s*", " ") : internal(failure, debug)));
        err.flush();
        return ExitStatus.FAILED;
    }

    private static String internal(Throwable failure, boolean debug) {
        String line = "internal error: " + failure.toString().replaceAll("\\s*\\R\\s*", " ");
        if (debug) {
            return line;
        }
        try {
            Path file = Files.createTempFile("crane-error-", ".txt");
            try (PrintWriter trace = new PrintWriter(Files.newBufferedWriter(file, StandardCharsets.UTF_8))) {
                trace.println(Main.versionLine() + ", Java " + Runtime.version());
                failure.printStackTrace(trace);
            }
            return line + "; full trace in " + file + " or with --debug";
        } catch (IOException noRoom) {
            return line + "; full trace with --debug";
        }
    }
}
