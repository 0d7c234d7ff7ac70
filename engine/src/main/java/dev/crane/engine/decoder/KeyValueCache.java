package dev.crane.engine.decoder;

import java.util.ArrayList;
import java.util.List;

import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.Tensor;

/**
 * Rotated keys and values of the tokens that a set of sequences has had so far: for each layer two tensors in which every sequence has room for a
 * number of tokens. When one sequence runs out of room, all get half as much again, so that copying stays a fixed share of the work.
 */
final class KeyValueCache implements AutoCloseable {
    private final Backend backend;
    private final int width;
    private final int[] lengths;
    private final int[] starts;
    private final int[] room;
    private final List<Tensor> keys = new ArrayList<>();
    private final List<Tensor> values = new ArrayList<>();
    private final int layers;

    KeyValueCache(DecoderSpec spec, Backend backend, int sequences) {
        this.backend = backend;
        this.width = spec.attention().keyValueWidth();
        this.layers = spec.layers();
        this.lengths = new int[sequences];
        this.starts = new int[sequences];
        this.room = new int[sequences];
    }

    /** Tokens that sequence b has had. */
    int length(int b) {
        return lengths[b];
    }

    /** Room for new tokens of some of the sequences: segment i of the pass belongs to sequence {@code sequences[i]}. */
    CacheView extend(int[] sequences, Segments segments) {
        boolean fits = true;
        int[] needed = lengths.clone();
        for (int i = 0; i < sequences.length; i++) {
            needed[sequences[i]] += segments.length(i);
            fits &= needed[sequences[i]] <= room[sequences[i]];
        }
        if (!fits)
            grow(needed);
        return new CacheView(this, sequences, segments);
    }

    Tensor keys(int layer) {
        return keys.get(layer);
    }

    Tensor values(int layer) {
        return values.get(layer);
    }

    int start(int b) {
        return starts[b];
    }

    void advance(int b, int tokens) {
        lengths[b] += tokens;
    }

    /** Sequence b starts anew. */
    void forget(int b) {
        lengths[b] = 0;
    }

    private void grow(int[] needed) {
        int[] newStarts = new int[starts.length];
        int rows = 0;
        for (int b = 0; b < starts.length; b++) {
            newStarts[b] = rows;
            room[b] = Math.max(room[b], needed[b] + needed[b] / 2 + 16);
            rows = Math.addExact(rows, room[b]);
        }
        for (int layer = 0; layer < layers; layer++) {
            move(keys, layer, newStarts, rows);
            move(values, layer, newStarts, rows);
        }
        System.arraycopy(newStarts, 0, starts, 0, starts.length);
    }

    private void move(List<Tensor> tensors, int layer, int[] newStarts, int rows) {
        Tensor larger = backend.allocate(rows, width);
        if (layer == tensors.size()) {
            tensors.add(larger);
            return;
        }
        Tensor old = tensors.set(layer, larger);
        for (int b = 0; b < starts.length; b++)
            backend.copyRows(old, starts[b], larger, newStarts[b], lengths[b]);
        backend.release(old);
    }

    @Override
    public void close() {
        keys.forEach(backend::release);
        values.forEach(backend::release);
        keys.clear();
        values.clear();
    }

}
