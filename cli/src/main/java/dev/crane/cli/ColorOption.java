package dev.crane.cli;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Whether to print in color: on a terminal unless asked not to; a {@link Mixin}. */
final class ColorOption {
    @Option(names = "--color", negatable = true,
            description = "Print in color or not. Default: on a terminal, unless NO_COLOR is set (no-color.org).")
    private Boolean color;

    /** Whether standard output takes colors. */
    boolean wanted() {
        if (color != null)
            return color;
        String refused = System.getenv("NO_COLOR");
        return (refused == null || refused.isEmpty()) && !"dumb".equals(System.getenv("TERM"))
                && Terminal.isTerminal(Terminal.STANDARD_OUTPUT);
    }
}
