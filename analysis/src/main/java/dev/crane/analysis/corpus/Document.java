package dev.crane.analysis.corpus;

/**
 * One document of a corpus. At least one of text and ids is there; where both are, the ids are what the model sees.
 *
 * @param line its line (in Parquet: its row) in the file, from 0
 * @param text its text, or null
 * @param ids its token ids, to be used as they are, or null
 */
public record Document(int line, String text, int[] ids) {}
