package dev.crane.engine;

import java.util.List;
import java.util.Map;

import dev.crane.engine.hook.Capture;

/**
 * What a forward pass gave, per sequence in the order of the batch.
 *
 * @param logits with LAST_LOGITS [V], with ALL_LOGITS [T·V] row-major; else empty
 * @param logprobs with NEXT_LOGPROBS [T − 1], natural log: entry t is that of token t + 1 given tokens 0…t, NaN where it was not asked for; else empty
 * @param greedy with NEXT_LOGPROBS [T − 1]: whether token t + 1 is the first most likely one; else empty
 * @param captures for each capture the values per sequence: [width] for a reduction, [T·width] whole
 */
public record ForwardResult(List<float[]> logits, List<float[]> logprobs, List<boolean[]> greedy, Map<Capture, List<float[]>> captures) {}
