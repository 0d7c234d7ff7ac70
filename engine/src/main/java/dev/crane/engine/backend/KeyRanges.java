package dev.crane.engine.backend;

/**
 * Where each sequence's keys and values lie in the key and value tensors. Without a cache they lie where the queries lie ({@link #same}); with one
 * the sequence's earlier tokens come first: the last {@code queries.length(b)} of its {@code lengths[b]} keys belong to the queries.
 *
 * @param starts first key row of each sequence
 * @param lengths number of keys of each sequence, at least its number of queries
 */
public record KeyRanges(int[] starts, int[] lengths) {
    /** Keys in the same rows as the queries. */
    public static KeyRanges same(Segments queries) {
        int[] starts = new int[queries.count()];
        int[] lengths = new int[queries.count()];
        for (int b = 0; b < starts.length; b++) {
            starts[b] = queries.start(b);
            lengths[b] = queries.length(b);
        }
        return new KeyRanges(starts, lengths);
    }
}
