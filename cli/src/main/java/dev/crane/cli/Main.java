package dev.crane.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

import dev.crane.engine.CraneVersion;

/** Where {@code crane} starts and ends. */
public final class Main {
    private static final int MAX_HELP_WIDTH = 120; // longer lines are hard to read

    private Main() {
    }

    /** Runs one command and exits with its {@link ExitStatus}. */
    public static void main(String[] args) {
        if (args.length == 1 && (args[0].equals("--version") || args[0].equals("-V"))) {
            System.out.println(versionLine()); // asked by scripts, in a loop: not worth loading the parser for
            return;
        }
        StandardError.install();
        StandardOutput.install();
        Interruption.install();
        int status = run(args, new PrintWriter(System.out, false, StandardCharsets.UTF_8),
                new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        Interruption.over();
        System.exit(status);
    }

    /**
     * Runs one command.
     *
     * @param args the command line
     * @param out where results go
     * @param err where everything else goes
     * @return its {@link ExitStatus}
     */
    static int run(String[] args, PrintWriter out, PrintWriter err) {
        Crane crane = new Crane();
        try {
            CommandLine line = commandLine(crane, out, err);
            String[] arguments = helpAsOption(args);
            if (Arrays.asList(arguments).contains("--help")) {
                line.setUsageHelpWidth(Math.clamp(Terminal.columns(Terminal.STANDARD_OUTPUT), 80, MAX_HELP_WIDTH));
            }
            int status = line.execute(arguments);
            out.flush();
            return status;
        } catch (Throwable failure) { // errors, which picocli lets through, and a standard output that fails at the last flush
            return Failure.report(failure, crane.debug(), err);
        }
    }

    /** {@code crane help eval} is {@code crane eval --help}. */
    private static String[] helpAsOption(String[] args) {
        if (args.length == 0 || !args[0].equals("help")) {
            return args;
        }
        String[] asked = Arrays.copyOfRange(args, 1, args.length + 1);
        asked[args.length - 1] = "--help";
        return asked;
    }

    static String versionLine() {
        return "crane " + CraneVersion.get();
    }

    static CommandLine commandLine(Crane crane, PrintWriter out, PrintWriter err) {
        CommandLine line = new CommandLine(crane);
        line.setOut(out).setErr(err);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setExpandAtFiles(false); // a prompt may begin with @
        line.setUsageHelpLongOptionsMaxWidth(32);
        line.setParameterExceptionHandler((failure, args) -> usageError(failure, err));
        line.setExecutionExceptionHandler((failure, command, parsed) -> Failure.report(failure, crane.debug(), err));
        line.getHelpSectionMap().put(CommandLine.Model.UsageMessageSpec.SECTION_KEY_COMMAND_LIST, CommandGroups::render);
        style(line);
        return line;
    }

    private static void style(CommandLine line) {
        line.getSubcommands().values().forEach(command -> {
            command.getCommandSpec().usageMessage().sortOptions(false).abbreviateSynopsis(true).descriptionHeading("%n")
                    .parameterListHeading("%n").optionListHeading("%nOptions:%n");
            style(command);
        });
    }

    private static int usageError(ParameterException failure, PrintWriter err) {
        CommandLine command = failure.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        if (failure instanceof Crane.NoCommand) {
            command.usage(err);
            return ExitStatus.USAGE;
        }
        String message = failure.getMessage().substring(0, 1).toLowerCase(Locale.ROOT) + failure.getMessage().substring(1);
        if (failure instanceof UnmatchedArgumentException unmatched) {
            String argument = unmatched.getUnmatched().getFirst();
            String kind = argument.startsWith("-")
                    ? "unknown option"
                    : command.getSubcommands().isEmpty() ? "unexpected argument" : "unknown command";
            message = "%s '%s'".formatted(kind, argument);
            if (!unmatched.getSuggestions().isEmpty()) {
                message += ", did you mean %s?".formatted(unmatched.getSuggestions().getFirst());
            }
        }
        err.println("%s: %s (%s --help)".formatted(name, message.replaceAll("\\s+", " "), name));
        return ExitStatus.USAGE;
    }
}
