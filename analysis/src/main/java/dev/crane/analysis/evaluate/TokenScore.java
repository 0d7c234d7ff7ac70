package dev.crane.analysis.evaluate;

/**
 * What a model makes of the scored tokens of a {@link TokenRequest}.
 *
 * @param logprob sum of the tokens' log-probabilities, natural log, each given all tokens before it; 0 where none is scored
 * @param greedy whether each of them is the most likely one at its place
 */
public record TokenScore(double logprob, boolean greedy) {}
