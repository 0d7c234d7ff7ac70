package dev.crane.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

import dev.crane.analysis.experiment.Experiment;
import dev.crane.analysis.experiment.ExperimentFile;
import dev.crane.analysis.experiment.ExperimentResult;

/** {@code crane run}: a whole experiment, from texts to the report. */
@Command(name = "run", description = "Run a whole experiment: scores, masks, every language under every mask, report.", footer = {"",
        "Interrupted, it goes on where it was when it is run again with the same --out, and ends with the same bits.", "",
        "Example:", "  crane run models/babel-base/experiment.yaml --out crane-out"})
final class RunCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Crane crane;

    @Mixin
    private EvaluationOptions evaluation;

    @Option(names = {"-o", "--out"}, required = true, paramLabel = "DIR", description = "Folder of the results; made if it is not there.")
    private Path out;

    @Mixin
    private RulePathOption rulePath;

    @Mixin
    private JsonOption json;

    @Parameters(paramLabel = "EXPERIMENT.yaml", description = "The experiment (docs/file-formats.md).")
    private Path experiment;

    @Override
    public Integer call() {
        rulePath.load();
        ExperimentResult result;
        try (ProgressDisplay progress = crane.progress()) {
            ExperimentFile file = ExperimentFile.read(experiment);
            Interruption.resumable();
            result = Experiment.run(file, out, evaluation.options(), progress);
        }
        PrintWriter print = spec.commandLine().getOut();
        if (json.asked())
            Json.print(print, result.tables());
        else
            ResultPrinter.print(result.tables(), print);
        print.println((json.asked() ? "" : "\n") + "report: " + result.report());
        return ExitStatus.OK;
    }
}
