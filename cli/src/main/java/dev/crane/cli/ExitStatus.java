package dev.crane.cli;

/** The exit statuses of {@code crane}. */
public final class ExitStatus {
    /** Done. */
    public static final int OK = 0;
    /** It could not be done; the reason is on standard error. */
    public static final int FAILED = 1;
    /** The command line is not understood. */
    public static final int USAGE = 2;
    /** Stopped by Ctrl-C: 128 + SIGINT, as shells count it; the JVM's own status for it. */
    public static final int INTERRUPTED = 130;
    /** Whoever read standard output went away ({@code crane … | head}): 128 + SIGPIPE. */
    public static final int BROKEN_PIPE = 141;

    private ExitStatus() {
    }
}
