package dev.crane.models.tokenizer.model;

import java.util.Arrays;

/** From a pair of token ids to the rank of its merge and the id that the merge makes: an open hash table without objects. */
public final class MergeTable {
    /** What {@link #find} gives for a pair that does not merge; larger than any merge. */
    static final long NONE = Long.MAX_VALUE;

    private static final long EMPTY = -1;
    private final long[] pairs;
    private final long[] merges;
    private boolean joinsWords;

    /** @param count how many merges will be added at most */
    public MergeTable(int count) {
        int capacity = Integer.highestOneBit(Math.max(8, count)) << 2; // two to four times the count
        pairs = new long[capacity];
        merges = new long[capacity];
        Arrays.fill(pairs, EMPTY);
    }

    /**
     * Adds the merge of the tokens {@code left} and {@code right} of {@code vocabulary}; one of the same pair that was added before is forgotten.
     *
     * @param rank lower ones are made first; of equal ones the leftmost in the text
     */
    public void add(Vocabulary vocabulary, int left, int right, int rank, int merged) {
        String leftToken = vocabulary.token(left);
        String rightToken = vocabulary.token(right);
        joinsWords |= !leftToken.isEmpty() && !rightToken.isEmpty() && leftToken.charAt(leftToken.length() - 1) != BytePairEncoding.BLANK
                && rightToken.charAt(0) == BytePairEncoding.BLANK;
        long pair = pair(left, right);
        int slot = slot(pair);
        while (pairs[slot] != EMPTY && pairs[slot] != pair) {
            slot = (slot + 1) & (pairs.length - 1);
        }
        pairs[slot] = pair;
        merges[slot] = ((long) rank << Integer.SIZE) | merged;
    }

    /** Whether some merge joins a token that does not end in SentencePiece's blank with one that begins with it. */
    boolean joinsWords() {
        return joinsWords;
    }

    /** {@code rank << 32 | id} of the pair's merge, or {@link #NONE}. */
    long find(int left, int right) {
        long pair = pair(left, right);
        for (int slot = slot(pair);; slot = (slot + 1) & (pairs.length - 1)) {
            if (pairs[slot] == pair) {
                return merges[slot];
            }
            if (pairs[slot] == EMPTY) {
                return NONE;
            }
        }
    }

    private static long pair(int left, int right) {
        return ((long) left << Integer.SIZE) | right;
    }

    private int slot(long pair) {
        long mixed = pair * 0x9E3779B97F4A7C15L; // Fibonacci hashing: the high bits depend on all of the pair
        return (int) (mixed >>> 33) & (pairs.length - 1);
    }
}
