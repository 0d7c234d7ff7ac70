package dev.crane.models.tokenizer.model;

import java.util.concurrent.ConcurrentHashMap;

/**
 * Byte-pair encoding (Sennrich et al. 2016): a piece begins as its characters, and of all neighbours that form a merge, those whose merge has the
 * lowest rank are joined, the leftmost first, until none is left.
 *
 * <p>
 * A character that is not in the vocabulary becomes the unknown token, or nothing where the model has none, as in the tokenizers library.
 */
public final class BytePairEncoding implements SubwordModel {
    /** Pieces longer than this are rare, and seldom come twice. */
    private static final int LONGEST_CACHED = 64;
    /** Some 10 MB; natural text has fewer different words than this in its first hundred megabytes. */
    private static final int LARGEST_CACHE = 1 << 16;
    private static final int NO_UNKNOWN = -1;

    private final Vocabulary vocabulary;
    private final MergeTable merges;
    private final boolean ignoreMerges;
    private final int unknown;
    private final boolean fuseUnknown;
    private final ConcurrentHashMap<String, int[]> cache = new ConcurrentHashMap<>();

    /**
     * @param ignoreMerges a piece that is a token as a whole is that token, whatever the merges say
     * @param unknown the id for a character without one, or -1
     * @param fuseUnknown unknown characters that follow one another are one unknown token
     */
    public BytePairEncoding(Vocabulary vocabulary, MergeTable merges, boolean ignoreMerges, int unknown, boolean fuseUnknown) {
        this.vocabulary = vocabulary;
        this.merges = merges;
        this.ignoreMerges = ignoreMerges;
        this.unknown = unknown;
        this.fuseUnknown = fuseUnknown;
    }

    @Override
    public void encode(String piece, IdBuffer ids) {
        if (piece.length() > LONGEST_CACHED) {
            ids.addAll(merge(piece));
            return;
        }
        int[] known = cache.get(piece);
        if (known == null) {
            known = merge(piece);
            if (cache.size() < LARGEST_CACHE) {
                cache.put(piece, known);
            }
        }
        ids.addAll(known);
    }

    private int[] merge(String piece) {
        if (ignoreMerges) {
            int whole = vocabulary.id(piece);
            if (whole >= 0) {
                return new int[]{whole};
            }
        }
        return new SymbolChain(symbols(piece), merges).merge();
    }

    private int[] symbols(String piece) {
        IdBuffer symbols = new IdBuffer();
        boolean lastUnknown = false;
        int width;
        for (int i = 0; i < piece.length(); i += width) {
            width = Character.charCount(piece.codePointAt(i));
            int id = vocabulary.id(piece.substring(i, i + width));
            if (id >= 0) {
                symbols.add(id);
                lastUnknown = false;
            } else if (unknown != NO_UNKNOWN) {
                if (!lastUnknown || !fuseUnknown) {
                    symbols.add(unknown);
                }
                lastUnknown = true;
            }
        }
        return symbols.toArray();
    }

    @Override
    public String kind() {
        return "BPE";
    }
}
