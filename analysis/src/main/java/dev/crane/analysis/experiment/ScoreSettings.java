package dev.crane.analysis.experiment;

import java.util.Set;

import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;

/**
 * How unit scores are computed.
 *
 * @param kind rule, target and score
 * @param units the sites whose units are scored
 * @param samples how many samples a language
 * @param maxTokens tokens a sample is cut to
 * @param seed which samples, where a corpus has more
 */
public record ScoreSettings(Kind kind, Set<Site> units, int samples, int maxTokens, long seed) {
    /** The published method's number of samples. */
    public static final int SAMPLES = 1000;
    /** The seed where none is given. */
    public static final long SEED = 42;
    /** The sites where none are given: the rows of the MLP's three projections, and its neurons. */
    public static final Set<Site> UNITS = Set.of(Site.MLP_GATE, Site.MLP_UP, Site.MLP_DOWN, Site.MLP_NEURON);

    /**
     * What a score is: scores of different kinds do not compare.
     *
     * @param rule how backward is modified
     * @param target where backward starts
     * @param score what is read per unit
     */
    public record Kind(Rule rule, Target target, Score score) {
        /** AttnLRP, mean raw logit, relevance. */
        public static final Kind DEFAULT = new Kind(Rule.ATTNLRP, new Target.MeanLogit(), Score.RELEVANCE);

        /** {@code attnlrp.mean-logit.relevance}. */
        public String label() {
            return rule.name() + "." + target.label().replace(':', '-').replace(',', '-') + "." + score.label();
        }

        /** Two kinds are the same if their labels are; a target's positions are an array. */
        @Override
        public boolean equals(Object other) {
            return other instanceof Kind that && label().equals(that.label());
        }

        @Override
        public int hashCode() {
            return label().hashCode();
        }
    }
}
