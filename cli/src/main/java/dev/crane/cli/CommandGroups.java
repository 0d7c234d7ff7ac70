package dev.crane.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import picocli.CommandLine.Help;

/** The list of commands in {@code crane --help}, in the order a person meets them rather than in that of the alphabet. */
final class CommandGroups {
    private static final Map<String, List<String>> GROUPS = new LinkedHashMap<>();

    static {
        GROUPS.put("Find the neurons a language needs, and prove it",
                List.of("run", "relevance", "activations", "select", "eval", "faithfulness", "report", "merge", "judge-import"));
        GROUPS.put("Look at a model", List.of("inspect", "explain", "generate", "score", "tokenize", "export", "convert", "shell"));
        GROUPS.put("This machine", List.of("doctor", "bench", "rule"));
    }

    private CommandGroups() {
    }

    /** Whether {@code command} stands in a group. */
    static boolean contains(String command) {
        return GROUPS.values().stream().anyMatch(group -> group.contains(command));
    }

    /** The section as text; empty for a command without subcommands. */
    static String render(Help help) {
        Map<String, Help> commands = help.subcommands();
        if (!help.commandSpec().root().equals(help.commandSpec())) {
            return help.commandList();
        }
        StringBuilder section = new StringBuilder();
        GROUPS.forEach((heading, names) -> {
            Map<String, String> lines = new LinkedHashMap<>();
            for (String name : names) {
                if (commands.containsKey(name)) {
                    lines.put("  " + name, String.join(" ", commands.get(name).commandSpec().usageMessage().description()));
                }
            }
            if (!lines.isEmpty()) {
                section.append("%n%s:%n".formatted(heading)).append(help.createTextTable(lines));
            }
        });
        return section.toString();
    }
}
