package dev.crane.models.tokenizer.pretokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The 256 printable characters that GPT-2 writes bytes with: a printable byte of Latin-1 stands for itself, the others, in order, for U+0100 and
 * what follows (from {@code bytes_to_unicode} of GPT-2's {@code encoder.py}).
 */
public final class ByteAlphabet {
    private static final char[] CHARACTERS = new char[256];
    /** The byte of each character below its length, or -1. */
    private static final short[] BYTES = new short[0x144];

    static {
        Arrays.fill(BYTES, (short) -1);
        char next = 0x100;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            CHARACTERS[b] = printable ? (char) b : next++;
            BYTES[CHARACTERS[b]] = (short) b;
        }
    }

    private ByteAlphabet() {
    }

    /** The UTF-8 bytes of {@code text}, a character each. */
    public static String toCharacters(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        char[] characters = new char[utf8.length];
        for (int i = 0; i < utf8.length; i++) {
            characters[i] = CHARACTERS[utf8[i] & 0xFF];
        }
        return new String(characters);
    }

    /** The character that stands for {@code b}, 0 to 255. */
    public static char character(int b) {
        return CHARACTERS[b];
    }

    /** The bytes that {@code token} stands for; where one of its characters stands for no byte, its own UTF-8 bytes. */
    public static byte[] toBytes(String token) {
        byte[] bytes = new byte[token.length()];
        for (int i = 0; i < bytes.length; i++) {
            char c = token.charAt(i);
            if (c >= BYTES.length || BYTES[c] < 0) {
                return token.getBytes(StandardCharsets.UTF_8);
            }
            bytes[i] = (byte) BYTES[c];
        }
        return bytes;
    }
}
