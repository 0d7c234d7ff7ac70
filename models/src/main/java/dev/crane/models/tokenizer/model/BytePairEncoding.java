package dev.crane.models.tokenizer.model;

import java.util.Arrays;

/**
 * Byte-pair encoding (Sennrich et al. 2016): a piece begins as its characters, and of all neighbours that form a merge, those whose merge has the
 * lowest rank are joined, the leftmost first, until none is left.
 *
 * <p>
 * A character that is not in the vocabulary is spelled in byte tokens, where the model does that and has them all; otherwise it becomes the unknown
 * token, or nothing where the model has none, as in the tokenizers library.
 */
public final class BytePairEncoding implements SubwordModel {
    /** What SentencePiece writes for a blank. */
    public static final char BLANK = '\u2581';

    private static final int NO_UNKNOWN = -1;
    private static final int NOT_ASKED = -2;

    /**
     * What differs between models.
     *
     * @param ignoreMerges a piece that is a token as a whole is that token, whatever the merges say
     * @param unknown the id for a character without one, or -1
     * @param fuseUnknown unknown characters that follow one another are one unknown token
     * @param byteFallback an unknown character is spelled in byte tokens
     */
    public record Settings(boolean ignoreMerges, int unknown, boolean fuseUnknown, boolean byteFallback) {}

    private final Vocabulary vocabulary;
    private final MergeTable merges;
    private final Settings settings;
    private final ByteTokens bytes;
    private final boolean cutsAtBlanks;
    /** The ids of characters of the basic plane as they are asked for; a race writes the same value twice. */
    private final int[] characterIds = new int[Character.MAX_VALUE + 1];
    private final PieceCache cache = new PieceCache(this::merge);

    /** A model with these tables, which are complete. */
    public BytePairEncoding(Vocabulary vocabulary, MergeTable merges, Settings settings) {
        this.vocabulary = vocabulary;
        this.merges = merges;
        this.settings = settings;
        bytes = settings.byteFallback ? new ByteTokens(vocabulary) : null;
        // Where no merge joins a word's end with the blank after it, no token crosses from one word into the next: text that
        // comes in one piece (Llama 2, Gemma) can be encoded, and remembered, word by word, with the same ids.
        cutsAtBlanks = !settings.ignoreMerges && !merges.joinsWords() && vocabulary.id(String.valueOf(BLANK)) >= 0;
        Arrays.fill(characterIds, NOT_ASKED);
    }

    @Override
    public void encode(String piece, IdBuffer ids) {
        if (!cutsAtBlanks) {
            ids.addAll(cache.encode(piece));
            return;
        }
        int from = 0;
        for (int at = piece.indexOf(BLANK, 1); at > 0; at = piece.indexOf(BLANK, at + 1)) {
            if (piece.charAt(at - 1) != BLANK) {
                ids.addAll(cache.encode(piece.substring(from, at)));
                from = at;
            }
        }
        ids.addAll(cache.encode(piece.substring(from)));
    }

    private int[] merge(String piece) {
        if (settings.ignoreMerges) {
            int whole = vocabulary.id(piece);
            if (whole >= 0) {
                return new int[]{whole};
            }
        }
        return new SymbolChain(symbols(piece), merges).merge();
    }

    private int[] symbols(String piece) {
        IdBuffer symbols = new IdBuffer();
        boolean unknownPending = false; // it is put down late: behind byte tokens that follow it, as the library does
        int width;
        for (int i = 0; i < piece.length(); i += width) {
            width = Character.charCount(piece.codePointAt(i));
            int id = characterId(piece, i, width);
            if (id >= 0) {
                if (unknownPending) {
                    symbols.add(settings.unknown);
                    unknownPending = false;
                }
                symbols.add(id);
            } else if ((bytes == null || !bytes.encode(piece.substring(i, i + width), symbols)) && settings.unknown != NO_UNKNOWN) {
                if (unknownPending && !settings.fuseUnknown) {
                    symbols.add(settings.unknown);
                }
                unknownPending = true;
            }
        }
        if (unknownPending) {
            symbols.add(settings.unknown);
        }
        return symbols.toArray();
    }

    private int characterId(String piece, int at, int width) {
        if (width > 1) {
            return vocabulary.id(piece.substring(at, at + width));
        }
        char c = piece.charAt(at);
        int id = characterIds[c];
        if (id == NOT_ASKED) {
            id = vocabulary.id(String.valueOf(c));
            characterIds[c] = id;
        }
        return id;
    }

    @Override
    public String kind() {
        return settings.byteFallback ? "BPE with byte fallback" : "BPE";
    }
}
