package dev.crane.models.tokenizer.model;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

import dev.crane.engine.file.FileErrors;

/** Tokens and their ids, both unique; ids may have gaps. */
public final class Vocabulary {
    /** No published vocabulary comes near it; an id above would only make the table of tokens fill the memory. */
    public static final int LARGEST_SIZE = 1 << 24;

    private final Map<String, Integer> ids = new HashMap<>();
    private String[] tokens = new String[1024];
    private int size;

    /**
     * Adds a token.
     *
     * @param id 0 to {@link #LARGEST_SIZE} − 1
     * @throws IllegalArgumentException the token has another id, or the id another token; the message says which
     */
    public void add(String token, int id) {
        String holder = token(id);
        Integer held = ids.get(token);
        if (held != null && held != id) {
            throw new IllegalArgumentException("has the ids " + held + " and " + id);
        }
        if (holder != null && !holder.equals(token)) {
            throw new IllegalArgumentException("has the id " + id + ", which " + FileErrors.quote(holder) + " has already");
        }
        if (id >= tokens.length) {
            tokens = Arrays.copyOf(tokens, Math.min(LARGEST_SIZE, Math.max(id + 1, 2 * tokens.length)));
        }
        ids.put(token, id);
        tokens[id] = token;
        size = Math.max(size, id + 1);
    }

    /** The id of {@code token}, or -1. */
    public int id(String token) {
        return ids.getOrDefault(token, -1);
    }

    /** The token with the id, or null. */
    public String token(int id) {
        return id >= 0 && id < size ? tokens[id] : null;
    }

    /** The largest id plus one. */
    public int size() {
        return size;
    }
}
