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
import dev.crane.analysis.report.MethodTable;
import dev.crane.analysis.report.Report;
import dev.crane.analysis.report.ReportData;

/** {@code crane run}: a whole experiment, from texts to the report. */
@Command(name = "run", description = "Run a whole experiment: scores, masks, every language under every mask, report.", footer = {"",
        "Interrupted, it goes on where it was when it is run again with the same --out, and ends with the same bits.", "",
        "Example:", "  crane run models/babel-base/experiment.yaml --out crane-out"})
final class RunCommand implements Callable<Integer> {
    /** Masks whose matrix still fits a screen. */
    private static final int SHORT = 15;

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

    @Option(names = "--full", description = "Print every language under every mask, however many there are; matrix.csv has them anyway.")
    private boolean full;

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
            print(result, print);
        print.println((json.asked() ? "" : "\n") + "report: " + result.report());
        return ExitStatus.OK;
    }

    /** The whole matrix where it is short or asked for, and what it comes to. */
    private void print(ExperimentResult result, PrintWriter print) {
        ReportData data = Report.read(result.folder());
        MethodTable methods = new MethodTable(data);
        if (full || (methods.models().size() == 1 && methods.rows().size() <= SHORT)) {
            ResultPrinter.print(result.tables(), print);
            print.println();
        }
        new SummaryPrinter(methods, data.languages(), print).print();
    }
}
