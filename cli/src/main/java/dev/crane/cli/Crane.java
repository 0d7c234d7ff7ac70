package dev.crane.cli;

import java.util.concurrent.Callable;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command {@code crane} itself: what all subcommands share. A subcommand reaches it through a field with {@code @ParentCommand}. */
@Command(name = "crane",
        subcommands = {RunCommand.class, RelevanceCommand.class, ActivationsCommand.class, SelectCommand.class, EvalCommand.class,
                FaithfulnessCommand.class, ReportCommand.class,
                MergeCommand.class, ExportCommand.class, ConvertCommand.class, JudgeImportCommand.class, BenchCommand.class,
                InspectCommand.class,
                ExplainCommand.class,
                GenerateCommand.class,
                ScoreCommand.class, TokenizeCommand.class,
                DoctorCommand.class, RuleCommand.class, ShellCommand.class},
        versionProvider = Crane.Version.class,
        sortOptions = false,
        description = "Finds the neurons of a multilingual language model that a language needs, and proves it by masking them.",
        synopsisHeading = "Usage: ", customSynopsis = "crane COMMAND [OPTIONS]", descriptionHeading = "%n", commandListHeading = "",
        optionListHeading = "%nOptions of every command:%n",
        footer = {"", "crane COMMAND --help tells about one command. Exit status: 0 done, 1 failed, 2 bad usage."})
final class Crane implements Callable<Integer> {

    /** Thrown when no command was given. */
    static final class NoCommand extends ParameterException {
        private static final long serialVersionUID = 1L;

        NoCommand(CommandLine command) {
            super(command, "a command is needed");
        }
    }

    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[]{Main.versionLine()};
        }
    }

    @Spec
    private CommandSpec spec;

    @Option(names = {"-h", "--help"}, usageHelp = true, scope = ScopeType.INHERIT, description = "Show this help.")
    @SuppressWarnings("unused") // picocli reads it
    private boolean help;

    @Option(names = {"-q", "--quiet"}, scope = ScopeType.INHERIT, description = "Show no progress.")
    private boolean quiet;

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Show the stack trace of a failure.")
    private boolean debug;

    @Option(names = {"-V", "--version"}, versionHelp = true, description = "Show the version.")
    @SuppressWarnings("unused") // picocli reads it
    private boolean version;

    @Override
    public Integer call() {
        throw new NoCommand(spec.commandLine());
    }

    boolean debug() {
        return debug;
    }

    /** Shows the progress of a long task on standard error, in the way that fits: not at all with {@code --quiet}. To be closed. */
    ProgressDisplay progress() {
        ProgressDisplay.Style style = quiet
                ? ProgressDisplay.Style.NONE
                : Terminal.isTerminal(Terminal.STANDARD_ERROR) ? ProgressDisplay.Style.TERMINAL : ProgressDisplay.Style.LINES;
        return new ProgressDisplay(style);
    }
}
