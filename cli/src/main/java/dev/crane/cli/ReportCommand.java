package dev.crane.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import dev.crane.analysis.report.Report;

/** {@code crane report}: the report of an experiment, made again from its folder. */
@Command(name = "report", description = "Make the HTML report of an experiment again from its folder.", footer = {"", "Example:",
        "  crane report crane-out"})
final class ReportCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "DIR", description = "Folder that 'crane run' wrote.")
    private Path folder;

    @Override
    public Integer call() {
        spec.commandLine().getOut().println("report: " + Report.write(folder));
        return ExitStatus.OK;
    }
}
