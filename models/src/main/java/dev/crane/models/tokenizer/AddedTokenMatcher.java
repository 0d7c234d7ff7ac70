package dev.crane.models.tokenizer;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

import dev.crane.models.tokenizer.normalizer.WhiteSpace;

/**
 * Finds added tokens in a text: from the left, at each place the longest, as the tokenizers library does. A match that {@code single_word} forbids
 * is passed over whole; a shorter token inside it is not looked for.
 */
final class AddedTokenMatcher {
    /** A tree of the tokens' characters. */
    private static final class Node {
        private final Map<Character, Node> next = new HashMap<>();
        private AddedToken token;
    }

    /** Takes what stands between two tokens. */
    @FunctionalInterface
    interface Between {
        /** @param atStart whether it begins where the text begins */
        void text(String text, boolean atStart);
    }

    private final Node root = new Node();

    /** @param content what to look for, which for a normalised token is its normalised content */
    void add(String content, AddedToken token) {
        Node node = root;
        for (int i = 0; i < content.length(); i++) {
            node = node.next.computeIfAbsent(content.charAt(i), c -> new Node());
        }
        if (node != root && node.token == null) {
            node.token = token;
        }
    }

    /** Hands what stands between the tokens to {@code texts} and the tokens to {@code tokens}, in order; nothing empty. */
    void cut(String text, Between texts, Consumer<AddedToken> tokens) {
        int from = 0;
        int at = 0;
        while (at < text.length()) {
            AddedToken token = null;
            int end = at + 1;
            Node node = root.next.get(text.charAt(at));
            for (int i = at + 1; node != null; i++) {
                if (node.token != null) {
                    token = node.token;
                    end = i;
                }
                node = i < text.length() ? node.next.get(text.charAt(i)) : null;
            }
            if (token != null && !(token.singleWord() && touchesWord(text, at, end))) {
                int start = token.leftStrip() ? spaceBefore(text, at, from) : at;
                if (start > from) {
                    texts.text(text.substring(from, start), from == 0);
                }
                tokens.accept(token);
                from = token.rightStrip() ? spaceAfter(text, end) : end;
            }
            at = end;
        }
        if (from < text.length()) {
            texts.text(text.substring(from), from == 0);
        }
    }

    private static int spaceBefore(String text, int at, int from) {
        int start = at;
        while (start > from && WhiteSpace.is(text.charAt(start - 1))) {
            start--;
        }
        return start;
    }

    private static int spaceAfter(String text, int at) {
        int end = at;
        while (end < text.length() && WhiteSpace.is(text.charAt(end))) {
            end++;
        }
        return end;
    }

    private static boolean touchesWord(String text, int start, int end) {
        return (start > 0 && isWord(text.codePointBefore(start))) || (end < text.length() && isWord(text.codePointAt(end)));
    }

    /** A word character of Unicode's regular expressions (UTS 18, annex C). */
    private static boolean isWord(int codePoint) {
        return Character.isAlphabetic(codePoint) || codePoint == 0x200C || codePoint == 0x200D || switch (Character.getType(codePoint)) {
            case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK, Character.DECIMAL_DIGIT_NUMBER,
                    Character.CONNECTOR_PUNCTUATION ->
                true;
            default -> false;
        };
    }
}
