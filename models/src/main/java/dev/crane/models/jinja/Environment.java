package dev.crane.models.jinja;

import java.util.Map;

/**
 * How templates are read and what they can call; the names are Jinja2's. Whatever the environment, a template runs as in Jinja2's immutable sandbox:
 * it cannot change a list or a dictionary, nor see a member that begins with an underscore. Whole numbers have 64 bits; as keys, {@code 1},
 * {@code 1.0} and {@code true} are three.
 *
 * @param trimBlocks the newline behind a block's tag is dropped
 * @param lstripBlocks blanks between a line's beginning and a block's tag are dropped
 * @param keepTrailingNewline one newline at the template's end is kept
 * @param strictUndefined what is not defined cannot be printed, compared, looped over or tested, but for {@code is defined}
 * @param loopControls there are {@code break} and {@code continue}
 * @param generation there is {@code generation}, which marks what the model wrote
 * @param plainJson {@code tojson} writes text as it is, in the order of the keys, and takes {@code indent}, {@code separators}, {@code ensure_ascii}
 *        and {@code sort_keys}; otherwise, as by default, it sorts the keys, takes {@code indent}, and escapes what is not ASCII or means something in
 *        HTML
 * @param globals functions beside Jinja2's own
 * @param filters filters beside Jinja2's own; the first argument is what stands before {@code |}
 * @param limits what a template may use up
 */
public record Environment(boolean trimBlocks, boolean lstripBlocks, boolean keepTrailingNewline, boolean strictUndefined,
        boolean loopControls, boolean generation, boolean plainJson, Map<String, Function> globals, Map<String, Function> filters,
        Limits limits) {
    /** As {@code jinja2.Environment()} without arguments. */
    public static final Environment DEFAULT = new Environment(false, false, false, false, false, false, false, Map.of(), Map.of(),
            Limits.DEFAULT);

    /**
     * As lm-evaluation-harness makes it for its tasks: {@code StrictUndefined}, a newline at the end is kept, and there is the filter
     * {@code regex_replace}.
     */
    public static final Environment HARNESS = new Environment(false, false, true, true, false, false, false, Map.of(),
            Map.of("regex_replace", RegexReplace::call), Limits.DEFAULT);

    /**
     * What a template may use up; whatever goes beyond ends in an error.
     *
     * @param steps statements and expressions that are run
     * @param output characters of a text, rendered or in between, and members of a list
     * @param depth calls of macros and recursive loops within one another
     */
    public record Limits(long steps, int output, int depth) {
        /** The longest chats take some hundred thousand steps; a text of 16 million characters has more tokens than any model reads. */
        public static final Limits DEFAULT = new Limits(20_000_000, 1 << 24, 64);
    }
}
