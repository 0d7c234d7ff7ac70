package dev.crane.models.tokenizer.normalizer;

import java.nio.charset.StandardCharsets;
import java.text.BreakIterator;
import java.util.Base64;
import java.util.Locale;

import dev.crane.models.tokenizer.file.JsonPlace;

/**
 * A {@link CharacterMap} as the tokenizers library applies it, which is not as SentencePiece does: a grapheme of fewer than 6 bytes that begins with
 * a string of the map is replaced whole, by what replaces the shortest such string; otherwise each of its characters is looked up alone.
 *
 * @param map the map
 */
record Precompiled(CharacterMap map) implements Normalizer {
    private static final int LONGEST_GRAPHEME = 6;

    static Precompiled read(JsonPlace place) {
        JsonPlace text = place.member("precompiled_charsmap");
        byte[] map;
        try {
            map = Base64.getDecoder().decode(text.text());
        } catch (IllegalArgumentException e) {
            throw text.error("is not base64");
        }
        try {
            return new Precompiled(new CharacterMap(map));
        } catch (IllegalArgumentException e) {
            throw text.error(e.getMessage());
        }
    }

    @Override
    public String normalize(String text) {
        StringBuilder normalized = new StringBuilder(text.length());
        BreakIterator graphemes = BreakIterator.getCharacterInstance(Locale.ROOT);
        graphemes.setText(text);
        int start = graphemes.first();
        for (int end = graphemes.next(); end != BreakIterator.DONE; end = graphemes.next()) {
            grapheme(text.substring(start, end), normalized);
            start = end;
        }
        return normalized.toString();
    }

    private void grapheme(String grapheme, StringBuilder normalized) {
        byte[] utf8 = grapheme.getBytes(StandardCharsets.UTF_8);
        if (utf8.length < LONGEST_GRAPHEME) {
            CharacterMap.Match match = map.shortest(utf8, 0, utf8.length);
            if (match != null) {
                normalized.append(match.replacement());
                return;
            }
        }
        int at = 0;
        int width;
        for (int i = 0; i < grapheme.length(); i += width) {
            int codePoint = grapheme.codePointAt(i);
            width = Character.charCount(codePoint);
            int bytes = codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
            CharacterMap.Match match = map.shortest(utf8, at, at + bytes);
            if (match != null) {
                normalized.append(match.replacement());
            } else {
                normalized.appendCodePoint(codePoint);
            }
            at += bytes;
        }
    }
}
