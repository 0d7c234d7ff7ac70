package dev.crane.engine.backend;

import java.io.Serial;

import dev.crane.engine.CraneException;

/** A device had too little memory for what was asked at once. The engine tries smaller parts of a batch first; if nothing helps, this is the user's to mend. */
public final class OutOfDeviceMemoryException extends CraneException {
    @Serial
    private static final long serialVersionUID = 1L;

    /** @param message one line: what was too much, how much there is, and what to do */
    public OutOfDeviceMemoryException(String message, Throwable cause) {
        super(message, cause);
    }
}
