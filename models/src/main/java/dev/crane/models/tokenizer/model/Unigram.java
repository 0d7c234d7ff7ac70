package dev.crane.models.tokenizer.model;

import java.util.Arrays;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;

/**
 * A unigram language model (Kudo 2018): of all ways to write a piece in tokens, the one with the largest sum of scores (log-probabilities), found by
 * Viterbi's algorithm. A character that is no token costs 10 more than the worst token, and becomes byte tokens or the unknown token; unknown
 * characters that follow one another are one.
 *
 * <p>
 * Follows {@code encode_optimized} of the tokenizers library, and of SentencePiece, which adds the scores in 32 bits; where two ways score the same,
 * the one that was found first stays.
 */
public final class Unigram implements SubwordModel {
    private static final double UNKNOWN_PENALTY = 10;
    private static final int NO_UNKNOWN = -1;

    /**
     * What differs between models.
     *
     * @param unknown the id of the unknown token, or -1
     * @param byteFallback an unknown character is spelled in byte tokens
     * @param singlePrecision scores are added in 32 bits, as SentencePiece does
     */
    public record Settings(int unknown, boolean byteFallback, boolean singlePrecision) {}

    private final Vocabulary vocabulary;
    private final PrefixTree tokens;
    private final double[] scores;
    private final double unknownScore;
    private final Settings settings;
    private final ByteTokens bytes;
    private final PieceCache cache = new PieceCache(this::best);

    /**
     * @param tokens the tokens that a text may be written in, with their ids
     * @param scores of each id
     * @param lowest the lowest score, which decides what an unknown character costs
     */
    public Unigram(Vocabulary vocabulary, PrefixTree tokens, double[] scores, double lowest, Settings settings) {
        this.vocabulary = vocabulary;
        this.tokens = tokens;
        this.scores = scores.clone();
        this.settings = settings;
        unknownScore = round(lowest - UNKNOWN_PENALTY);
        bytes = settings.byteFallback ? new ByteTokens(vocabulary) : null;
    }

    private double round(double score) {
        return settings.singlePrecision ? (float) score : score;
    }

    @Override
    public void encode(String piece, IdBuffer ids) {
        ids.addAll(cache.encode(piece));
    }

    /** The best way: {@code starts[e]} is where the token that ends at {@code e} begins. */
    private int[] best(String piece) {
        int length = piece.length();
        double[] best = new double[length + 1];
        int[] starts = new int[length + 1];
        int[] ids = new int[length + 1];
        Arrays.fill(starts, -1);
        int width;
        for (int start = 0; start < length; start += width) {
            width = Character.charCount(piece.codePointAt(start));
            boolean single = false;
            int node = PrefixTree.ROOT;
            for (int end = start + 1; end <= length; end++) {
                node = tokens.next(node, piece.charAt(end - 1));
                if (node == PrefixTree.NONE) {
                    break;
                }
                int id = tokens.value(node);
                if (id != PrefixTree.NONE) {
                    offer(best, starts, ids, start, end, scores[id], id);
                    single |= end - start == width;
                }
            }
            if (!single) {
                offer(best, starts, ids, start, start + width, unknownScore, NO_UNKNOWN);
            }
        }
        return tokens(piece, starts, ids);
    }

    private void offer(double[] best, int[] starts, int[] ids, int start, int end, double score, int id) {
        double candidate = round(score + best[start]);
        if (starts[end] < 0 || candidate > best[end]) {
            best[end] = candidate;
            starts[end] = start;
            ids[end] = id;
        }
    }

    private int[] tokens(String piece, int[] starts, int[] ids) {
        int count = 0;
        int[] ends = new int[piece.length()];
        for (int end = piece.length(); end > 0; end = starts[end]) {
            ends[count++] = end;
        }
        IdBuffer encoded = new IdBuffer();
        for (int i = count - 1; i >= 0; i--) {
            int start = starts[ends[i]];
            if (ids[ends[i]] != NO_UNKNOWN && ids[ends[i]] != settings.unknown) {
                encoded.add(ids[ends[i]]);
                continue;
            }
            while (i > 0 && (ids[ends[i - 1]] == NO_UNKNOWN || ids[ends[i - 1]] == settings.unknown)) {
                i--; // fused with what follows
            }
            unknown(piece.substring(start, ends[i]), encoded);
        }
        return encoded.toArray();
    }

    private void unknown(String text, IdBuffer encoded) {
        int whole = vocabulary.id(text); // unknown characters together can spell a token, though one that scores worse
        if (whole >= 0) {
            encoded.add(whole);
        } else if (bytes == null || !bytes.encode(text, encoded)) {
            if (settings.unknown == NO_UNKNOWN) {
                throw new CraneException("the tokenizer has no token for " + FileErrors.quote(text) + ", and none for the unknown");
            }
            encoded.add(settings.unknown);
        }
    }

    @Override
    public String kind() {
        return settings.byteFallback ? "Unigram with byte fallback" : "Unigram";
    }
}
