package dev.crane.analysis.evaluate;

import java.util.List;

import dev.crane.analysis.metric.SampleMean;

/**
 * How many questions a model answers right.
 *
 * @param acc share right by log-probability, with its standard error
 * @param accNorm share right by log-probability a code point, with its standard error
 */
public record Accuracy(SampleMean acc, SampleMean accNorm) {
    /** Over some questions. */
    public static Accuracy of(List<ChoiceResult> questions) {
        return new Accuracy(SampleMean.of(questions.stream().mapToDouble(question -> question.acc() ? 1 : 0).toArray()),
                SampleMean.of(questions.stream().mapToDouble(question -> question.accNorm() ? 1 : 0).toArray()));
    }
}
