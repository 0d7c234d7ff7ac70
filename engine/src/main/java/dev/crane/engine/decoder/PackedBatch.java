package dev.crane.engine.decoder;

import java.util.List;

import dev.crane.engine.backend.Segments;

/**
 * Sequences of different lengths laid end to end in one stream of N tokens; nothing is padded.
 *
 * @param ids token ids [N]
 * @param segments how the stream falls into sequences
 */
public record PackedBatch(int[] ids, Segments segments) {
    /** Packs sequences in the order given; each must have at least one token. */
    public static PackedBatch of(List<int[]> sequences) {
        int[] offsets = new int[sequences.size() + 1];
        for (int b = 0; b < sequences.size(); b++) {
            if (sequences.get(b).length == 0)
                throw new IllegalArgumentException("sequence " + b + " is empty");
            offsets[b + 1] = Math.addExact(offsets[b], sequences.get(b).length);
        }
        int[] ids = new int[offsets[sequences.size()]];
        for (int b = 0; b < sequences.size(); b++)
            System.arraycopy(sequences.get(b), 0, ids, offsets[b], sequences.get(b).length);
        return new PackedBatch(ids, new Segments(offsets));
    }

    /** Number of tokens N. */
    public int tokens() {
        return ids.length;
    }

    /** Number of sequences B. */
    public int sequences() {
        return segments.count();
    }

    /** Position of every token within its sequence. */
    public int[] positions() {
        int[] positions = new int[ids.length];
        for (int b = 0; b < sequences(); b++)
            for (int t = 0; t < segments.length(b); t++)
                positions[segments.start(b) + t] = t;
        return positions;
    }
}
