package dev.crane.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;

import static org.junit.jupiter.api.Assertions.assertEquals;

/**
 * One run of {@code crane} in this process.
 *
 * @param status its {@link ExitStatus}
 * @param out what it printed
 * @param err what it told on standard error, progress left out
 */
record CommandRun(int status, String out, String err) {
    /** The model that comes with the project. */
    static final Path MODEL = Path.of("..", "models", "babel-base");

    static CommandRun of(Object... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] words = new String[args.length];
        for (int i = 0; i < args.length; i++)
            words[i] = args[i].toString();
        int status = Main.run(words, new PrintWriter(out), new PrintWriter(err));
        return new CommandRun(status, out.toString(), err.toString());
    }

    /** The output of a run that must succeed and say nothing else. */
    static String output(Object... args) {
        CommandRun run = of(args);
        assertEquals("", run.err);
        assertEquals(ExitStatus.OK, run.status, run.err);
        return run.out;
    }

    static List<String> lines(Object... args) {
        return output(args).lines().toList();
    }

    /** The one line that a run which must fail says. */
    static String failure(Object... args) {
        return complaint(ExitStatus.FAILED, args);
    }

    /** The one line about a command line that is not understood. */
    static String usageError(Object... args) {
        return complaint(ExitStatus.USAGE, args);
    }

    private static String complaint(int status, Object... args) {
        CommandRun run = of(args);
        assertEquals(status, run.status, run.err);
        assertEquals(1, run.err.lines().count(), run.err);
        return run.err.strip();
    }
}
