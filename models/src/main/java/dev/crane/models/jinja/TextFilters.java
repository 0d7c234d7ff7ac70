package dev.crane.models.jinja;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Filters of texts and numbers. */
final class TextFilters {
    private static final Pattern WORD = Pattern.compile("\\w+", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern WORD_BEGINNING = Pattern.compile("[-\\s({\\[<]+", Pattern.UNICODE_CHARACTER_CLASS);
    private static final Pattern REAL = Pattern.compile("[+-]?(\\d[\\d_]*\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");

    private TextFilters() {
    }

    private static Double parse(Object value) {
        if (Values.isNumber(value)) {
            return Values.real(value);
        }
        if (value instanceof Undefined u) {
            throw u.error();
        }
        if (!(value instanceof String text)) {
            return null;
        }
        String plain = text.strip();
        if (REAL.matcher(plain).matches()) {
            return Double.valueOf(plain.replace("_", ""));
        }
        return switch (plain.toLowerCase(Locale.ROOT)) {
            case "inf", "+inf", "infinity" -> Double.POSITIVE_INFINITY;
            case "-inf", "-infinity" -> Double.NEGATIVE_INFINITY;
            case "nan" -> Double.NaN;
            default -> null;
        };
    }

    static Object whole(Object value, Arguments arguments) {
        Object absent = arguments.get(0, "default", 0L);
        if (value instanceof Long || value instanceof Boolean) {
            return Values.integer(value);
        }
        if (value instanceof String text) {
            try {
                int base = (int) arguments.integer(1, "base", 10);
                String digits = text.strip().replace("_", "");
                String prefix = base == 16 ? "0x" : base == 8 ? "0o" : base == 2 ? "0b" : null;
                if (prefix != null && digits.toLowerCase(Locale.ROOT).startsWith(prefix)) {
                    digits = digits.substring(2);
                }
                return Long.valueOf(digits, base);
            } catch (NumberFormatException e) {
                // it may be a real number
            }
        }
        Double real = parse(value);
        return real == null || real.isNaN() || Math.abs(real) >= 0x1p63 ? absent : (Object) (long) (double) real;
    }

    static Object real(Object value, Arguments arguments) {
        Double real = parse(value);
        return real == null ? arguments.get(0, "default", 0.0) : real;
    }

    static Object round(Object value, Arguments arguments) {
        if (value instanceof Undefined u) {
            throw u.error();
        }
        if (!Values.isNumber(value)) {
            throw new TemplateError("type " + Values.typeName(value) + " doesn't define __round__ method");
        }
        int precision = (int) Math.clamp(arguments.integer(0, "precision", 0), -400L, 400L);
        String method = Texts.string(arguments.get(1, "method", "common"));
        double number = Values.real(value);
        double scale = Math.pow(10, precision);
        return switch (method) {
            case "common" -> value instanceof Double && Double.isFinite(number)
                    ? (Object) new BigDecimal(number).setScale(precision, RoundingMode.HALF_EVEN).doubleValue()
                    : value;
            case "ceil" -> Math.ceil(number * scale) / scale;
            case "floor" -> Math.floor(number * scale) / scale;
            default -> throw new TemplateError("method must be common, ceil or floor");
        };
    }

    /** Each word's first letter large, the others small; words begin behind blanks, hyphens and opening brackets. */
    static String title(String text) {
        StringBuilder out = new StringBuilder();
        Matcher matcher = WORD_BEGINNING.matcher(text);
        int from = 0;
        while (matcher.find()) {
            out.append(word(text.substring(from, matcher.start()))).append(matcher.group());
            from = matcher.end();
        }
        return out.append(word(text.substring(from))).toString();
    }

    private static String word(String word) {
        if (word.isEmpty()) {
            return word;
        }
        int first = word.offsetByCodePoints(0, 1);
        return word.substring(0, first).toUpperCase(Locale.ROOT) + word.substring(first).toLowerCase(Locale.ROOT);
    }

    static String indent(Object value, Arguments arguments) {
        Object width = arguments.get(0, "width", 4L);
        String step = width instanceof String text ? text : " ".repeat((int) Math.clamp(Values.integer(width), 0L, 1L << 16));
        boolean blank = arguments.truth(2, "blank", false);
        List<Object> lines = StringMethods.splitLines(Texts.string(value) + "\n", false);
        StringBuilder out = new StringBuilder(arguments.truth(1, "first", false) ? step : "");
        for (int i = 0; i < lines.size(); i++) {
            String line = (String) lines.get(i);
            out.append(i == 0 ? "" : "\n").append(i > 0 && (blank || !line.isEmpty()) ? step : "").append(line);
        }
        return out.toString();
    }

    static String truncate(String text, Arguments arguments) {
        long length = arguments.integer(0, "length", 255);
        String end = Texts.string(arguments.get(2, "end", "..."));
        long leeway = arguments.get(3, "leeway", null) == null ? 5 : arguments.integer(3, "leeway", 5);
        int size = text.codePointCount(0, text.length());
        if (length < end.length()) {
            throw new TemplateError("expected length >= " + end.length() + ", got " + length);
        }
        if (size <= length + leeway) {
            return text;
        }
        String cut = text.substring(0, text.offsetByCodePoints(0, (int) length - end.codePointCount(0, end.length())));
        int blank = cut.lastIndexOf(' ');
        return (arguments.truth(1, "killwords", false) || blank < 0 ? cut : cut.substring(0, blank)) + end;
    }

    static long words(String text) {
        return WORD.matcher(text).results().count();
    }

    static String escape(String text) {
        return text.replace("&", "&amp;").replace(">", "&gt;").replace("<", "&lt;").replace("'", "&#39;").replace("\"", "&#34;");
    }

    static String urlEncode(Object value) {
        if (value instanceof Map<?, ?> map) {
            return String.join("&", map.entrySet().stream().map(e -> quote(e.getKey(), true) + "=" + quote(e.getValue(), true)).toList());
        }
        return quote(value, false);
    }

    private static String quote(Object value, boolean query) {
        String text = URLEncoder.encode(Texts.string(value), StandardCharsets.UTF_8).replace("*", "%2A").replace("%7E", "~");
        return query ? text : text.replace("+", "%20").replace("%2F", "/");
    }
}
