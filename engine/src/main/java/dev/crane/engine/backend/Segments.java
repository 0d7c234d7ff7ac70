package dev.crane.engine.backend;

import java.util.Arrays;

/**
 * How the rows of a tensor fall into sequences: sequence b has rows {@code offsets[b]} (inclusive) to {@code offsets[b + 1]} (exclusive).
 *
 * @param offsets ascending, from 0, of length B + 1 (often called cuSeqlens)
 */
public record Segments(int[] offsets) {
    /** Number of sequences B. */
    public int count() {
        return offsets.length - 1;
    }

    /** Number of rows N. */
    public int rows() {
        return offsets[offsets.length - 1];
    }

    /** First row of sequence b. */
    public int start(int b) {
        return offsets[b];
    }

    /** Number of rows of sequence b. */
    public int length(int b) {
        return offsets[b + 1] - offsets[b];
    }

    /** The sequence that {@code row} belongs to. */
    public int of(int row) {
        int at = Arrays.binarySearch(offsets, row);
        if (at < 0)
            return -at - 2;
        while (offsets[at + 1] == row)
            at++;
        return at;
    }
}
