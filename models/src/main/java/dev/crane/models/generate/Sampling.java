package dev.crane.models.generate;

import dev.crane.engine.CraneException;

/**
 * How the next token is chosen, with the meaning and the order of Hugging Face transformers' {@code generate}: repetition penalty, temperature, top-k,
 * top-p, then a draw.
 *
 * @param temperature divides the logits; 0 takes the most likely token, whatever topK, topP and seed say
 * @param topK only tokens no less likely than the k-th; 0 for all
 * @param topP only the smallest set of most likely tokens whose probabilities sum to at least this; 1 for all
 * @param repetitionPenalty logits of tokens that occur in the sequence are divided by it where positive, multiplied where negative; 1 for none
 * @param seed of the draws
 */
public record Sampling(double temperature, int topK, double topP, double repetitionPenalty, long seed) {
    /** The most likely token, always. */
    public static final Sampling GREEDY = new Sampling(0, 0, 1, 1, 0);

    /** Checks the ranges; outside them is a user's error. */
    public Sampling {
        if (!(temperature >= 0) || Double.isInfinite(temperature))
            throw new CraneException("temperature " + temperature + " is not possible; give 0 (always the most likely token) or more");
        if (topK < 0)
            throw new CraneException("top-k " + topK + " is not possible; give 1 or more, or 0 for all tokens");
        if (!(topP > 0 && topP <= 1))
            throw new CraneException("top-p " + topP + " is not possible; give more than 0 and at most 1");
        if (!(repetitionPenalty > 0) || Double.isInfinite(repetitionPenalty))
            throw new CraneException("repetition penalty " + repetitionPenalty + " is not possible; give more than 0, 1 for none");
    }

    /** Whether the most likely token is taken. */
    public boolean greedy() {
        return temperature == 0;
    }
}
