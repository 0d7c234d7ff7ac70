package dev.crane.engine;

import java.util.List;
import java.util.Map;

import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.relevance.Score;

/**
 * What a relevance pass gave, per sequence in the order of the batch.
 *
 * @param targets the target's value; NaN where the sequence has none (length 1)
 * @param scores for each score and hook point the values per sequence [width]; zeros where the sequence has no target
 * @param gradients for each hook point where it was asked for the gradient per sequence [T·width], row-major; zeros where the sequence has no target
 * @param tokenRelevance per sequence [T], if asked for; else empty
 */
public record RelevanceResult(float[] targets, Map<Score, Map<HookPoint, List<float[]>>> scores,
        Map<HookPoint, List<float[]>> gradients, List<float[]> tokenRelevance) {}
