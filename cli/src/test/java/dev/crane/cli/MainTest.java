package dev.crane.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.engine.CraneException;
import dev.crane.engine.CraneVersion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return Main.run(args, new PrintWriter(out), new PrintWriter(err));
    }

    /** A command that does {@code work}. */
    @Command(name = "work")
    private record Work(Callable<Integer> work) implements Callable<Integer> {
        @Override
        public Integer call() throws Exception {
            return work.call();
        }
    }

    private int runWork(Callable<Integer> work, String... options) {
        Crane crane = new Crane();
        CommandLine line = Main.commandLine(crane, new PrintWriter(out), new PrintWriter(err));
        line.addSubcommand("work", new Work(work));
        String[] args = new String[options.length + 1];
        args[0] = "work";
        System.arraycopy(options, 0, args, 1, options.length);
        return line.execute(args);
    }

    private static int fail(Exception failure) throws Exception {
        throw failure;
    }

    @Test
    void versionIsThatOfTheBuild() {
        assertTrue(CraneVersion.get().matches("\\d+\\.\\d+\\.\\d+.*"), CraneVersion.get());
        assertEquals(ExitStatus.OK, run("--version"));
        assertEquals("crane " + CraneVersion.get() + System.lineSeparator(), out.toString());
    }

    @Test
    void helpNamesEveryCommandInAGroup() {
        assertEquals(ExitStatus.OK, run("--help"));
        CommandLine line = Main.commandLine(new Crane(), new PrintWriter(out), new PrintWriter(err));
        for (String command : line.getSubcommands().keySet()) {
            assertTrue(CommandGroups.contains(command), command + " stands in no group of CommandGroups");
            assertTrue(out.toString().contains("    " + command + " "), command);
            String description = String.join("", line.getSubcommands().get(command).getCommandSpec().usageMessage().description());
            assertTrue(description.endsWith("."), command + " is described in a sentence");
        }
        assertEquals("", err.toString());
    }

    @Test
    void helpIsAlsoACommand() {
        run("help", "doctor");
        assertTrue(out.toString().startsWith("Usage: crane doctor"), out.toString());
    }

    @Test
    void badUsageIsOneLineAndTwo() {
        assertEquals(ExitStatus.USAGE, run("doctor", "--jsno"));
        assertEquals("crane doctor: unknown option '--jsno', did you mean --json? (crane doctor --help)", err.toString().strip());
        err.getBuffer().setLength(0);
        assertEquals(ExitStatus.USAGE, run("doktor"));
        assertEquals("crane: unknown command 'doktor', did you mean doctor? (crane --help)", err.toString().strip());
        err.getBuffer().setLength(0);
        assertEquals(ExitStatus.USAGE, run("doctor", "more"));
        assertEquals("crane doctor: unexpected argument 'more' (crane doctor --help)", err.toString().strip());
        err.getBuffer().setLength(0);
        assertEquals(ExitStatus.USAGE, run());
        assertTrue(err.toString().startsWith("Usage: crane COMMAND"), err.toString());
        assertEquals("", out.toString());
    }

    @Test
    void theUsersMistakesAreOneLine() {
        assertEquals(ExitStatus.FAILED, runWork(() -> fail(new CraneException("model/config.json: no hidden_size;\n add it"))));
        assertEquals("crane: model/config.json: no hidden_size; add it", err.toString().strip());
        err.getBuffer().setLength(0);
        assertEquals(ExitStatus.FAILED, runWork(() -> fail(new CompletionException(new CraneException("from a thread")))));
        assertEquals("crane: from a thread", err.toString().strip());
        err.getBuffer().setLength(0);
        assertEquals(ExitStatus.FAILED, runWork(() -> fail(new NoSuchFileException("a/b.txt"))));
        assertEquals("crane: a/b.txt: no such file or folder", err.toString().strip());
    }

    @Test
    void ourMistakesLeaveATrace() throws Exception {
        assertEquals(ExitStatus.FAILED, runWork(() -> fail(new IllegalStateException("unit 3 of 2"))));
        Matcher line = Pattern
                .compile("crane: internal error: java.lang.IllegalStateException: unit 3 of 2; full trace in (\\S+) or with --debug")
                .matcher(err.toString().strip());
        assertTrue(line.matches(), err.toString());
        Path trace = Path.of(line.group(1));
        assertTrue(Files.readString(trace).contains("at dev.crane.cli.MainTest"), "the trace leads here");
        Files.delete(trace);
        err.getBuffer().setLength(0);
        assertEquals(ExitStatus.FAILED, runWork(() -> fail(new IllegalStateException("unit 3 of 2")), "--debug"));
        assertTrue(err.toString().contains("at dev.crane.cli.MainTest"), err.toString());
    }

    @Test
    void doctorTellsTheSameInBothForms() {
        assertEquals(ExitStatus.OK, run("doctor", "--json"));
        JsonNode report = JsonMapper.shared().readTree(out.toString());
        assertEquals("crane/doctor@1", report.get("format").asString());
        out.getBuffer().setLength(0);
        run("doctor", "--verbose");
        String text = out.toString().replaceAll("\\s+", " ");
        for (JsonNode check : report.get("checks")) {
            assertTrue(text.contains(check.get("name").asString() + " " + check.get("state").asString()), check.toString());
            assertFalse(check.get("state").asString().equals("missing") && check.get("advice").isNull(), check.toString());
            for (String part : new String[]{"value", "path", "advice"}) {
                assertTrue(check.get(part).isNull() || text.contains(check.get(part).asString()), check.toString());
            }
            for (JsonNode place : check.get("tried")) {
                assertTrue(text.contains(place.asString()), check.toString());
            }
        }
    }
}
