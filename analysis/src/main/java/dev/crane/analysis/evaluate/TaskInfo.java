package dev.crane.analysis.evaluate;

import java.util.List;

/**
 * What results say about a task.
 *
 * @param alias what tables call it
 * @param version of its definition; may be empty
 * @param shots how many examples stand before each question
 * @param available how many items there are, of which some may be left out
 * @param metrics what it is judged by, the first one first; at least one
 * @param groups the groups that it is in, the outermost first
 */
public record TaskInfo(String alias, String version, int shots, int available, List<Metric> metrics, List<TaskGroup> groups) {
    /** Of the perplexity of texts. */
    static TaskInfo perplexity(String language, int available) {
        return new TaskInfo("perplexity_" + language, "1", 0, available, List.of(Metric.PERPLEXITY, Metric.BITS_PER_BYTE), List.of());
    }

    /** Of multiple-choice questions without a definition of their own. */
    static TaskInfo plain(String name, int available) {
        return new TaskInfo(name, "1", 0, available, List.of(Metric.ACC, Metric.ACC_NORM), List.of());
    }
}
