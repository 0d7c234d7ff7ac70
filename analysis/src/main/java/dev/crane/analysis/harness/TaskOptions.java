package dev.crane.analysis.harness;

import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * How task files are taken.
 *
 * @param data the folder that their data files are in; null: paths are relative to the task file
 * @param items how many items of a task, from the first
 * @param shots how many examples stand before a question, in place of what the task file says; not where that says 0
 * @param seed of the choice of examples
 */
public record TaskOptions(Path data, int items, OptionalInt shots, long seed) {
    /** lm-evaluation-harness's. */
    public static final long SEED = 1234;

    /** All items, with what the task file says. */
    public static final TaskOptions DEFAULT = new TaskOptions(null, Integer.MAX_VALUE, OptionalInt.empty(), SEED);
}
