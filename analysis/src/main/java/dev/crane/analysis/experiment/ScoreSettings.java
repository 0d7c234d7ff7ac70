package dev.crane.analysis.experiment;

import java.util.Set;

import dev.crane.analysis.collect.Quantity;
import dev.crane.engine.hook.Site;

/**
 * How unit scores are computed.
 *
 * @param quantity rule, target and score
 * @param units the sites whose units are scored
 * @param samples how many samples a language
 * @param maxTokens tokens a sample is cut to
 * @param seed which samples, where a corpus has more
 * @param ledger of how many of them, from the first, it is kept account where the relevance goes; 0: of none
 */
public record ScoreSettings(Quantity.Relevance quantity, Set<Site> units, int samples, int maxTokens, long seed, int ledger) {
    /** The published method's number of samples. */
    public static final int SAMPLES = 1000;
    /** The seed where none is given. */
    public static final long SEED = 42;
    /** The number of samples whose mean a ledger is, where none is given: enough to tell the losses from each other, for a pass each. */
    public static final int LEDGER = 4;
    /** The sites where none are given: the rows of the MLP's three projections, and its neurons. */
    public static final Set<Site> UNITS = Set.of(Site.MLP_GATE, Site.MLP_UP, Site.MLP_DOWN, Site.MLP_NEURON);
}
