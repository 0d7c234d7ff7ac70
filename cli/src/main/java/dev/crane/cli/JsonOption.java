package dev.crane.cli;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code --json}; a {@link Mixin} of every command that prints a table. */
final class JsonOption {
    @Option(names = "--json", description = "Print JSON instead of text.")
    private boolean json;

    /** Whether JSON was asked for. */
    boolean asked() {
        return json;
    }
}
