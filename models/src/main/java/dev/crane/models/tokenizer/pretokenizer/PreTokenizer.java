package dev.crane.models.tokenizer.pretokenizer;

import java.util.List;
import java.util.regex.Pattern;

import dev.crane.models.tokenizer.file.JsonPlace;
import dev.crane.models.tokenizer.pattern.TextPattern;

/** Cuts a text into pieces; no token crosses from one into the next. */
public sealed interface PreTokenizer {
    /** Takes the pieces of a text. */
    @FunctionalInterface
    interface Pieces {
        /**
         * @param piece not empty
         * @param atStart whether it begins where the whole text begins, and not behind an added token or something else
         */
        void piece(String piece, boolean atStart);
    }

    /** Hands the pieces of {@code text} in order to {@code pieces}; {@code atStart} as there. */
    void split(String text, boolean atStart, Pieces pieces);

    /** Reads the value of {@code pre_tokenizer}. */
    static PreTokenizer read(JsonPlace place) {
        String type = place.text("type");
        return switch (type) {
            case "Sequence" -> new Chain(place.elements("pretokenizers").stream().map(PreTokenizer::read).toList());
            case "Split" -> new Split(TextPattern.read(place.member("pattern")), Behavior.read(place.member("behavior")),
                    place.flag("invert", false));
            case "ByteLevel" -> new ByteLevel(place.flag("add_prefix_space", true), place.flag("use_regex", true));
            case "Digits" ->
                new Split(Classes.NUMERIC, place.flag("individual_digits", false) ? Behavior.ISOLATED : Behavior.CONTIGUOUS, false);
            case "Whitespace" -> new Split(Classes.WORD_OR_SIGNS, Behavior.REMOVED, true);
            case "WhitespaceSplit" -> new Split(Classes.WHITE_SPACE, Behavior.REMOVED, false);
            case "Punctuation" ->
                new Split(Classes.PUNCTUATION, place.has("behavior") ? Behavior.read(place.member("behavior")) : Behavior.ISOLATED, false);
            case "Metaspace" -> Metaspace.read(place);
            case "BertPreTokenizer" ->
                new Chain(List.of(new Split(Classes.WHITE_SPACE, Behavior.REMOVED, false),
                        new Split(Classes.PUNCTUATION, Behavior.ISOLATED, false)));
            case "CharDelimiterSplit" -> new Split(new TextPattern.Literal(place.text("delimiter")), Behavior.REMOVED, false);
            default ->
                throw place.unknown("pre-tokenizer", type, "Sequence, Split, ByteLevel, Metaspace, Digits, Whitespace, WhitespaceSplit, "
                        + "Punctuation, BertPreTokenizer, CharDelimiterSplit");
        };
    }

    /** One after another, each on every piece of the one before. */
    record Chain(List<PreTokenizer> preTokenizers) implements PreTokenizer {
        @Override
        public void split(String text, boolean atStart, Pieces pieces) {
            from(0, text, atStart, pieces);
        }

        private void from(int index, String text, boolean atStart, Pieces pieces) {
            if (index == preTokenizers.size()) {
                pieces.piece(text, atStart);
            } else {
                preTokenizers.get(index).split(text, atStart, (piece, first) -> from(index + 1, piece, first, pieces));
            }
        }
    }

    /** Cuts at the matches of a pattern, or with {@code invert} at what is no match. */
    record Split(TextPattern pattern, Behavior behavior, boolean invert) implements PreTokenizer {
        @Override
        public void split(String text, boolean atStart, Pieces pieces) {
            Joining joining = new Joining(text, behavior, atStart, pieces);
            pattern.spans(text, (start, end, match) -> joining.add(start, end, match != invert));
            joining.finish();
        }
    }

    /** GPT-2's: its expression cuts the text, then each byte of a piece's UTF-8 is written as one character of {@link ByteAlphabet}. */
    record ByteLevel(boolean addPrefixSpace, boolean useRegex) implements PreTokenizer {
        private static final TextPattern GPT2 = TextPattern
                .oniguruma("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+");

        @Override
        public void split(String text, boolean atStart, Pieces pieces) {
            if (text.isEmpty()) {
                return;
            }
            String spaced = addPrefixSpace && !text.startsWith(" ") ? " " + text : text;
            if (useRegex) {
                GPT2.spans(spaced, (start, end, match) -> pieces.piece(ByteAlphabet.toCharacters(spaced.substring(start, end)),
                        atStart && start == 0));
            } else {
                pieces.piece(ByteAlphabet.toCharacters(spaced), atStart);
            }
        }
    }

    /** Where {@link Metaspace} puts a blank in front. */
    enum Prepend {
        /** Before each piece that it is given. */
        ALWAYS,
        /** At the start of the text only. */
        FIRST,
        /** Nowhere. */
        NEVER
    }

    /**
     * SentencePiece's: a blank is written as {@code replacement}, and one is put in front of a piece that does not begin with it.
     *
     * @param replacement one character
     * @param split whether each blank begins a piece
     */
    record Metaspace(String replacement, Prepend prepend, boolean split) implements PreTokenizer {
        /** Reads the pre-tokenizer, or the decoder, which has the same members. */
        public static Metaspace read(JsonPlace place) {
            String replacement = place.text("replacement");
            if (replacement.codePointCount(0, replacement.length()) != 1) {
                throw place.member("replacement").error("is not one character");
            }
            String scheme = place.has("prepend_scheme")
                    ? place.text("prepend_scheme")
                    : place.flag("add_prefix_space", true) ? "always" : "never"; // older files
            Prepend prepend = switch (scheme) {
                case "always" -> Prepend.ALWAYS;
                case "first" -> Prepend.FIRST;
                case "never" -> Prepend.NEVER;
                default -> throw place.member("prepend_scheme").unknown("scheme", scheme, "always, first, never");
            };
            return new Metaspace(replacement, prepend, place.flag("split", true));
        }

        @Override
        public void split(String text, boolean atStart, Pieces pieces) {
            if (text.isEmpty()) {
                return;
            }
            String blanks = text.replace(" ", replacement);
            boolean prepends = prepend == Prepend.ALWAYS || (prepend == Prepend.FIRST && atStart);
            String whole = prepends && !blanks.startsWith(replacement) ? replacement + blanks : blanks;
            int from = 0;
            for (int at = split ? whole.indexOf(replacement, 1) : -1; at > 0; at = whole.indexOf(replacement, at + 1)) {
                pieces.piece(whole.substring(from, at), atStart && from == 0);
                from = at;
            }
            pieces.piece(whole.substring(from), atStart && from == 0);
        }
    }

    /** The classes of characters that some pre-tokenizers cut at. */
    final class Classes {
        private static final TextPattern NUMERIC = regex("\\p{N}");
        private static final TextPattern WHITE_SPACE = regex("\\s");
        private static final TextPattern WORD_OR_SIGNS = regex("\\w+|[^\\w\\s]+");
        private static final TextPattern PUNCTUATION = regex("[\\p{P}!-/:-@\\[-`{-~]");

        private Classes() {
        }

        /** In the JDK's dialect: its word characters are those of the library's own, which is not Oniguruma here. */
        private static TextPattern regex(String expression) {
            return new TextPattern.Regex(expression, Pattern.compile(expression, Pattern.UNICODE_CHARACTER_CLASS));
        }
    }
}
