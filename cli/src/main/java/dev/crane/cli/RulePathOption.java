package dev.crane.cli;

import java.nio.file.Path;
import java.util.List;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import dev.crane.engine.relevance.Rules;

/** Where relevance rules of one's own lie; a {@link Mixin} of every command that takes a rule. */
final class RulePathOption {
    @Option(names = "--rule-path", paramLabel = "DIR",
            description = "A folder or jar of relevance rules of your own (docs/write-a-rule.md); may be given again.")
    private List<Path> folders = List.of();

    /** Loads them, so that they can be asked for by name. */
    void load() {
        Rules.search(folders);
    }
}
