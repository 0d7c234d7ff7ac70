package dev.crane.models.generate;

import java.util.Arrays;

import dev.crane.models.tokenizer.Tokenizer;

/** Turns tokens into text as they come: a piece is given out when its characters are whole, since a token may be a part of a character's bytes. */
public final class TextStream {
    private static final String INCOMPLETE = "\uFFFD";

    private final Tokenizer tokenizer;
    private int[] ids = {};
    private String text = "";
    private int given;

    /** A stream without tokens; {@code tokenizer} may be null, then no token stands for any text. */
    public TextStream(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /** The text that is whole now and was not before; often empty. Special tokens stand for none. */
    public String append(int id) {
        ids = Arrays.copyOf(ids, ids.length + 1);
        ids[ids.length - 1] = id;
        text = tokenizer == null ? "" : tokenizer.decode(ids, true);
        return text.endsWith(INCOMPLETE) ? "" : rest();
    }

    /** The text that has not been given out yet, whole or not. */
    public String rest() {
        String rest = text.substring(Math.min(given, text.length()));
        given = text.length();
        return rest;
    }

    /** All ids so far. */
    public int[] ids() {
        return ids.clone();
    }

    /** The text of all ids so far. */
    public String text() {
        return text;
    }
}
