package dev.crane.models.tokenizer.pretokenizer;

/** Joins the spans of a text, which come in order without gaps, into pieces. */
final class Joining {
    private final String text;
    private final Behavior behavior;
    private final boolean atStart;
    private final PreTokenizer.Pieces pieces;
    private int pieceStart;
    private int pieceEnd;
    private boolean lastWasMatch;

    Joining(String text, Behavior behavior, boolean atStart, PreTokenizer.Pieces pieces) {
        this.text = text;
        this.behavior = behavior;
        this.atStart = atStart;
        this.pieces = pieces;
    }

    void add(int start, int end, boolean match) {
        if (behavior == Behavior.REMOVED) {
            if (!match) {
                pieces.piece(text.substring(start, end), atStart && start == 0);
            }
            return;
        }
        boolean joins = switch (behavior) {
            case ISOLATED, REMOVED -> false;
            case CONTIGUOUS -> match == lastWasMatch;
            case MERGED_WITH_PREVIOUS -> match && !lastWasMatch;
            case MERGED_WITH_NEXT -> !match && lastWasMatch;
        };
        if (!joins) {
            finish();
            pieceStart = start;
        }
        pieceEnd = end;
        lastWasMatch = match;
    }

    void finish() {
        if (pieceEnd > pieceStart) {
            pieces.piece(text.substring(pieceStart, pieceEnd), atStart && pieceStart == 0);
        }
        pieceStart = pieceEnd;
    }
}
