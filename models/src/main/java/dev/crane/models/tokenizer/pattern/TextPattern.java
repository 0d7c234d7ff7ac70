package dev.crane.models.tokenizer.pattern;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;
import dev.crane.models.tokenizer.file.JsonPlace;

/** What a splitter or a replacement looks for in a text. */
public sealed interface TextPattern {
    /** Takes the stretches that {@link #spans} finds. */
    @FunctionalInterface
    interface SpanConsumer {
        /** The characters {@code [start, end)}: a match, or what stands between two matches. */
        void span(int start, int end, boolean match);
    }

    /** Cuts {@code text} into matches and what stands between them; every character belongs to one span, no span is empty, they come in order. */
    void spans(String text, SpanConsumer consumer);

    /** {@code text} with each match replaced by {@code content}, which is taken as it is. */
    default String replace(String text, String content) {
        StringBuilder replaced = new StringBuilder(text.length());
        spans(text, (start, end, match) -> {
            if (match) {
                replaced.append(content);
            } else {
                replaced.append(text, start, end);
            }
        });
        return replaced.toString();
    }

    /** Reads {@code {"String": …}} or {@code {"Regex": …}}. */
    static TextPattern read(JsonPlace place) {
        if (place.has("String")) {
            return new Literal(place.text("String"));
        }
        if (place.has("Regex")) {
            JsonPlace regex = place.member("Regex");
            try {
                return oniguruma(regex.text());
            } catch (IllegalArgumentException e) {
                throw regex.error("CRANE cannot read the regular expression " + FileErrors.quote(regex.text()) + ": " + e.getMessage());
            }
        }
        throw place.error("is neither {\"String\": …} nor {\"Regex\": …}");
    }

    /**
     * A regular expression of Oniguruma's dialect.
     *
     * @throws IllegalArgumentException as {@link Oniguruma#compile}
     */
    static Regex oniguruma(String expression) {
        return new Regex(expression, Oniguruma.compile(expression));
    }

    /** A string that stands for itself; the empty string is found nowhere. */
    record Literal(String literal) implements TextPattern {
        @Override
        public void spans(String text, SpanConsumer consumer) {
            int from = 0;
            for (int at = literal.isEmpty() ? -1 : text.indexOf(literal); at >= 0; at = text.indexOf(literal, from)) {
                if (at > from) {
                    consumer.span(from, at, false);
                }
                from = at + literal.length();
                consumer.span(at, from, true);
            }
            if (from < text.length()) {
                consumer.span(from, text.length(), false);
            }
        }
    }

    /**
     * A regular expression. {@code java.util.regex} backtracks and, for groups under a star, recurses: an expression from a file can need
     * exponential time or all of the stack on some text. Both end in an error that names the expression: the characters it looks at are counted,
     * and a stack that is full is caught.
     *
     * @param source the expression as it was given, for messages
     * @param pattern the same for the JDK
     */
    record Regex(String source, Pattern pattern) implements TextPattern {
        /**
         * How often an expression may look at each character, on average, before it is stopped. The expressions of GPT-2, Llama 3 and Qwen2 look
         * some ten to thirty times.
         */
        private static final long LOOKS_PER_CHARACTER = 1_000;

        @Override
        public void spans(String text, SpanConsumer consumer) {
            Matcher matcher = pattern.matcher(new CountedText(text, 1_000_000 + LOOKS_PER_CHARACTER * text.length(), source));
            int from = 0;
            while (find(matcher)) {
                int start = matcher.start();
                int end = matcher.end();
                if (start == end) {
                    continue;
                }
                if (start > from) {
                    consumer.span(from, start, false);
                }
                consumer.span(start, end, true);
                from = end;
            }
            if (from < text.length()) {
                consumer.span(from, text.length(), false);
            }
        }

        private boolean find(Matcher matcher) {
            try {
                return matcher.find();
            } catch (StackOverflowError e) {
                throw new CraneException("the tokenizer's regular expression " + FileErrors.quote(source)
                        + " nests too deeply on this text; give the text in shorter documents", e);
            }
        }
    }
}
