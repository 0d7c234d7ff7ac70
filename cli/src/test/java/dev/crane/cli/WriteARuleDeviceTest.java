package dev.crane.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.engine.Backends;
import dev.crane.engine.relevance.Rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

/** The rule of docs/write-a-rule.md on a GPU, or the software device; and mistakes in either twin, which the check must find and name. */
@Tag("soft-device")
class WriteARuleDeviceTest {
    @TempDir
    Path rules;

    @BeforeAll
    static void device() {
        Backends.cudaObstacle().ifPresent(obstacle -> abort(obstacle));
    }

    @AfterEach
    void forget() {
        Rules.search(List.of());
    }

    private CommandRun check() {
        return CommandRun.of("rule", "check", WriteARuleTest.NAME, "--rule-path", rules);
    }

    /** In one test, as each text of the device functions takes seconds to compile. */
    @Test
    void thePageRunsAndAMistakeInEitherTwinIsFoundAndNamed() throws IOException {
        WriteARuleTest.write(rules);
        CommandRun check = check();
        assertEquals(ExitStatus.OK, check.status(), check.out() + check.err());
        assertTrue(check.out().matches("(?s).*CUDA and Java +passed.*"), check.out());
        CommandRun explained = CommandRun.of("explain", "-m", CommandRun.MODEL, "--backend", "cuda", "--rule", WriteARuleTest.NAME,
                "--rule-path",
                rules, "Water boils");
        assertEquals(ExitStatus.OK, explained.status(), explained.err());

        WriteARuleTest.change(rules.resolve("ShareBySize.java"), "z < 0 ? -EPSILON : EPSILON", "EPSILON");
        assertFails("linear (linear layer");
        WriteARuleTest.write(rules);
        WriteARuleTest.change(rules.resolve("ShareBySize.cuh"), "share(up, act) * product", "share(act, up) * product");
        assertFails("up (gate × up, gradient of up");
    }

    @Test
    void whatDoesNotCompileIsToldWithTheUsersLine() throws IOException {
        WriteARuleTest.write(rules);
        WriteARuleTest.change(rules.resolve("ShareBySize.cuh"), "fabsf(a) / sum : 0.5f", "fabsf(a) / total : 0.5f");
        assertFails("ShareBySize.cuh:13");
        WriteARuleTest.write(rules);
        WriteARuleTest.change(rules.resolve("ShareBySize.cuh"), "norm_reads_input = false", "norm_reads_input = true");
        assertFails("norm_reads_input here, but normReadsInput() is false");
        String failure = CommandRun.failure("explain", "-m", CommandRun.MODEL, "--backend", "cuda", "--rule", WriteARuleTest.NAME,
                "--rule-path",
                rules, "Water boils");
        assertTrue(failure.contains("does not compile") && failure.contains(rules.resolve("ShareBySize.cuh").toString()), failure);
        assertTrue(Files.exists(rules.resolve("ShareBySize.cuh")));
    }

    private void assertFails(String where) {
        CommandRun check = check();
        assertEquals(ExitStatus.FAILED, check.status(), check.out());
        String line = check.out().lines().filter(each -> each.startsWith("CUDA and Java")).findFirst().orElseThrow();
        assertTrue(line.contains("failed") && line.contains(where), line);
    }
}
