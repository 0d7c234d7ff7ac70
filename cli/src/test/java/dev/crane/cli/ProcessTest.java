package dev.crane.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import dev.crane.analysis.Progress.Step;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** What only a process of its own can show: signals, and a standard output that fails. */
@Timeout(60)
class ProcessTest {
    /** Three layers of 96 gate, up and product units; small, because these processes interpret more than they compile. */
    private static final Path TINY = Path.of("..", "models", "src", "test", "resources", "families", "llama");

    @TempDir
    Path folder;

    /** A command that never ends. */
    static final class Endless {
        public static void main(String[] args) throws InterruptedException {
            StandardError.install();
            Interruption.install();
            Interruption.resumable();
            new ProgressDisplay(ProgressDisplay.Style.TERMINAL).report(new Step("relevance en", 1, 2, "samples", 0, 1));
            System.out.println("started");
            Thread.sleep(Long.MAX_VALUE);
        }
    }

    /** A command that prints without end. */
    static final class Chatter {
        public static void main(String[] args) {
            StandardError.install();
            StandardOutput.install();
            int status;
            try {
                PrintWriter out = new PrintWriter(System.out, false, StandardCharsets.UTF_8);
                while (true) {
                    out.println("{\"ids\": [1, 2, 3]}");
                }
            } catch (StandardOutput.Closed failure) {
                status = Failure.report(failure, false, new PrintWriter(System.err, true, StandardCharsets.UTF_8));
            }
            System.exit(status);
        }
    }

    private static ProcessBuilder java(Class<?> main, String... args) {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xshare:auto",
                "-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED", "--add-modules=jdk.incubator.vector", "-cp",
                System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(args));
        return new ProcessBuilder(command);
    }

    /** What the JVM itself says about its options is not ours. */
    private static String errors(Process process) throws IOException {
        return new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8)
                .replaceAll("(?m)^WARNING: Using incubator modules.*\\R|^Picked up .*\\R", "");
    }

    private static void assumeInterruptible(Process process) throws IOException {
        Path status = Path.of("/proc", String.valueOf(process.pid()), "status");
        if (Files.exists(status)) {
            String ignored = Files.readAllLines(status).stream().filter(line -> line.startsWith("SigIgn:")).findFirst().orElseThrow();
            long mask = Long.parseUnsignedLong(ignored.substring("SigIgn:".length()).strip(), 16);
            assumeFalse((mask & 2) != 0, "started where Ctrl-C is ignored, as in the background of a script");
        }
    }

    @Test
    void controlCSaysAWord() throws Exception {
        Process process = java(Endless.class).start();
        try {
            new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)).readLine();
            assumeInterruptible(process);
            assertEquals(0, new ProcessBuilder("kill", "-INT", String.valueOf(process.pid())).start().waitFor());
            assertEquals(ExitStatus.INTERRUPTED, process.waitFor());
            assertEquals("\r\033[Krelevance en: 1/2 samples, 50 %\r\033[Kcrane: interrupted; the same command goes on where it was\n",
                    errors(process));
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void aReaderThatLeavesEndsItQuietly() throws Exception {
        Process process = java(Chatter.class).start();
        try {
            process.getInputStream().read();
            process.getInputStream().close();
            assertEquals(ExitStatus.BROKEN_PIPE, process.waitFor());
            assertEquals("", errors(process));
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void aFullDiskIsSaid() throws Exception {
        Path full = Path.of("/dev/full");
        assumeTrue(Files.exists(full), "no /dev/full here");
        Process process = java(Main.class, "doctor").redirectOutput(full.toFile()).start();
        try {
            assertEquals(true, process.waitFor(30, TimeUnit.SECONDS));
            assertEquals(ExitStatus.FAILED, process.exitValue());
            assertEquals("crane: cannot write to standard output: No space left on device\n", errors(process));
        } finally {
            process.destroyForcibly();
        }
    }

    private Path texts(int count) throws IOException {
        return Files.writeString(folder.resolve("texts.jsonl"), "{\"ids\": [1, 2, 3, 4, 5, 6, 7, 8]}\n".repeat(count));
    }

    /** A limit on the size of files stands for a disk that is full: writing fails in the midst of a file. */
    @Test
    void aFullOutputFolderIsLeftClean() throws Exception {
        Path out = folder.resolve("out");
        ProcessBuilder command = java(Main.class, "relevance", "-q", "-m", TINY.toString(), "-c", "en=" + texts(2), "-n", "2", "-o",
                out.toString());
        command.environment().put("JAVA_TOOL_OPTIONS", "-XX:-UsePerfData"); // which would write a file of its own
        // 16 KiB; the statistics take more than 40.
        command.command().addAll(0, List.of("bash", "-c", "ulimit -f 16 && exec \"$@\"", "limited"));
        Process process = command.start();
        try {
            assertEquals(true, process.waitFor(50, TimeUnit.SECONDS));
            assertEquals("crane: cannot write " + out.resolve("en.stats.safetensors") + ": File too large\n", errors(process));
            assertEquals(ExitStatus.FAILED, process.exitValue());
            try (Stream<Path> files = Files.walk(out)) {
                assertEquals(List.of(), files.filter(Files::isRegularFile).filter(file -> !file.endsWith(".lock")).toList());
            }
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void controlCInAPassLeavesNothingHalfWritten() throws Exception {
        Path out = folder.resolve("out");
        Process process = java(Main.class, "relevance", "-m", TINY.toString(), "-c", "en=" + texts(20_000), "-n", "20000", "--token-budget",
                "64", "-o", out.toString()).start();
        try {
            BufferedReader err = new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8));
            String line = err.readLine();
            while (line != null && !line.contains("relevance en"))
                line = err.readLine();
            assumeInterruptible(process);
            assertEquals(0, new ProcessBuilder("kill", "-INT", String.valueOf(process.pid())).start().waitFor());
            assertEquals(ExitStatus.INTERRUPTED, process.waitFor());
            assertEquals("crane: interrupted; the same command goes on where it was", err.lines().toList().getLast());
            try (Stream<Path> files = Files.walk(out)) {
                assertEquals(List.of(), files.filter(file -> file.toString().endsWith("en.stats.safetensors")).toList());
            }
        } finally {
            process.destroyForcibly();
        }
    }
}
