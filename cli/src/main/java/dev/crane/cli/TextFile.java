package dev.crane.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** What commands that read files of texts have in common. */
final class TextFile {
    /** What {@code FILE} may be. */
    static final String DESCRIPTION = "Texts: .txt (one a line), .jsonl ({\"text\": ...} or {\"ids\": [...]} a line) or .parquet (column text), "
            + "each also .gz.";

    private TextFile() {
    }

    /** Refuses a number of tokens that is none. */
    static void checkMaxTokens(CommandSpec spec, int maxTokens) {
        if (maxTokens < 1)
            throw new ParameterException(spec.commandLine(), "--max-tokens must be at least 1, not " + maxTokens);
    }
}
