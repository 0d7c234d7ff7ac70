package dev.crane.models.tokenizer.pretokenizer;

import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;

import dev.crane.models.tokenizer.file.JsonPlace;
import dev.crane.models.tokenizer.pattern.TextPattern;

/** Cuts a text into pieces; no token crosses from one into the next. */
public sealed interface PreTokenizer {
    /** Hands the pieces of {@code text}, none of them empty, in order to {@code pieces}. */
    void split(String text, Consumer<String> pieces);

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
            default ->
                throw place.unknown("pre-tokenizer", type, "Sequence, Split, ByteLevel, Digits, Whitespace, WhitespaceSplit, Punctuation");
        };
    }

    /** One after another, each on every piece of the one before. */
    record Chain(List<PreTokenizer> preTokenizers) implements PreTokenizer {
        @Override
        public void split(String text, Consumer<String> pieces) {
            from(0, text, pieces);
        }

        private void from(int index, String text, Consumer<String> pieces) {
            if (index == preTokenizers.size()) {
                pieces.accept(text);
            } else {
                preTokenizers.get(index).split(text, piece -> from(index + 1, piece, pieces));
            }
        }
    }

    /** Cuts at the matches of a pattern, or with {@code invert} at what is no match. */
    record Split(TextPattern pattern, Behavior behavior, boolean invert) implements PreTokenizer {
        @Override
        public void split(String text, Consumer<String> pieces) {
            Joining joining = new Joining(text, behavior, pieces);
            pattern.spans(text, (start, end, match) -> joining.add(start, end, match != invert));
            joining.finish();
        }
    }

    /** GPT-2's: its expression cuts the text, then each byte of a piece's UTF-8 is written as one character of {@link ByteAlphabet}. */
    record ByteLevel(boolean addPrefixSpace, boolean useRegex) implements PreTokenizer {
        private static final TextPattern GPT2 = TextPattern
                .oniguruma("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+");

        @Override
        public void split(String text, Consumer<String> pieces) {
            if (text.isEmpty()) {
                return;
            }
            String spaced = addPrefixSpace && !text.startsWith(" ") ? " " + text : text;
            if (useRegex) {
                GPT2.spans(spaced, (start, end, match) -> pieces.accept(ByteAlphabet.toCharacters(spaced.substring(start, end))));
            } else {
                pieces.accept(ByteAlphabet.toCharacters(spaced));
            }
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
