package dev.crane.models.tokenizer.pattern;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Regular expressions as the tokenizers library reads them (Oniguruma, its own dialect, Unicode), written as those of {@code java.util.regex}.
 *
 * <p>
 * Most of the two dialects is one. What differs is rewritten: {@code \w} (see {@link #WORD}), {@code \h} (a hexadecimal digit), {@code \v} (one
 * character), {@code (?m)} (the dot matches a line's end), names of scripts and properties, POSIX brackets. What is not known to mean the same is
 * refused by name, so that no expression is silently read as another. One thing is not followed: where case is ignored, characters whose other
 * case is two characters (ß, ŉ) match themselves alone.
 */
public final class Oniguruma {
    private static final int FLAGS = Pattern.UNICODE_CHARACTER_CLASS | Pattern.MULTILINE | Pattern.UNIX_LINES;
    /** A word character in brackets; Java's holds two joiners more. */
    private static final String WORD = "\\p{IsAlphabetic}\\p{M}\\p{Nd}\\p{Pc}";
    /** Outside brackets Oniguruma takes ² ³ ¹ ¼ ½ ¾ for word characters too, from a table of Latin-1. */
    private static final String WORD_ALONE = WORD + "\\x{B2}\\x{B3}\\x{B9}\\x{BC}-\\x{BE}";
    private static final String HEX = "0-9a-fA-F";

    /** POSIX classes, in lower case, with what Oniguruma's Unicode tables hold for them. */
    private static final Map<String, String> POSIX = Map.ofEntries(Map.entry("alpha", "\\p{IsAlphabetic}"), Map.entry("digit", "\\p{Nd}"),
            Map.entry("alnum", "\\p{IsAlphabetic}\\p{Nd}"), Map.entry("upper", "\\p{IsUppercase}"), Map.entry("lower", "\\p{IsLowercase}"),
            Map.entry("space", "\\s"), Map.entry("cntrl", "\\p{Cc}"), Map.entry("xdigit", HEX), Map.entry("word", WORD),
            Map.entry("blank", "\\p{Zs}\\t"));

    private static final Pattern INTERVAL = Pattern.compile("\\{\\d*,?\\d*}");

    private final String source;
    private final StringBuilder java = new StringBuilder();
    private int at;
    private int bracketDepth;

    private Oniguruma(String source) {
        this.source = source;
    }

    /**
     * Compiles {@code expression}.
     *
     * @throws IllegalArgumentException it is no regular expression, or holds a construct that is not known to mean the same in Java; the message
     *         says which
     */
    public static Pattern compile(String expression) {
        String java = new Oniguruma(expression).translate();
        try {
            return Pattern.compile(java, FLAGS);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(e.getDescription() + " near character " + Math.max(0, e.getIndex()), e);
        } catch (StackOverflowError e) {
            throw new IllegalArgumentException("its groups are nested too deeply", e);
        }
    }

    private String translate() {
        while (at < source.length()) {
            char c = source.charAt(at);
            if (c == '\\') {
                escape();
            } else if (bracketDepth > 0) {
                inBrackets(c);
            } else {
                outsideBrackets(c);
            }
        }
        return java.toString();
    }

    private void outsideBrackets(char c) {
        if (c == '[') {
            openBracket();
        } else if (source.startsWith("(?", at)) {
            group();
        } else if (c == '{' && INTERVAL.matcher(source).region(at, source.length()).lookingAt()) {
            interval();
        } else {
            java.append(c);
            at++;
        }
    }

    /** {@code {n,m}+} repeats the repetition there and is possessive here; {@code {n}?} makes it optional there and is lazy here. */
    private void interval() {
        int end = source.indexOf('}', at);
        String following = source.substring(end + 1, Math.min(source.length(), end + 2));
        if (following.equals("+") || (following.equals("?") && source.substring(at, end).indexOf(',') < 0)) {
            throw refuse(source.substring(at, end + 2));
        }
        java.append(source, at, end + 1);
        at = end + 1;
    }

    private void openBracket() {
        bracketDepth++;
        java.append('[');
        at++;
        if (at < source.length() && source.charAt(at) == '^') {
            java.append('^');
            at++;
        }
        if (at < source.length() && source.charAt(at) == ']') {
            java.append("\\]"); // a bracket that closes nothing stands for itself
            at++;
        }
    }

    private void inBrackets(char c) {
        if (c == '[' && source.startsWith("[:", at)) {
            int end = source.indexOf(":]", at);
            boolean negated = source.startsWith("[:^", at);
            String name = end < 0 ? "" : source.substring(at + (negated ? 3 : 2), end);
            java.append(posix(name, negated, "[:" + name + ":]"));
            at = end + 2;
        } else if (c == '[') {
            openBracket();
        } else {
            if (c == ']') {
                bracketDepth--;
            }
            java.append(c);
            at++;
        }
    }

    /** {@code (?…}: looks and atomic groups are the same; of the inline flags only i, x and m exist. */
    private void group() {
        int start = at;
        for (String same : new String[]{"(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!"}) {
            if (source.startsWith(same, at)) {
                java.append(same);
                at += same.length();
                return;
            }
        }
        java.append("(?");
        at += 2;
        while (at < source.length()) {
            char c = source.charAt(at++);
            switch (c) {
                case 'i', '-', 'x' -> java.append(c);
                case 'm' -> java.append('s');
                case ':', ')' -> {
                    java.append(c);
                    return;
                }
                default -> throw refuse(source.substring(start, at));
            }
        }
        throw refuse(source.substring(start));
    }

    private void escape() {
        if (at + 1 == source.length()) {
            throw new IllegalArgumentException("it ends in a single backslash");
        }
        char c = source.charAt(at + 1);
        switch (c) {
            case 'p', 'P' -> property(c == 'P');
            case 'w' -> emit(bracketDepth > 0 ? WORD : "[" + WORD_ALONE + "]");
            case 'W' -> emit("[^" + (bracketDepth > 0 ? WORD : WORD_ALONE) + "]");
            case 'h' -> emit(bracketDepth > 0 ? HEX : "[" + HEX + "]");
            case 'H' -> emit("[^" + HEX + "]");
            case 'v' -> emit("\\x0B");
            case 's', 'S', 'd', 'D', 'n', 'r', 't', 'f', 'a', 'e', 'u', 'x', 'A', 'z', 'Z', 'b', 'B', '0' -> {
                if (bracketDepth > 0 && c == 'b') {
                    throw refuse("[\\b]");
                }
                emit("\\" + c);
            }
            default -> {
                if (Character.isLetter(c)) {
                    throw refuse("\\" + c);
                }
                emit("\\" + c);
            }
        }
    }

    private void emit(String rewritten) {
        java.append(rewritten);
        at += 2;
    }

    /** {@code \p{Name}}, {@code \p{^Name}}, {@code \P{Name}}. */
    private void property(boolean negated) {
        int end = source.indexOf('}', at);
        if (!source.startsWith("{", at + 2) || end < 0) {
            throw refuse(source.substring(at, Math.min(source.length(), at + 3)));
        }
        boolean caret = source.startsWith("^", at + 3);
        String name = source.substring(at + (caret ? 4 : 3), end);
        java.append(posix(name, negated != caret, source.substring(at, end + 1)));
        at = end + 1;
    }

    private String posix(String name, boolean negated, String asWritten) {
        if (!name.matches("[A-Za-z_ -]+")) {
            throw refuse(asWritten);
        }
        String plain = name.replaceAll("[_ -]", "").toLowerCase(Locale.ROOT);
        String members = POSIX.get(plain);
        if (members == null && plain.equals("punct")) {
            // the bracket holds symbols too, the property is the general category
            members = asWritten.startsWith("[") ? "\\p{P}\\p{S}" : "\\p{P}";
        }
        if (members == null) {
            // one or two letters are a general category, spelled alike in both dialects; more are a script or another property
            members = "\\p{" + (name.length() <= 2 ? name : "Is" + name) + "}";
        }
        if (negated) {
            return "[^" + members + "]";
        }
        return bracketDepth > 0 ? members : "[" + members + "]";
    }

    private static IllegalArgumentException refuse(String construct) {
        return new IllegalArgumentException("it uses " + construct + ", which CRANE does not know");
    }
}
