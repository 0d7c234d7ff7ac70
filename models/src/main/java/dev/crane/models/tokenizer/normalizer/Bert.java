package dev.crane.models.tokenizer.normalizer;

import java.text.Normalizer.Form;

import dev.crane.models.tokenizer.file.JsonPlace;

/**
 * BERT's normalisation ({@code BasicTokenizer} of its {@code tokenization.py}).
 *
 * @param cleanText control characters go, white space becomes a blank
 * @param spacedChinese blanks are put around ideographs
 * @param stripAccents accents go
 * @param lowercase letters become small
 */
record Bert(boolean cleanText, boolean spacedChinese, boolean stripAccents, boolean lowercase) implements Normalizer {
    static Bert read(JsonPlace place) {
        boolean lowercase = place.flag("lowercase", true);
        return new Bert(place.flag("clean_text", true), place.flag("handle_chinese_chars", true), place.flag("strip_accents", lowercase),
                lowercase);
    }

    @Override
    public String normalize(String text) {
        StringBuilder normalized = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            if (cleanText && isControl(c)) {
                return;
            }
            if (cleanText && isWhite(c)) {
                normalized.append(' ');
            } else if (spacedChinese && isIdeograph(c)) {
                normalized.append(' ').appendCodePoint(c).append(' ');
            } else {
                normalized.appendCodePoint(c);
            }
        });
        String result = normalized.toString();
        if (stripAccents) {
            result = java.text.Normalizer.normalize(result, Form.NFD)
                    .codePoints()
                    .filter(c -> Character.getType(c) != Character.NON_SPACING_MARK)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString();
        }
        return lowercase ? new Lowercase().normalize(result) : result;
    }

    private static boolean isWhite(int c) {
        return c <= Character.MAX_VALUE && WhiteSpace.is((char) c);
    }

    private static boolean isControl(int c) {
        return c == 0xFFFD || switch (Character.getType(c)) {
            case Character.CONTROL -> c != '\t' && c != '\n' && c != '\r';
            case Character.FORMAT, Character.PRIVATE_USE, Character.SURROGATE -> true;
            default -> false;
        };
    }

    private static boolean isIdeograph(int c) {
        return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF)
                || (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF)
                || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
    }
}
