package dev.crane.analysis.corpus;

/**
 * What a model sees of one document.
 *
 * @param line the document's line (in Parquet: its row) in the file, from 0
 * @param ids token ids, at least one, the beginning-of-text token among them
 * @param utf8Bytes the UTF-8 length of the text that the ids stand for: the document's own where it was not cut, else that of the tokens that are
 *        left; {@code -1} for ids without a tokenizer
 */
public record Sample(int line, int[] ids, long utf8Bytes) {}
