package dev.crane.models.tokenizer.normalizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The map from strings to strings that SentencePiece compiles its normalisation rules to ({@code precompiled_charsmap}): a double-array trie over the
 * UTF-8 of what is replaced (Darts-clone: Yata, <em>A compressed double-array</em>), and the replacements, each ended by a zero byte.
 *
 * <p>
 * Layout: 4 bytes, little-endian, the trie's size in bytes; the trie, 4 bytes a unit; the replacements.
 */
public final class CharacterMap {
    private static final int NONE = -1;

    private final int[] units;
    private final byte[] replacements;

    /**
     * Reads a map.
     *
     * @throws IllegalArgumentException it is none; the message says why
     */
    public CharacterMap(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long size = bytes.length < Integer.BYTES ? NONE : Integer.toUnsignedLong(buffer.getInt());
        if (size < Integer.BYTES || size % Integer.BYTES != 0 || size > buffer.remaining()) {
            throw new IllegalArgumentException("is no map of characters: its trie does not fit into its " + bytes.length + " bytes");
        }
        units = new int[(int) size / Integer.BYTES];
        buffer.asIntBuffer().get(units);
        buffer.position(Integer.BYTES + (int) size);
        replacements = new byte[buffer.remaining()];
        buffer.get(replacements);
    }

    /**
     * A string of the map.
     *
     * @param length how many bytes of the text it is
     * @param replacement what stands in its place
     */
    public record Match(int length, String replacement) {}

    /** The longest string of the map that {@code utf8} holds at {@code start}, or null. */
    public Match longest(byte[] utf8, int start) {
        return find(utf8, start, utf8.length, false);
    }

    /** The shortest string of the map that {@code utf8} holds from {@code start} to before {@code end}, or null. */
    public Match shortest(byte[] utf8, int start, int end) {
        return find(utf8, start, end, true);
    }

    /** Whether a string of the map begins with {@code b}, so that it is worth looking. */
    public boolean begins(byte b) {
        int node = offset(units[0]) ^ (b & 0xFF);
        return node < units.length && label(units[node]) == (b & 0xFF);
    }

    private Match find(byte[] utf8, int start, int end, boolean shortest) {
        int length = 0;
        int value = NONE;
        int node = offset(units[0]);
        for (int i = start; i < end && utf8[i] != 0; i++) {
            node ^= utf8[i] & 0xFF;
            if (node >= units.length || label(units[node]) != (utf8[i] & 0xFF)) {
                break;
            }
            boolean ends = (units[node] >>> 8 & 1) != 0;
            node ^= offset(units[node]);
            if (ends && node < units.length) {
                length = i + 1 - start;
                value = units[node] & Integer.MAX_VALUE;
                if (shortest) {
                    break;
                }
            }
        }
        return value == NONE ? null : new Match(length, replacement(value));
    }

    private String replacement(int from) {
        int to = Math.min(from, replacements.length);
        while (to < replacements.length && replacements[to] != 0) {
            to++;
        }
        return new String(replacements, Math.min(from, to), to - Math.min(from, to), StandardCharsets.UTF_8);
    }

    /** A leaf, which holds a value, has the highest bit set and so the label of no byte. */
    private static int label(int unit) {
        return unit & (1 << 31 | 0xFF);
    }

    private static int offset(int unit) {
        return unit >>> 10 << ((unit & 1 << 9) >>> 6);
    }
}
