package dev.crane.analysis.faithfulness;

import java.util.List;
import java.util.TreeSet;

import dev.crane.engine.CraneException;

/**
 * How much is measured.
 *
 * @param fractions of the units that are deleted, or alone kept: ascending, above 0, at most 1; nothing and everything are always measured too
 * @param sampled how many units are zeroed one by one; 0 for none
 * @param documents how many held-out texts of a language, from the first
 * @param maxTokens tokens a text is cut to
 * @param randomOrders how many random orders the others are compared with, at least 3
 * @param seed of the random orders and of the choice of units
 */
public record FaithfulnessSettings(List<Double> fractions, int sampled, int documents, int maxTokens, int randomOrders, long seed) {
    /** Close at the beginning, where orders differ most. */
    public static final List<Double> FRACTIONS = List.of(0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0);
    /** A minute or two on the demo model. */
    public static final FaithfulnessSettings DEFAULT = new FaithfulnessSettings(FRACTIONS, 200, 8, 128, 3, 42);

    /** Checks the numbers; a wrong one is a user's mistake. */
    public FaithfulnessSettings {
        fractions = List.copyOf(new TreeSet<>(fractions));
        if (fractions.isEmpty())
            throw new CraneException("fractions: give at least one, such as 0.1");
        for (double fraction : fractions)
            if (!(fraction > 0 && fraction <= 1))
                throw new CraneException("fractions: " + fraction + " is not above 0 and at most 1");
        if (sampled < 0 || sampled == 1 || sampled == 2)
            throw new CraneException("sampled: a correlation needs at least 3 units (0 leaves it out), not " + sampled);
        if (documents < 1 || maxTokens < 2)
            throw new CraneException("documents must be at least 1, max-tokens at least 2");
        if (randomOrders < 3)
            throw new CraneException("seeds: at least 3 random orders are needed to tell how far they vary, not " + randomOrders);
    }
}
