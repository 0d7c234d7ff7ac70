package dev.crane.models.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;

/** The methods of Python's {@code str}. Places in a text are counted in code points. */
final class StringMethods {
    /** The common ideographs that are numbers. */
    private static final String IDEOGRAPHS = "零〇一二三四五六七八九十百千万萬亿億兆两兩壹贰叁肆伍陆柒捌玖拾佰仟";

    private StringMethods() {
    }

    /** The method of {@code text}, or null. */
    static Function find(String text, String name) {
        return switch (name) {
            case "upper" -> a -> text.toUpperCase(Locale.ROOT);
            case "lower" -> a -> text.toLowerCase(Locale.ROOT);
            case "casefold" -> a -> text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
            case "capitalize" -> a -> capitalize(text);
            case "title" -> a -> title(text);
            case "swapcase" -> a -> map(text, c -> Character.isUpperCase(c) ? Character.toLowerCase(c) : Character.toUpperCase(c));
            case "strip" -> a -> strip(text, a.get(0, "chars", null), true, true);
            case "lstrip" -> a -> strip(text, a.get(0, "chars", null), true, false);
            case "rstrip" -> a -> strip(text, a.get(0, "chars", null), false, true);
            case "startswith" -> a -> affix(text, a, true);
            case "endswith" -> a -> affix(text, a, false);
            case "removeprefix" -> a -> text.startsWith(a.text(0, "prefix")) ? text.substring(a.text(0, "prefix").length()) : text;
            case "removesuffix" ->
                a -> text.endsWith(a.text(0, "suffix")) ? text.substring(0, text.length() - a.text(0, "suffix").length()) : text;
            case "replace" -> a -> replace(text, a.text(0, "old"), a.text(1, "new"), a.integer(2, "count", -1));
            case "split" -> a -> split(text, a.get(0, "sep", null), a.integer(1, "maxsplit", -1));
            case "rsplit" -> a -> rsplit(text, a.get(0, "sep", null), a.integer(1, "maxsplit", -1));
            case "splitlines" -> a -> splitLines(text, a.truth(0, "keepends", false));
            case "partition" -> a -> partition(text, a.text(0, "sep"), text.indexOf(a.text(0, "sep")), true);
            case "rpartition" -> a -> partition(text, a.text(0, "sep"), text.lastIndexOf(a.text(0, "sep")), false);
            case "join" -> a -> join(text, a.need(0, "iterable"));
            case "find" -> a -> index(text, a, true, false);
            case "rfind" -> a -> index(text, a, false, false);
            case "index" -> a -> index(text, a, true, true);
            case "rindex" -> a -> index(text, a, false, true);
            case "count" -> a -> count(part(text, a), a.text(0, "sub"));
            case "center" -> a -> pad(text, a, 2);
            case "ljust" -> a -> pad(text, a, 0);
            case "rjust" -> a -> pad(text, a, 1);
            case "zfill" -> a -> zeros(text, Values.integer(a.need(0, "width")));
            case "expandtabs" -> a -> expandTabs(text, a.integer(0, "tabsize", 8));
            case "format" -> a -> Formats.braces(text, a);
            case "isupper" -> a -> isUpper(text);
            case "islower" -> a -> isLower(text);
            case "istitle" -> a -> text.codePoints().anyMatch(Character::isLetter) && title(text).equals(text);
            case "isspace" -> a -> all(text, c -> Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85);
            case "isalpha" -> a -> all(text, Character::isLetter);
            case "isalnum" -> a -> all(text, c -> Character.isLetter(c) || isNumeric(c));
            case "isdigit" -> a -> all(text, c -> Character.isDigit(c) || "²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉".indexOf(c) >= 0);
            case "isdecimal" -> a -> all(text, Character::isDigit);
            case "isnumeric" -> a -> all(text, StringMethods::isNumeric);
            case "isascii" -> a -> text.codePoints().allMatch(c -> c < 0x80);
            case "isprintable" -> a -> text.codePoints().allMatch(Texts::isPrintable);
            case "isidentifier" -> a -> text.matches("[\\p{L}_][\\p{L}\\p{N}_]*");
            default -> null;
        };
    }

    private static boolean isNumeric(int c) {
        return switch (Character.getType(c)) {
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> true;
            default -> IDEOGRAPHS.indexOf(c) >= 0;
        };
    }

    private static boolean all(String text, IntPredicate test) {
        return !text.isEmpty() && text.codePoints().allMatch(test);
    }

    static boolean isUpper(String text) {
        return text.codePoints().anyMatch(Character::isUpperCase)
                && text.codePoints().noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
    }

    static boolean isLower(String text) {
        return text.codePoints().anyMatch(Character::isLowerCase)
                && text.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
    }

    private static String map(String text, java.util.function.IntUnaryOperator change) {
        return text.codePoints().map(change).collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
    }

    static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.offsetByCodePoints(0, 1);
        return titled(text.substring(0, first)) + text.substring(first).toLowerCase(Locale.ROOT);
    }

    private static String titled(String character) {
        int c = character.codePointAt(0);
        String upper = character.toUpperCase(Locale.ROOT);
        if (upper.length() > character.length()) {
            int letter = 0; // ß becomes Ss, and of ŉ the apostrophe does not count
            while (letter < upper.length() - 1 && !Character.isUpperCase(upper.charAt(letter))) {
                letter++;
            }
            return upper.substring(0, letter + 1) + upper.substring(letter + 1).toLowerCase(Locale.ROOT);
        }
        return Character.toString(Character.toTitleCase(c));
    }

    /** A letter after another is small, others are large. */
    private static String title(String text) {
        StringBuilder out = new StringBuilder();
        boolean[] inside = {false};
        text.codePoints().forEach(c -> {
            boolean cased = Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
            out.append(!cased
                    ? Character.toString(c)
                    : inside[0] ? Character.toString(Character.toLowerCase(c)) : titled(Character.toString(c)));
            inside[0] = cased;
        });
        return out.toString();
    }

    static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }

    static String strip(String text, Object characters, boolean left, boolean right) {
        IntPredicate stripped;
        if (characters == null) {
            stripped = StringMethods::isSpace;
        } else if (characters instanceof String set) {
            stripped = c -> set.codePoints().anyMatch(each -> each == c);
        } else {
            throw new TemplateError("strip arg must be None or str");
        }
        int start = 0;
        int end = text.length();
        while (left && start < end && stripped.test(text.codePointAt(start))) {
            start += Character.charCount(text.codePointAt(start));
        }
        while (right && end > start && stripped.test(text.codePointBefore(end))) {
            end -= Character.charCount(text.codePointBefore(end));
        }
        return text.substring(start, end);
    }

    /** {@code text[start:end]} of the arguments after the first. */
    private static String part(String text, Arguments arguments) {
        if (!arguments.has(1, "start")) {
            return text;
        }
        int length = text.codePointCount(0, text.length());
        int start = bound(arguments.get(1, "start", null), 0, length);
        int end = bound(arguments.get(2, "end", null), length, length);
        return start >= end ? "" : text.substring(text.offsetByCodePoints(0, start), text.offsetByCodePoints(0, end));
    }

    private static int bound(Object value, int absent, int length) {
        if (value == null) {
            return absent;
        }
        long place = Values.integer(value);
        return (int) Math.clamp(place < 0 ? place + length : place, 0L, length);
    }

    private static boolean affix(String text, Arguments arguments, boolean start) {
        String part = part(text, arguments);
        Object affix = arguments.need(0, "prefix");
        List<?> choices = affix instanceof Values.Tuple tuple ? tuple : List.of(affix == null ? "" : affix);
        for (Object each : choices) {
            if (affix == null || !(each instanceof String wanted)) {
                throw new TemplateError((start ? "startswith" : "endswith") + " first arg must be str or a tuple of str, not "
                        + Values.typeName(affix));
            }
            if (start ? part.startsWith(wanted) : part.endsWith(wanted)) {
                return true;
            }
        }
        return false;
    }

    static String replace(String text, String old, String with, long count) {
        long most = old.isEmpty() ? text.length() + 1L : count(text, old);
        long size = text.length() + (count < 0 ? most : Math.min(count, most)) * (with.length() - (long) old.length());
        if (size > Environment.Limits.DEFAULT.output()) {
            throw new TemplateError("a text has more than " + Environment.Limits.DEFAULT.output() + " characters");
        }
        if (count < 0 && !old.isEmpty()) {
            return text.replace(old, with);
        }
        if (count < 0) { // Java puts it between the two halves of a character too
            return with + String.join(with, Texts.characters(text)) + (text.isEmpty() ? "" : with);
        }
        StringBuilder out = new StringBuilder();
        int from = 0;
        for (long i = 0; i < count; i++) {
            int at = old.isEmpty() ? (i == 0 ? 0 : from < text.length() ? from + 1 : -1) : text.indexOf(old, from);
            if (at < 0) {
                break;
            }
            out.append(text, from, at).append(with);
            from = at + old.length();
        }
        return out.append(text.substring(from)).toString();
    }

    static List<Object> split(String text, Object separator, long most) {
        List<Object> parts = new ArrayList<>();
        int from = 0;
        if (separator == null) {
            while (true) {
                while (from < text.length() && isSpace(text.charAt(from))) {
                    from++;
                }
                if (from == text.length()) {
                    return parts;
                }
                if (most >= 0 && parts.size() == most) {
                    parts.add(strip(text.substring(from), null, false, true));
                    return parts;
                }
                int end = from;
                while (end < text.length() && !isSpace(text.charAt(end))) {
                    end++;
                }
                parts.add(text.substring(from, end));
                from = end;
            }
        }
        String by = separator(separator);
        for (int at = text.indexOf(by); at >= 0 && (most < 0 || parts.size() < most); at = text.indexOf(by, from)) {
            parts.add(text.substring(from, at));
            from = at + by.length();
        }
        parts.add(text.substring(from));
        return parts;
    }

    private static String separator(Object separator) {
        if (!(separator instanceof String by)) {
            throw new TemplateError("must be str or None, not " + Values.typeName(separator));
        }
        if (by.isEmpty()) {
            throw new TemplateError("empty separator");
        }
        return by;
    }

    private static List<Object> rsplit(String text, Object separator, long most) {
        if (most < 0) {
            return split(text, separator, most);
        }
        List<Object> parts = new ArrayList<>();
        String rest = separator == null ? strip(text, null, false, true) : text;
        while (parts.size() < most) {
            int start;
            int end;
            if (separator == null) {
                end = rest.length();
                start = end;
                while (start > 0 && !isSpace(rest.charAt(start - 1))) {
                    start--;
                }
                if (start == 0) {
                    break;
                }
                parts.add(0, rest.substring(start));
                rest = strip(rest.substring(0, start), null, false, true);
            } else {
                String by = separator(separator);
                start = rest.lastIndexOf(by);
                if (start < 0) {
                    break;
                }
                parts.add(0, rest.substring(start + by.length()));
                rest = rest.substring(0, start);
            }
        }
        if (separator != null || !rest.isEmpty()) {
            parts.add(0, separator == null && most > 0 ? strip(rest, null, parts.isEmpty(), false) : rest);
        }
        return parts;
    }

    static List<Object> splitLines(String text, boolean keepEnds) {
        List<Object> lines = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if ((c >= '\n' && c <= '\r') || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 || c == 0x2029) {
                int end = c == '\r' && text.startsWith("\n", i + 1) ? i + 2 : i + 1;
                lines.add(text.substring(from, keepEnds ? end : i));
                from = end;
                i = end - 1;
            }
        }
        if (from < text.length()) {
            lines.add(text.substring(from));
        }
        return lines;
    }

    private static Object partition(String text, String separator, int at, boolean first) {
        if (separator.isEmpty()) {
            throw new TemplateError("empty separator");
        }
        if (at < 0) {
            return new Values.Tuple(first ? List.of(text, "", "") : List.of("", "", text));
        }
        return new Values.Tuple(List.of(text.substring(0, at), separator, text.substring(at + separator.length())));
    }

    private static String join(String separator, Object items) {
        StringBuilder out = new StringBuilder();
        int i = 0;
        for (Object item : Values.items(items)) {
            if (!(item instanceof String text)) {
                throw new TemplateError("sequence item " + i + ": expected str instance, " + Values.typeName(item) + " found");
            }
            out.append(i++ == 0 ? "" : separator).append(text);
            if (out.length() > Environment.Limits.DEFAULT.output()) {
                throw new TemplateError("a text has more than " + Environment.Limits.DEFAULT.output() + " characters");
            }
        }
        return out.toString();
    }

    private static long index(String text, Arguments arguments, boolean first, boolean needed) {
        String part = part(text, arguments);
        String wanted = arguments.text(0, "sub");
        int at = first ? part.indexOf(wanted) : part.lastIndexOf(wanted);
        if (at < 0 && needed) {
            throw new TemplateError("substring not found");
        }
        int length = text.codePointCount(0, text.length());
        return at < 0 ? -1 : part.codePointCount(0, at) + bound(arguments.get(1, "start", null), 0, length);
    }

    private static long count(String text, String wanted) {
        if (wanted.isEmpty()) {
            return text.codePointCount(0, text.length()) + 1L;
        }
        long count = 0;
        for (int at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length())) {
            count++;
        }
        return count;
    }

    /** Filled up in front (1), behind (0), or on both sides (2), with one more in front where Python puts it. */
    static String pad(String text, Arguments arguments, int side) {
        long width = Values.integer(arguments.need(0, "width"));
        String fill = arguments.has(1, "fillchar") ? arguments.text(1, "fillchar") : " ";
        if (fill.codePointCount(0, fill.length()) != 1) {
            throw new TemplateError("The fill character must be exactly one character long");
        }
        long missing = width - text.codePointCount(0, text.length());
        if (missing <= 0) {
            return text;
        }
        if (missing > 1 << 24) {
            throw new TemplateError("a text of " + width + " characters is too long");
        }
        int before = (int) (side == 0 ? 0 : side == 1 ? missing : missing / 2 + (missing & width & 1));
        return fill.repeat(before) + text + fill.repeat((int) missing - before);
    }

    private static String zeros(String text, long width) {
        boolean sign = text.startsWith("-") || text.startsWith("+");
        String digits = sign ? text.substring(1) : text;
        return (sign ? text.substring(0, 1) : "")
                + pad(digits, new Arguments(List.of(width - (sign ? 1 : 0), "0"), java.util.Map.of()), 1);
    }

    private static String expandTabs(String text, long size) {
        StringBuilder out = new StringBuilder();
        long column = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\t') {
                int blanks = size <= 0 ? 0 : (int) Math.min(1 << 10, size - column % size);
                out.repeat(' ', blanks);
                column += blanks;
            } else {
                out.append(c);
                column = c == '\n' || c == '\r' ? 0 : column + 1;
            }
        }
        return out.toString();
    }
}
