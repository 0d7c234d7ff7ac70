package dev.crane.engine.backend;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** The CPU backend gives the same bits whether its code is interpreted or compiled, and for vectors of another length. */
class VirtualMachineTest {
    @Test
    void interpreted() throws IOException, InterruptedException {
        assertEquals(here(true), digests("-Xint", "few"));
    }

    @Test
    void withShorterVectors() throws IOException, InterruptedException {
        assertEquals(here(false), digests("-XX:MaxVectorSize=32"));
        assertEquals(here(true), digests("-XX:MaxVectorSize=16", "few"));
    }

    private static List<String> here(boolean few) {
        List<String> lines = new ArrayList<>();
        try (TestBackend cpu = TestBackend.cpu(2)) {
            OpCases.all().filter(test -> !few || OpDigest.isOneOfFew(test))
                    .forEach(test -> lines.add(test.name() + ": " + OpDigest.digest(test, cpu)));
        }
        return lines;
    }

    private static List<String> digests(String option, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), option,
                "--add-modules=jdk.incubator.vector", "-cp", System.getProperty("java.class.path"), OpDigest.class.getName()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        List<String> lines;
        try (var output = process.inputReader(StandardCharsets.UTF_8)) {
            lines = output.lines().toList();
        }
        assertEquals(0, process.waitFor(), option);
        return lines;
    }
}
