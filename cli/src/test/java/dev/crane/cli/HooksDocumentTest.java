package dev.crane.cli;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import jdk.jshell.SnippetEvent;
import jdk.jshell.SourceCodeAnalysis;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Runs the examples of {@code docs/hooks.md}, and that of the README, one after the other, as the JDK's shell does, and compares what it shows with what the document says. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // an example that waits for ever must not hold up the others
class HooksDocumentTest {
    private static final Pattern EXAMPLE = Pattern.compile("^```java\n(.*?)^```", Pattern.MULTILINE | Pattern.DOTALL);
    private static final String SHOWN = "// ==> ";

    @TempDir
    private Path folder;

    @Test
    void everyExampleRuns() throws IOException {
        int shown = run(Path.of("../docs/hooks.md"), "import java.util.*;");
        assertTrue(shown >= 15, shown + " values compared");
    }

    @Test
    void theReadmesExampleRuns() throws IOException {
        run(Path.of("../README.md"), "import dev.crane.models.hooks.*;");
    }

    /** Runs all examples of a document; gives how many values were compared. */
    private int run(Path document, String imports) throws IOException {
        Matcher examples = EXAMPLE.matcher(Files.readString(document));
        int shown = 0;
        // "local": in this process, whose class path and flags the examples need.
        try (JShell shell = JShell.builder().executionEngine("local")
                .out(new PrintStream(new ByteArrayOutputStream(), false, StandardCharsets.UTF_8))
                .build()) {
            for (String entry : System.getProperty("java.class.path").split(File.pathSeparator))
                shell.addToClasspath(entry);
            assertValid(shell.eval(imports), imports);
            int found = 0;
            for (; examples.find(); found++)
                shown += run(shell, examples.group(1));
            assertTrue(found > 0, document + " has no examples");
        }
        return shown;
    }

    /** Runs one block; gives how many values were compared. */
    private int run(JShell shell, String block) {
        StringBuilder code = new StringBuilder();
        int shown = 0;
        for (String line : block.lines().toList())
            if (line.startsWith(SHOWN)) {
                compare(line.substring(SHOWN.length()), evaluate(shell, code.toString()));
                code.setLength(0);
                shown++;
            } else {
                code.append(line).append('\n');
            }
        evaluate(shell, code.toString());
        return shown;
    }

    private static void compare(String expected, String actual) {
        assertNotNull(actual, expected);
        if (expected.endsWith("…"))
            assertTrue(actual.startsWith(expected.substring(0, expected.length() - 1)), expected + "\n" + actual);
        else
            assertEquals(expected, actual);
    }

    /** Runs some snippets and gives what the last of them showed. */
    private String evaluate(JShell shell, String code) {
        String rest = code.replace("\"models/", "\"" + Path.of("../models").toAbsolutePath() + "/").replace("save(\"",
                "save(\"" + folder + "/");
        String value = null;
        while (!rest.isBlank()) {
            SourceCodeAnalysis.CompletionInfo next = shell.sourceCodeAnalysis().analyzeCompletion(rest);
            assertTrue(next.completeness().isComplete(), "not complete: " + rest);
            value = assertValid(shell.eval(next.source()), next.source());
            rest = next.remaining();
        }
        return value;
    }

    private static String assertValid(List<SnippetEvent> events, String source) {
        SnippetEvent event = events.getFirst();
        assertEquals(null, event.exception(), source);
        assertEquals(Snippet.Status.VALID, event.status(), source);
        return event.value();
    }
}
