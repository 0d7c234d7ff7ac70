package dev.crane.models.tokenizer.normalizer;

import java.text.Normalizer.Form;
import java.util.List;

import dev.crane.models.tokenizer.file.JsonPlace;
import dev.crane.models.tokenizer.pattern.TextPattern;
import dev.crane.models.tokenizer.pretokenizer.ByteAlphabet;

/** Text to text, before it is cut into pieces. Added tokens that are not {@code normalized} have been taken out already. */
public sealed interface Normalizer
        permits Bert, Precompiled, SentencePieceNormalizer, Normalizer.ByteLevel, Normalizer.Chain, Normalizer.Lowercase, Normalizer.Nmt,
        Normalizer.Prepend, Normalizer.Replace, Normalizer.Strip, Normalizer.StripAccents, Normalizer.UnicodeForm {
    /** The normalised form of {@code text}. */
    String normalize(String text);

    /**
     * The normalised form of a part of a text.
     *
     * @param atStart whether it is the text's beginning, and not what follows an added token
     */
    default String normalize(String text, boolean atStart) {
        return normalize(text);
    }

    /** Reads the value of {@code normalizer}. */
    static Normalizer read(JsonPlace place) {
        String type = place.text("type");
        return switch (type) {
            case "Sequence" -> new Chain(place.elements("normalizers").stream().map(Normalizer::read).toList());
            case "NFC" -> new UnicodeForm(Form.NFC);
            case "NFD" -> new UnicodeForm(Form.NFD);
            case "NFKC" -> new UnicodeForm(Form.NFKC);
            case "NFKD" -> new UnicodeForm(Form.NFKD);
            case "Lowercase" -> new Lowercase();
            case "Replace" -> new Replace(TextPattern.read(place.member("pattern")), place.text("content"));
            case "Prepend" -> new Prepend(place.text("prepend"));
            case "Strip" -> new Strip(place.flag("strip_left", true), place.flag("strip_right", true));
            case "StripAccents" -> new StripAccents();
            case "Nmt" -> new Nmt();
            case "ByteLevel" -> new ByteLevel();
            case "BertNormalizer" -> Bert.read(place);
            case "Precompiled" -> Precompiled.read(place);
            default ->
                throw place.unknown("normalizer", type, "Sequence, NFC, NFD, NFKC, NFKD, Lowercase, Replace, Prepend, Strip, StripAccents, "
                        + "Nmt, ByteLevel, BertNormalizer, Precompiled");
        };
    }

    /** One after another. */
    record Chain(List<Normalizer> normalizers) implements Normalizer {
        @Override
        public String normalize(String text) {
            String normalized = text;
            for (Normalizer normalizer : normalizers) {
                normalized = normalizer.normalize(normalized);
            }
            return normalized;
        }
    }

    /** Each byte of the UTF-8 as one character of {@link ByteAlphabet}. */
    record ByteLevel() implements Normalizer {
        @Override
        public String normalize(String text) {
            return ByteAlphabet.toCharacters(text);
        }
    }

    /** What SentencePiece's rules for machine translation do to control characters: some go, some become a blank. */
    record Nmt() implements Normalizer {
        @Override
        public String normalize(String text) {
            StringBuilder normalized = new StringBuilder(text.length());
            text.codePoints().filter(c -> !isDropped(c)).map(c -> isBlank(c) ? ' ' : c).forEach(normalized::appendCodePoint);
            return normalized.toString();
        }

        private static boolean isDropped(int c) {
            return (c >= 1 && c <= 8) || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F;
        }

        private static boolean isBlank(int c) {
            return switch (c) {
                case '\t', '\n', '\f', '\r', 0x1680, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD -> true;
                default -> c >= 0x200B && c <= 0x200F;
            };
        }
    }

    /** A normalisation form of Unicode. */
    record UnicodeForm(Form form) implements Normalizer {
        @Override
        public String normalize(String text) {
            return java.text.Normalizer.normalize(text, form);
        }
    }

    /** Each character's lower case, whatever stands around it: a capital sigma at a word's end becomes the ordinary small one. */
    record Lowercase() implements Normalizer {
        @Override
        public String normalize(String text) {
            StringBuilder lower = new StringBuilder(text.length());
            text.codePoints().forEach(c -> {
                if (c == 0x130) {
                    lower.append("i\u0307"); // the one character whose lower case is two
                } else {
                    lower.appendCodePoint(Character.toLowerCase(c));
                }
            });
            return lower.toString();
        }
    }

    /** Every match by {@code content}. */
    record Replace(TextPattern pattern, String content) implements Normalizer {
        @Override
        public String normalize(String text) {
            return pattern.replace(text, content);
        }
    }

    /** {@code prefix} in front of a text that is not empty. */
    record Prepend(String prefix) implements Normalizer {
        @Override
        public String normalize(String text) {
            return text.isEmpty() ? text : prefix + text;
        }
    }

    /** Without white space at the ends. */
    record Strip(boolean left, boolean right) implements Normalizer {
        @Override
        public String normalize(String text) {
            int start = 0;
            int end = text.length();
            while (left && start < end && WhiteSpace.is(text.charAt(start))) {
                start++;
            }
            while (right && end > start && WhiteSpace.is(text.charAt(end - 1))) {
                end--;
            }
            return text.substring(start, end);
        }
    }

    /** Without combining marks; what is composed stays, so NFD comes first. */
    record StripAccents() implements Normalizer {
        @Override
        public String normalize(String text) {
            StringBuilder bare = new StringBuilder(text.length());
            text.codePoints().filter(c -> !isMark(c)).forEach(bare::appendCodePoint);
            return bare.toString();
        }

        private static boolean isMark(int codePoint) {
            return switch (Character.getType(codePoint)) {
                case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK -> true;
                default -> false;
            };
        }
    }
}
