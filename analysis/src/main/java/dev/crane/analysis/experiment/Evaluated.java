package dev.crane.analysis.experiment;

import java.util.List;
import java.util.Optional;

import dev.crane.analysis.evaluate.Measurement;

/**
 * A model in one condition, measured.
 *
 * @param key the mask
 * @param units how many units it has
 * @param measurements of every text and task, in the order of the experiment
 */
public record Evaluated(MaskKey key, int units, List<Measurement> measurements) {
    /** The measurement of the same text or task. */
    public Optional<Measurement> like(Measurement other) {
        return measurements.stream().filter(mine -> mine.language().equals(other.language()) && mine.name().equals(other.name()))
                .findFirst();
    }
}
