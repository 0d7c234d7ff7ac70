package dev.crane.models.tokenizer.model;

import java.util.Arrays;

/** Token ids that are being gathered. */
public final class IdBuffer {
    private int[] ids = new int[64];
    private int size;

    /** Appends {@code id}. */
    public void add(int id) {
        if (size == ids.length) {
            ids = Arrays.copyOf(ids, 2 * size);
        }
        ids[size++] = id;
    }

    /** Appends all of {@code more}. */
    public void addAll(int[] more) {
        if (size + more.length > ids.length) {
            ids = Arrays.copyOf(ids, Math.max(2 * size, size + more.length));
        }
        System.arraycopy(more, 0, ids, size, more.length);
        size += more.length;
    }

    /** What was appended, in order. */
    public int[] toArray() {
        return Arrays.copyOf(ids, size);
    }
}
