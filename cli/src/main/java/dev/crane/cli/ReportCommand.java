package dev.crane.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import dev.crane.analysis.metric.LangSpecF1;
import dev.crane.analysis.metric.LangSpecF1.Others;
import dev.crane.analysis.report.Report;
import dev.crane.analysis.report.ReportData;
import dev.crane.engine.CraneException;

/** {@code crane report}: the report of an experiment, made again from its folder. */
@Command(name = "report", description = "Make the HTML report of an experiment, and the tables that go with it, again from its folder.",
        footer = {"",
                "Writes report.html, methods.csv, langspec.csv, overlap.csv, layers.csv, units.csv, summary.md and summary.tex.", "",
                "Example:",
                "  crane report crane-out --other max --beta 0.5"})
final class ReportCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--other", paramLabel = "HOW", description = "What stands for the other languages in LangSpec-F1: mean, max or sum of "
            + "their drops. Default: as the experiment has it.")
    private String other;

    @Option(names = "--beta", paramLabel = "B",
            description = "Weight of recall over precision in LangSpec-F1. Default: as the experiment has it.")
    private Double beta;

    @Option(names = "--f-compat", negatable = true, description = "Weigh as the CRANE authors' script does: (1+B²)PR/(P+B²R).")
    private Boolean compat;

    @Parameters(paramLabel = "DIR", description = "Folder that 'crane run' wrote.")
    private Path folder;

    @Override
    public Integer call() {
        Others others = others();
        if (beta != null && !(beta > 0 && beta < Double.POSITIVE_INFINITY))
            throw new ParameterException(spec.commandLine(), "--beta must be a number above 0, not " + beta);
        ReportData data = Report.read(folder);
        LangSpecF1.Options before = data.langSpecF1();
        LangSpecF1.Options options = new LangSpecF1.Options(others == null ? before.others() : others, beta == null ? before.beta() : beta,
                compat == null ? before.authorsWeighting() : compat);
        spec.commandLine().getOut().println("report: " + Report.write(folder, data.with(options)));
        return ExitStatus.OK;
    }

    private Others others() {
        try {
            return other == null ? null : Others.named(other);
        } catch (CraneException e) {
            throw new ParameterException(spec.commandLine(), "--" + e.getMessage(), e);
        }
    }
}
