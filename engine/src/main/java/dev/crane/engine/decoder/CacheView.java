package dev.crane.engine.decoder;

import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.KeyRanges;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.Tensor;

/**
 * A key/value cache as one pass sees it.
 *
 * @param cache with room for the pass's tokens
 * @param sequences the sequence of the cache that each segment of the pass continues
 * @param segments of the pass
 */
record CacheView(KeyValueCache cache, int[] sequences, Segments segments) {
    /** Tokens that each of the pass's sequences has had before. */
    int[] past() {
        int[] past = new int[sequences.length];
        for (int i = 0; i < past.length; i++)
            past[i] = cache.length(sequences[i]);
        return past;
    }

    /** Puts the new tokens' rotated keys and values behind the earlier ones. */
    void store(int layer, Tensor k, Tensor v, Backend backend) {
        for (int i = 0; i < sequences.length; i++) {
            int row = cache.start(sequences[i]) + cache.length(sequences[i]);
            backend.copyRows(k, segments.start(i), cache.keys(layer), row, segments.length(i));
            backend.copyRows(v, segments.start(i), cache.values(layer), row, segments.length(i));
        }
    }

    /** Where each sequence's keys lie, the new ones included. */
    KeyRanges ranges() {
        int[] starts = new int[sequences.length];
        int[] lengths = past();
        for (int i = 0; i < starts.length; i++) {
            starts[i] = cache.start(sequences[i]);
            lengths[i] += segments.length(i);
        }
        return new KeyRanges(starts, lengths);
    }

    /** The pass is through: its tokens belong to the past. */
    void advance() {
        for (int i = 0; i < sequences.length; i++)
            cache.advance(sequences[i], segments.length(i));
    }
}
