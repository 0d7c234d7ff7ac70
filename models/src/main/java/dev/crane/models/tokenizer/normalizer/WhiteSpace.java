package dev.crane.models.tokenizer.normalizer;

/** Unicode's property White_Space, which {@link Character#isWhitespace(char)} is not. */
public final class WhiteSpace {
    private WhiteSpace() {
    }

    /** Whether {@code c} is white space; all of it lies in the basic plane. */
    public static boolean is(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x80 && (c == 0x85 || Character.isSpaceChar(c)));
    }
}
