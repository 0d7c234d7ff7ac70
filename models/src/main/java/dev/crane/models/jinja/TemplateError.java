package dev.crane.models.jinja;

/** What is wrong with a template, or what it says is wrong with its input; caught where the line is known. */
public final class TemplateError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Says what is wrong. */
    public TemplateError(String what) {
        super(what, null, false, false); // it never gets out, so nobody reads a trace
    }
}
