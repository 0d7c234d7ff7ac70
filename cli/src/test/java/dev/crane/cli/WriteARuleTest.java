package dev.crane.cli;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The rule of docs/write-a-rule.md, exactly as it stands there, and what is told of mistakes in it. The other half, on a device: {@link WriteARuleDeviceTest}. */
class WriteARuleTest {
    private static final Path PAGE = Path.of("..", "docs", "write-a-rule.md");
    static final String NAME = "share-by-size";

    @TempDir
    Path rules;

    /** Writes the files of the page's rule. */
    static void write(Path folder) throws IOException {
        Matcher blocks = Pattern.compile("```\\w+ (ShareBySize\\.\\w+)\\R(.*?)```", Pattern.DOTALL).matcher(Files.readString(PAGE));
        int files = 0;
        for (; blocks.find(); files++)
            Files.writeString(folder.resolve(blocks.group(1)), blocks.group(2));
        assertEquals(2, files);
    }

    /** Plants a mistake. */
    static void change(Path file, String what, String by) throws IOException {
        String text = Files.readString(file);
        assertTrue(text.contains(what), what);
        Files.writeString(file, text.replace(what, by));
    }

    @AfterEach
    void forget() {
        Rules.search(List.of());
    }

    @Test
    void thePageRunsOnTheCpu() throws IOException {
        write(rules);
        String listed = CommandRun.output("rule", "list", "--rule-path", rules);
        assertTrue(listed.contains(NAME) && listed.contains("attnlrp"), listed);
        CommandRun check = CommandRun.of("rule", "check", NAME, "--rule-path", rules);
        assertEquals(ExitStatus.OK, check.status(), check.out());
        String own = CommandRun.output("explain", "-m", CommandRun.MODEL, "--backend", "cpu", "--rule", NAME, "--rule-path", rules,
                "--json",
                "Water boils at a lower");
        String attnlrp = CommandRun.output("explain", "-m", CommandRun.MODEL, "--backend", "cpu", "--json", "Water boils at a lower");
        assertTrue(own.contains("\"" + NAME + "\""), own);
        assertFalse(own.replace(NAME, "attnlrp").equals(attnlrp), "the rule changes nothing");
    }

    @Test
    void provenanceHoldsTheHashOfBothTwins() throws IOException {
        write(rules);
        String before = hash();
        assertTrue(before.matches("[0-9a-f]{64}"), before);
        change(rules.resolve("ShareBySize.cuh"), "1e-3f", "2e-3f");
        assertFalse(before.equals(hash()), "the device functions are no part of the hash");
        String statistics = rules.resolve("out").toString();
        CommandRun.of("relevance", "-m", CommandRun.MODEL, "--backend", "cpu", "--rule", NAME, "--rule-path", rules, "--corpus",
                "en=" + Path.of("..", "models", "corpora", "en.identify.jsonl"), "--samples", 4, "--max-tokens", 12, "--units",
                "mlp.neuron",
                "--out", statistics, "-q");
        assertTrue(new String(Files.readAllBytes(Path.of(statistics, "en.stats.safetensors")), StandardCharsets.ISO_8859_1)
                .contains(hash()), "no hash in the statistics");
    }

    private String hash() {
        Matcher hash = Pattern.compile("\"hash\"\\s*:\\s*\"(\\w+)\"")
                .matcher(CommandRun.output("rule", "list", "--rule-path", rules, "--json"));
        assertTrue(hash.find());
        return hash.group(1);
    }

    @Test
    void whatDoesNotCompileIsToldWithItsLineAndTouchesNothingElse() throws IOException {
        write(rules);
        change(rules.resolve("ShareBySize.java"), "Math.abs(a) / sum : 0.5f", "Math.abs(a) / total : 0.5f");
        CommandRun.output("rule", "new", "half-gate", "--out", rules);
        String failure = CommandRun.failure("explain", "-m", CommandRun.MODEL, "--rule", NAME, "--rule-path", rules, "Water");
        assertTrue(failure.contains("ShareBySize.java:44: cannot find symbol") && failure.contains("total"), failure);
        assertEquals(ExitStatus.OK, CommandRun.of("rule", "check", "half-gate", "--rule-path", rules).status());
    }

    @Test
    void whatMissesATwinIsTold() throws IOException {
        write(rules);
        Files.delete(rules.resolve("ShareBySize.cuh"));
        String failure = CommandRun.failure("rule", "check", NAME, "--rule-path", rules);
        assertTrue(failure.endsWith("ShareBySize.java: has no device functions; put ShareBySize.cuh beside it"), failure);
        write(rules);
        Files.delete(rules.resolve("ShareBySize.java"));
        failure = CommandRun.failure("rule", "check", NAME, "--rule-path", rules);
        assertTrue(failure.contains("ShareBySize.cuh: has no Java twin"), failure);
        write(rules);
        change(rules.resolve("ShareBySize.cuh"), "float softcap(", "float capped(");
        failure = CommandRun.failure("rule", "check", NAME, "--rule-path", rules);
        assertTrue(failure.endsWith("the device function rule::softcap is missing; crane rule new NAME writes all of them"), failure);
        String missing = CommandRun.failure("rule", "list", "--rule-path", rules.resolve("nowhere"));
        assertTrue(missing.contains("nowhere"), missing);
    }

    @Test
    void whatThrowsIsToldWithItsLine() throws IOException {
        write(rules);
        change(rules.resolve("ShareBySize.java"), "return sum > 0 ?",
                "if (sum > 1) throw new IllegalStateException(\"too large\");\n        return sum > 0 ?");
        String failure = CommandRun.failure("explain", "-m", CommandRun.MODEL, "--backend", "cpu", "--threads", 2, "--rule", NAME,
                "--rule-path", rules, "Water boils at a lower");
        assertTrue(failure.endsWith(
                "the relevance rule '" + NAME + "' failed in gate: java.lang.IllegalStateException: too large (ShareBySize.java:44)")
                || failure.endsWith("failed in up: java.lang.IllegalStateException: too large (ShareBySize.java:44)"), failure);
    }

    @Test
    void aCompiledRuleAndAJarAreFoundToo() throws IOException, InterruptedException, URISyntaxException {
        write(rules);
        Path classes = Files.createDirectory(rules.resolve("classes"));
        Files.copy(rules.resolve("ShareBySize.cuh"), classes.resolve("ShareBySize.cuh"));
        Process javac = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "javac").toString(), "-proc:none", "-cp",
                Path.of(Rule.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toString(), "-d", classes.toString(),
                rules.resolve("ShareBySize.java").toString()).inheritIO().start();
        assertEquals(0, javac.waitFor());
        assertTrue(CommandRun.output("rule", "list", "--rule-path", classes).contains(NAME));
        Path jar = rules.resolve("own.jar");
        try (var out = new JarOutputStream(Files.newOutputStream(jar))) {
            for (String file : List.of("ShareBySize.class", "ShareBySize.cuh")) {
                out.putNextEntry(new JarEntry(file));
                Files.copy(classes.resolve(file), out);
            }
        }
        assertTrue(CommandRun.output("rule", "list", "--rule-path", jar).contains(NAME));
    }
}
