package dev.crane.analysis.evaluate;

/**
 * A text whose perplexity is measured.
 *
 * @param line its line in the corpus, from 1
 * @param ids its tokens, the one that begins a text first
 * @param bytes how many bytes of UTF-8 the tokens after the first stand for
 */
public record Document(int line, int[] ids, int bytes) {}
