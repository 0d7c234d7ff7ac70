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
record CacheView(KeyValueCache cache, int[] sequences, Segments segments) implements EarlierTokens {
    @Override
    public int[] past() {
        int[] past = new int[sequences.length];
        for (int i = 0; i < past.length; i++)
            past[i] = cache.length(sequences[i]);
        return past;
    }

    @Override
    public void attend(int layer, Tensor k, Tensor v, Workspace tensors, Backend backend, Attention attention) {
        store(layer, k, v, backend);
        attention.over(cache.keys(layer), cache.values(layer), ranges());
    }

    /** Puts the new tokens' rotated keys and values behind the earlier ones. */
    private void store(int layer, Tensor k, Tensor v, Backend backend) {
        for (int i = 0; i < sequences.length; i++) {
            int row = cache.start(sequences[i]) + cache.length(sequences[i]);
            backend.copyRows(k, segments.start(i), cache.keys(layer), row, segments.length(i));
            backend.copyRows(v, segments.start(i), cache.values(layer), row, segments.length(i));
        }
    }

    /** Where each sequence's keys lie, the new ones included. */
    private KeyRanges ranges() {
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
