package dev.crane.models.jinja;

/**
 * Something that a template can call. Values are null, {@link Boolean}, {@link Long}, {@link Double}, {@link String}, {@link java.util.List} and
 * {@link java.util.Map}.
 */
@FunctionalInterface
public interface Function {
    /**
     * Calls it.
     *
     * @throws TemplateError what is wrong, without the line
     */
    Object call(Arguments arguments);
}
