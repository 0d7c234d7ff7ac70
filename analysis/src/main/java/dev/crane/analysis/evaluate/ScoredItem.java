package dev.crane.analysis.evaluate;

import java.util.List;

/**
 * An item of a task that is not multiple-choice, and what a model made of it.
 *
 * @param line its place in the task's data, from 0
 * @param response what the model made of it
 * @param values what it gives to each of the task's metrics
 */
public record ScoredItem(int line, Response response, List<Metric.Value> values) {
    /** What a model makes of an item. */
    public sealed interface Response {
        /** The score of a continuation. */
        record Likelihood(TokenScore score) implements Response {}

        /** The log-probability of a whole text. */
        record Rolling(double logprob) implements Response {}

        /** What it writes. */
        record Text(String text) implements Response {}

        /** Of an item that stands for one of a group's task: nothing of its own. */
        record Pooled() implements Response {}
    }
}
