package dev.crane.analysis.evaluate;

import java.util.List;

/**
 * Tasks that are summed up together.
 *
 * @param name its name in results
 * @param alias what tables call it
 * @param version of its definition; may be empty
 * @param aggregates the metrics that are summed up; may be empty
 */
public record TaskGroup(String name, String alias, String version, List<Aggregate> aggregates) {
    /**
     * A metric of the group: the mean of its tasks' values.
     *
     * @param metric one that is a mean
     * @param bySize whether a task counts as much as it has items, or all tasks the same
     */
    public record Aggregate(Metric metric, boolean bySize) {}
}
