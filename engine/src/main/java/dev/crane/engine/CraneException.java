package dev.crane.engine;

import java.io.Serial;

/**
 * Something the user did or gave cannot be worked with. The message is one line that says what is wrong, where, and how to mend it; the command
 * line prints it and exits with status 1, without a stack trace.
 */
public class CraneException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** @param message one line: what, where, how to mend it */
    public CraneException(String message) {
        super(message);
    }

    /**
     * @param message one line: what, where, how to mend it
     * @param cause what lies behind it, for the log only
     */
    public CraneException(String message, Throwable cause) {
        super(message, cause);
    }
}
