package dev.crane.analysis.corpus;

import java.util.List;

/**
 * The samples that were taken from a corpus.
 *
 * @param samples in the file's order
 * @param requested how many were asked for; {@link Integer#MAX_VALUE} for all
 * @param cut how many of them were longer than allowed and lost their end
 */
public record Samples(List<Sample> samples, int requested, int cut) {
    /** Copies the list. */
    public Samples {
        samples = List.copyOf(samples);
    }

    /** How many the corpus has too few for the request; what there is was used. */
    public int missing() {
        return requested == Integer.MAX_VALUE ? 0 : requested - samples.size();
    }

    /** All tokens of all samples. */
    public long tokens() {
        return samples.stream().mapToLong(sample -> sample.ids().length).sum();
    }
}
