package dev.crane.models.tokenizer.pretokenizer;

import java.util.function.Consumer;

/** Joins the spans of a text, which come in order without gaps, into pieces. */
final class Joining {
    private final String text;
    private final Behavior behavior;
    private final Consumer<String> pieces;
    private int pieceStart;
    private int pieceEnd;
    private boolean lastWasMatch;

    Joining(String text, Behavior behavior, Consumer<String> pieces) {
        this.text = text;
        this.behavior = behavior;
        this.pieces = pieces;
    }

    void add(int start, int end, boolean match) {
        if (behavior == Behavior.REMOVED) {
            if (!match) {
                pieces.accept(text.substring(start, end));
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
            pieces.accept(text.substring(pieceStart, pieceEnd));
        }
        pieceStart = pieceEnd;
    }
}
