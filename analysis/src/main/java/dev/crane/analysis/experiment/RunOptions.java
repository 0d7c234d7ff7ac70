package dev.crane.analysis.experiment;

import java.util.function.Function;

import dev.crane.engine.backend.Backend;

/**
 * What is decided for a run and not in the experiment file; none of it changes a result.
 *
 * @param backend makes the backend of a name ({@code auto} among them)
 * @param tokenBudget most tokens in a batch
 */
public record RunOptions(Function<String, Backend> backend, int tokenBudget) {
    /** Fills the CPU's caches well, and takes little memory. */
    public static final int TOKEN_BUDGET = 4096;
}
