package dev.crane.analysis.evaluate;

/**
 * What a model makes of a text.
 *
 * @param line its line in the corpus, from 0
 * @param logprob sum of the log-probabilities of all tokens but the first, natural log
 * @param tokens how many tokens those are
 * @param bytes how many bytes of UTF-8 they stand for; −1 where that is not known
 */
public record DocumentResult(int line, double logprob, int tokens, long bytes) {}
