package dev.crane.models.tokenizer.pretokenizer;

import dev.crane.models.tokenizer.file.JsonPlace;

/** What becomes of a match when a text is cut at it. */
public enum Behavior {
    /** It is a piece of its own. */
    ISOLATED,
    /** It is dropped. */
    REMOVED,
    /** Matches that follow one another are one piece. */
    CONTIGUOUS,
    /** It ends the piece before it. */
    MERGED_WITH_PREVIOUS,
    /** It begins the piece after it. */
    MERGED_WITH_NEXT;

    static Behavior read(JsonPlace place) {
        return switch (place.text()) {
            case "Isolated" -> ISOLATED;
            case "Removed" -> REMOVED;
            case "Contiguous" -> CONTIGUOUS;
            case "MergedWithPrevious" -> MERGED_WITH_PREVIOUS;
            case "MergedWithNext" -> MERGED_WITH_NEXT;
            default -> throw place.unknown("behavior", place.text(), "Isolated, Removed, Contiguous, MergedWithPrevious, MergedWithNext");
        };
    }
}
