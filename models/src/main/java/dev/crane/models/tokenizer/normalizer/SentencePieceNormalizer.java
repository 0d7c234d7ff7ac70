package dev.crane.models.tokenizer.normalizer;

import java.nio.charset.StandardCharsets;

import dev.crane.models.tokenizer.model.BytePairEncoding;
import dev.crane.models.tokenizer.model.PrefixTree;

/**
 * What SentencePiece does to a text before it cuts it ({@code normalizer.cc}): at each place the longest string of the map is replaced; blanks are
 * written as U+2581, at the ends dropped and otherwise made one, where the model wants that, and one is put in front.
 *
 * @param map what is replaced; null: nothing
 * @param verbatim strings that are left as they are, the user-defined pieces
 * @param settings the rest
 */
public record SentencePieceNormalizer(CharacterMap map, PrefixTree verbatim, Settings settings) implements Normalizer {
    /**
     * The switches of {@code normalizer_spec} and {@code trainer_spec}.
     *
     * @param blankInFront {@code add_dummy_prefix}
     * @param blankAtStartOnly the blank is put in front of the text, and not behind added tokens in it as well
     * @param singleBlanks {@code remove_extra_whitespaces}
     * @param escapesBlanks {@code escape_whitespaces}
     * @param blanksBehind {@code treat_whitespace_as_suffix}: the blank is put behind
     */
    public record Settings(boolean blankInFront, boolean blankAtStartOnly, boolean singleBlanks, boolean escapesBlanks,
            boolean blanksBehind) {}

    @Override
    public String normalize(String text) {
        return normalize(text, true);
    }

    @Override
    public String normalize(String text, boolean atStart) {
        byte[] utf8 = map == null ? null : text.getBytes(StandardCharsets.UTF_8);
        StringBuilder normalized = new StringBuilder(text.length() + 1);
        char blank = settings.escapesBlanks ? BytePairEncoding.BLANK : ' ';
        boolean blankAdded = settings.blankInFront && (atStart || !settings.blankAtStartOnly);
        boolean lastBlank = settings.singleBlanks;
        if (blankAdded && !settings.blanksBehind && !settings.singleBlanks && !text.isEmpty()) {
            normalized.append(blank);
        }
        boolean onlyBlanks = settings.singleBlanks || text.isEmpty();
        int at = 0;
        for (int i = 0; i < text.length();) {
            int end = verbatim.longestEnd(text, i);
            CharacterMap.Match match = end != PrefixTree.NONE || map == null || !map.begins(utf8[at]) ? null : map.longest(utf8, at);
            String part;
            if (match != null) {
                end = i;
                for (int bytes = 0; bytes < match.length(); end += Character.charCount(text.codePointAt(end))) {
                    bytes += utf8Length(text.codePointAt(end));
                }
                part = match.replacement();
            } else {
                end = end == PrefixTree.NONE ? i + Character.charCount(text.codePointAt(i)) : end;
                part = null; // as it is
            }
            String source = part == null ? text : part;
            int from = part == null ? i : 0;
            int to = part == null ? end : part.length();
            onlyBlanks &= to == from + 1 && source.charAt(from) == ' ';
            while (lastBlank && from < to && source.charAt(from) == ' ') {
                from++;
            }
            if (from < to) {
                if (settings.singleBlanks && normalized.isEmpty() && blankAdded && !settings.blanksBehind) {
                    normalized.append(blank);
                }
                for (int c = from; c < to; c++) {
                    normalized.append(source.charAt(c) == ' ' ? blank : source.charAt(c));
                }
                lastBlank = settings.singleBlanks && source.charAt(to - 1) == ' ';
            }
            for (; map != null && i < end; i += Character.charCount(text.codePointAt(i))) {
                at += utf8Length(text.codePointAt(i));
            }
            i = end;
        }
        int length = normalized.length();
        while (settings.singleBlanks && length > 0 && normalized.charAt(length - 1) == blank) {
            length--;
        }
        normalized.setLength(length);
        if (!onlyBlanks && blankAdded && settings.blanksBehind) {
            normalized.append(blank);
        }
        return normalized.toString();
    }

    private static int utf8Length(int codePoint) {
        return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
    }
}
