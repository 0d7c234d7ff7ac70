package dev.crane.engine;

import java.util.List;
import java.util.Set;

import dev.crane.engine.hook.HookPoint;
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
 * @param gradients where the modified gradient itself is read whole, after interventions; as the sites, but in chosen layers
 * @param tokenRelevance whether Σ embedding × gradient per token is read too
 * @param interventions the distinct sets of interventions in use
 * @param interventionOf for each sequence the index of its set, −1 for none; null: none for all
 */
public record RelevanceRequest(Rule rule, Target target, Set<Score> scores, Set<Site> sites, Set<HookPoint> gradients,
        boolean tokenRelevance, List<InterventionSet> interventions, int[] interventionOf) {
    /** A request for scores only. */
    public RelevanceRequest(Rule rule, Target target, Set<Score> scores, Set<Site> sites, boolean tokenRelevance,
            List<InterventionSet> interventions, int[] interventionOf) {
        this(rule, target, scores, sites, Set.of(), tokenRelevance, interventions, interventionOf);
    }

    /** Scores of the unchanged model. */
    public static RelevanceRequest of(Rule rule, Target target, Set<Score> scores, Set<Site> sites) {
        return new RelevanceRequest(rule, target, scores, sites, false, List.of(), null);
    }
}
