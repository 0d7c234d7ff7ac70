package dev.crane.models.tokenizer.model;

import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** The ids of pieces that were encoded before. Natural text repeats its words, so most of it is only looked up. */
final class PieceCache {
    /** Pieces longer than this are rare, and seldom come twice. */
    private static final int LONGEST = 64;
    /** Some 10 MB; natural text has fewer different words than this in its first hundred megabytes. */
    private static final int LARGEST = 1 << 16;

    private final Function<String, int[]> encoder;
    private final ConcurrentHashMap<String, int[]> known = new ConcurrentHashMap<>();

    /** @param encoder what gives a piece's ids, the same ones each time */
    PieceCache(Function<String, int[]> encoder) {
        this.encoder = encoder;
    }

    /** The ids of {@code piece}; not to be changed. */
    int[] encode(String piece) {
        if (piece.length() > LONGEST) {
            return encoder.apply(piece);
        }
        int[] ids = known.get(piece);
        if (ids == null) {
            ids = encoder.apply(piece);
            if (known.size() < LARGEST) {
                known.put(piece, ids);
            }
        }
        return ids;
    }
}
