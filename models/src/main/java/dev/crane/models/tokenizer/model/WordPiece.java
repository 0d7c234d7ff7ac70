package dev.crane.models.tokenizer.model;

/**
 * WordPiece (Schuster and Nakajima 2012), as BERT uses it: the longest token that a piece begins with, then the longest continuation, until nothing is
 * left. A piece that comes to a dead end, or is too long, is one unknown token as a whole.
 */
public final class WordPiece implements SubwordModel {
    private final int unknown;
    private final int longestPiece;
    private final PrefixTree beginnings = new PrefixTree();
    private final PrefixTree continuations = new PrefixTree();
    private final PieceCache cache = new PieceCache(this::longestFirst);

    /**
     * @param vocabulary all of its tokens; complete
     * @param unknown the id of the unknown token
     * @param continuingPrefix what a token begins with that does not begin a word
     * @param longestPiece pieces of more code points are unknown
     */
    public WordPiece(Vocabulary vocabulary, int unknown, String continuingPrefix, int longestPiece) {
        this.unknown = unknown;
        this.longestPiece = longestPiece;
        for (int id = 0; id < vocabulary.size(); id++) {
            String token = vocabulary.token(id);
            if (token != null && !token.isEmpty()) {
                beginnings.put(token, id);
                if (token.startsWith(continuingPrefix) && token.length() > continuingPrefix.length()) {
                    continuations.put(token.substring(continuingPrefix.length()), id);
                }
            }
        }
    }

    @Override
    public void encode(String piece, IdBuffer ids) {
        ids.addAll(cache.encode(piece));
    }

    private int[] longestFirst(String piece) {
        if (piece.codePointCount(0, piece.length()) > longestPiece) {
            return new int[]{unknown};
        }
        IdBuffer ids = new IdBuffer();
        int end;
        for (int start = 0; start < piece.length(); start = end) {
            PrefixTree tokens = start == 0 ? beginnings : continuations;
            end = tokens.longestEnd(piece, start);
            if (end == PrefixTree.NONE) {
                return new int[]{unknown};
            }
            int node = PrefixTree.ROOT;
            for (int i = start; i < end; i++) {
                node = tokens.next(node, piece.charAt(i));
            }
            ids.add(tokens.value(node));
        }
        return ids.toArray();
    }

    @Override
    public String kind() {
        return "WordPiece";
    }
}
