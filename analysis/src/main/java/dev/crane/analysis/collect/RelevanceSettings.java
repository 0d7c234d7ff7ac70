package dev.crane.analysis.collect;

import java.util.Set;

import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;

/**
 * What is gathered.
 *
 * @param rule how backward is modified
 * @param target where backward starts
 * @param scores what is read per unit; each gives statistics of its own, in one pass
 * @param units the sites whose units are scored
 * @param samples how many samples; a corpus must have as many
 * @param seed which, where it has more
 * @param maxTokens tokens a sample is cut to; what the model can read if that is less
 * @param topExamples how many of the samples that drive a unit most are kept for each unit; 0 for none
 * @param perSample whether the scores of every sample are kept
 */
public record RelevanceSettings(Rule rule, Target target, Set<Score> scores, Set<Site> units, int samples, long seed, int maxTokens,
        int topExamples, boolean perSample) {
    /** Enough to read what a unit is about. */
    public static final int TOP_EXAMPLES = 5;

    RelevanceRequest request() {
        return RelevanceRequest.of(rule, target, scores, units);
    }
}
