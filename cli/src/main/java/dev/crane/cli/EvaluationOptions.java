package dev.crane.cli;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import dev.crane.analysis.experiment.RunOptions;

/** How a whole experiment runs; none of it changes a result. */
final class EvaluationOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Mixin
    private BackendOptions backend;

    @Option(names = "--token-budget", paramLabel = "N", description = "Most tokens in a batch. Default: ${DEFAULT-VALUE}.")
    private int tokenBudget = RunOptions.TOKEN_BUDGET;

    /** The options of a run; a backend given on the command line wins over the experiment's. */
    RunOptions options() {
        return new RunOptions(named -> backend.start(backend.name().equals("auto") ? named : backend.name()),
                budget());
    }

    BackendOptions backend() {
        return backend;
    }

    int budget() {
        if (tokenBudget < 1)
            throw new ParameterException(spec.commandLine(), "--token-budget must be at least 1, not " + tokenBudget);
        return tokenBudget;
    }
}
