package dev.crane.models.tokenizer.model;

import java.util.Arrays;

/**
 * The symbols of one piece while they are merged: a doubly linked list, and a heap of the merges that its neighbours offer. Time O(n log n) for n
 * symbols, so that a piece of a megabyte is as cheap by the symbol as a word.
 */
final class SymbolChain {
    private static final int END = -1;

    private final MergeTable merges;
    /** The id at each position, or {@link #END} for one that was merged into its left neighbour. */
    private final int[] ids;
    private final int[] previous;
    private final int[] next;
    private int count;

    /** A binary heap: by rank (the high half of an offer), then by position. */
    private long[] offers;
    private int[] positions;
    private int heapSize;

    SymbolChain(int[] symbols, MergeTable merges) {
        this.merges = merges;
        ids = symbols;
        count = symbols.length;
        previous = new int[count];
        next = new int[count];
        offers = new long[Math.max(4, count)];
        positions = new int[offers.length];
        for (int i = 0; i < count; i++) {
            previous[i] = i - 1;
            next[i] = i + 1 < count ? i + 1 : END;
        }
    }

    int[] merge() {
        for (int i = 0; i + 1 < ids.length; i++) {
            offer(i);
        }
        while (heapSize > 0) {
            long merge = offers[0];
            int left = positions[0];
            pop();
            // a symbol beside the pair may have changed since: then the pair's merge is another, or none
            if (ids[left] != END && next[left] != END && merges.find(ids[left], ids[next[left]]) == merge) {
                join(left, (int) merge);
            }
        }
        int[] merged = new int[count];
        for (int i = 0, at = 0; i < ids.length; i++) {
            if (ids[i] != END) {
                merged[at++] = ids[i];
            }
        }
        return merged;
    }

    private void join(int left, int id) {
        int right = next[left];
        ids[left] = id;
        ids[right] = END;
        next[left] = next[right];
        if (next[right] != END) {
            previous[next[right]] = left;
            offer(left);
        }
        if (previous[left] != END) {
            offer(previous[left]);
        }
        count--;
    }

    private void offer(int left) {
        long merge = merges.find(ids[left], ids[next[left]]);
        if (merge == MergeTable.NONE) {
            return;
        }
        if (heapSize == offers.length) {
            offers = Arrays.copyOf(offers, 2 * heapSize);
            positions = Arrays.copyOf(positions, 2 * heapSize);
        }
        int at = heapSize++;
        while (at > 0) {
            int parent = (at - 1) >>> 1;
            if (!before(merge, left, offers[parent], positions[parent])) {
                break;
            }
            offers[at] = offers[parent];
            positions[at] = positions[parent];
            at = parent;
        }
        offers[at] = merge;
        positions[at] = left;
    }

    private void pop() {
        heapSize--;
        long merge = offers[heapSize];
        int position = positions[heapSize];
        int at = 0;
        while (true) {
            int child = 2 * at + 1;
            if (child >= heapSize) {
                break;
            }
            if (child + 1 < heapSize && before(offers[child + 1], positions[child + 1], offers[child], positions[child])) {
                child++;
            }
            if (!before(offers[child], positions[child], merge, position)) {
                break;
            }
            offers[at] = offers[child];
            positions[at] = positions[child];
            at = child;
        }
        offers[at] = merge;
        positions[at] = position;
    }

    /** By rank (the high half); of equal ranks, which SentencePiece gives to pieces of equal score, the position decides. */
    private static boolean before(long merge, int position, long otherMerge, int otherPosition) {
        int rank = (int) (merge >>> Integer.SIZE);
        int otherRank = (int) (otherMerge >>> Integer.SIZE);
        return rank < otherRank || (rank == otherRank && position < otherPosition);
    }
}
