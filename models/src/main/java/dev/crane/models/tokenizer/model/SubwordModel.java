package dev.crane.models.tokenizer.model;

/** How a piece of text becomes token ids. Thread-safe. */
public sealed interface SubwordModel permits BytePairEncoding, Unigram, WordPiece {
    /** Appends the ids of {@code piece}, which is not empty, to {@code ids}. */
    void encode(String piece, IdBuffer ids);

    /** What it is, for people: {@code BPE}, {@code Unigram}. */
    String kind();
}
