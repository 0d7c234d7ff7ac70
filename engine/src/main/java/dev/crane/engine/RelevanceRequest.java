package dev.crane.engine;

import java.util.List;
import java.util.Set;

import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;

/**
 * What a relevance pass (one forward, one backward) shall give.
 *
 * @param rule how backward is modified
 * @param target where backward starts
 * @param scores which scores; {@link Score#ROW_GRADIENT} needs linear sites
 * @param sites where scores are read, in every layer; any site but attn.probs and logits
 * @param tokenRelevance whether Σ embedding × gradient per token is read too
 * @param interventions the distinct sets of interventions in use
 * @param interventionOf for each sequence the index of its set, −1 for none; null: none for all
 */
public record RelevanceRequest(Rule rule, Target target, Set<Score> scores, Set<Site> sites, boolean tokenRelevance,
        List<InterventionSet> interventions, int[] interventionOf) {
    /** Scores of the unchanged model. */
    public static RelevanceRequest of(Rule rule, Target target, Set<Score> scores, Set<Site> sites) {
        return new RelevanceRequest(rule, target, scores, sites, false, List.of(), null);
    }
}
