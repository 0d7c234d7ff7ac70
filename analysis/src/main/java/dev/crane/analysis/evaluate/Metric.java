package dev.crane.analysis.evaluate;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

import dev.crane.analysis.metric.SampleMean;

/** What a task is judged by, under lm-evaluation-harness's names; each sums what every item gives. */
public enum Metric {
    /** Share of answers that are right; of a single continuation, share of those that are the most likely ones. */
    ACC("acc", true),
    /** Share right by log-probability a code point. */
    ACC_NORM("acc_norm", true),
    /** Share of generated answers that are those expected. */
    EXACT_MATCH("exact_match", true),
    /** exp of the mean negative log-likelihood of an item. */
    PERPLEXITY("perplexity", false),
    /** exp of the negative log-likelihood a word. */
    WORD_PERPLEXITY("word_perplexity", false),
    /** exp of the negative log-likelihood a byte. */
    BYTE_PERPLEXITY("byte_perplexity", false),
    /** Negative log-likelihood in bits a byte. */
    BITS_PER_BYTE("bits_per_byte", false);

    private final String label;
    private final boolean higherIsBetter;

    Metric(String label, boolean higherIsBetter) {
        this.label = label;
        this.higherIsBetter = higherIsBetter;
    }

    /** Its name in task files and results. */
    public String label() {
        return label;
    }

    /** Whether more is better; these are means, the others are of log-likelihoods. */
    public boolean higherIsBetter() {
        return higherIsBetter;
    }

    /** The metric of a name. */
    public static Optional<Metric> of(String label) {
        return Arrays.stream(values()).filter(metric -> metric.label.equals(label)).findFirst();
    }

    /**
     * What an item gives.
     *
     * @param sum its contribution: 1 for a right answer, or a log-likelihood
     * @param weight what it counts: 1, or the words or bytes that the log-likelihood is of
     */
    public record Value(double sum, double weight) {
        static Value right(boolean right) {
            return new Value(right ? 1 : 0, 1);
        }
    }

    /** Over all items. */
    public double total(List<Value> values) {
        double sum = 0;
        double weight = 0;
        for (Value value : values) {
            sum += value.sum;
            weight += value.weight;
        }
        double mean = sum / weight;
        return switch (this) {
            case ACC, ACC_NORM, EXACT_MATCH -> mean;
            case PERPLEXITY, WORD_PERPLEXITY, BYTE_PERPLEXITY -> Math.exp(-mean);
            case BITS_PER_BYTE -> -mean / Math.log(2);
        };
    }

    /** The standard error of a mean of items that count the same; NaN for a metric that is no mean. */
    public double standardError(List<Value> values) {
        return higherIsBetter ? SampleMean.of(values.stream().mapToDouble(Value::sum).toArray()).standardError() : Double.NaN;
    }
}
