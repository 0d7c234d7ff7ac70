package dev.crane.models.jinja;

/** What is wrong with a template's source, and where. */
final class SyntaxError extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final int line;

    SyntaxError(int line, String what) {
        super(what, null, false, false);
        this.line = line;
    }

    int line() {
        return line;
    }
}
