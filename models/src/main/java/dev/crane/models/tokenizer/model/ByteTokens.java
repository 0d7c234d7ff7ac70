package dev.crane.models.tokenizer.model;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** The tokens {@code <0x00>} to {@code <0xFF>}, which spell a character that has no token of its own by the bytes of its UTF-8. */
public final class ByteTokens {
    private static final int NONE = -1;
    private final int[] ids = new int[256];

    /** The byte tokens that {@code vocabulary} has; some may be missing. */
    public ByteTokens(Vocabulary vocabulary) {
        for (int b = 0; b < ids.length; b++) {
            ids[b] = vocabulary.id(String.format(Locale.ROOT, "<0x%02X>", b));
        }
    }

    /** The byte that {@code token} spells, 0 to 255, or -1 where it is no byte token. */
    public static int value(String token) {
        if (token.length() != 6 || !token.startsWith("<0x") || token.charAt(5) != '>') {
            return NONE;
        }
        int high = hex(token.charAt(3));
        int low = hex(token.charAt(4));
        return high < 0 || low < 0 ? NONE : 16 * high + low;
    }

    private static int hex(char c) {
        return c < 0x80 ? Character.digit(c, 16) : NONE;
    }

    /** Appends the bytes of {@code text}, if there is a token for each of them; says whether there is. */
    boolean encode(String text, IdBuffer symbols) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        for (byte b : utf8) {
            if (ids[b & 0xFF] < 0) {
                return false;
            }
        }
        for (byte b : utf8) {
            symbols.add(ids[b & 0xFF]);
        }
        return true;
    }
}
