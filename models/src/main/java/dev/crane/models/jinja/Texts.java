package dev.crane.models.jinja;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Values as text, as Python's {@code str} and {@code repr} write them, and strings by code points. */
final class Texts {
    private Texts() {
    }

    /** {@code str(value)}. */
    static String string(Object value) {
        return switch (value) {
            case String s -> s;
            case Undefined u -> {
                u.look();
                yield "";
            }
            case null, default -> repr(value);
        };
    }

    /** {@code repr(value)}. */
    static String repr(Object value) {
        StringBuilder out = new StringBuilder();
        repr(value, out, 0);
        return out.toString();
    }

    private static void repr(Object value, StringBuilder out, int depth) {
        if (depth > 100) {
            throw new TemplateError("a value is nested too deeply to be printed");
        }
        switch (value) {
            case null -> out.append("None");
            case Boolean b -> out.append(b ? "True" : "False");
            case Long l -> out.append(l);
            case Double d -> out.append(real(d));
            case String s -> quoted(s, out);
            case Values.Tuple t -> {
                items(t, "(", t.size() == 1 ? ",)" : ")", out, depth);
            }
            case List<?> l -> items(l, "[", "]", out, depth);
            case Map<?, ?> m -> {
                out.append('{');
                String comma = "";
                for (Map.Entry<?, ?> entry : m.entrySet()) {
                    out.append(comma);
                    repr(entry.getKey(), out, depth + 1);
                    out.append(": ");
                    repr(entry.getValue(), out, depth + 1);
                    comma = ", ";
                }
                out.append('}');
            }
            case Values.View v -> items(v.items(), "dict_" + v.name() + "([", "])", out, depth);
            case Values.Range r -> out.append("range(").append(r.start()).append(", ").append(r.stop())
                    .append(r.step() == 1 ? "" : ", " + r.step()).append(')');
            case Undefined u -> {
                u.look();
                out.append("Undefined");
            }
            case Namespace n -> {
                out.append("<Namespace ");
                repr(n.members(), out, depth + 1);
                out.append('>');
            }
            default -> out.append('<').append(Values.typeName(value)).append('>');
        }
    }

    private static void items(List<?> items, String open, String close, StringBuilder out, int depth) {
        out.append(open);
        for (int i = 0; i < items.size(); i++) {
            out.append(i == 0 ? "" : ", ");
            repr(items.get(i), out, depth + 1);
        }
        out.append(close);
    }

    private static void quoted(String text, StringBuilder out) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        out.append(quote);
        text.codePoints().forEach(c -> {
            switch (c) {
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\\' -> out.append("\\\\");
                default -> {
                    if (c == quote) {
                        out.append('\\').append(quote);
                    } else if (isPrintable(c)) {
                        out.appendCodePoint(c);
                    } else {
                        out.append(c < 0x100
                                ? "\\x%02x".formatted(c)
                                : c < 0x10000 ? "\\u%04x".formatted(c) : "\\U%08x".formatted(c));
                    }
                }
            }
        });
        out.append(quote);
    }

    /** Whether Python prints it as it is in {@code repr}. */
    static boolean isPrintable(int c) {
        return c == ' ' || switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
                    Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SPACE_SEPARATOR ->
                false;
            default -> true;
        };
    }

    /** The shortest digits that give the number again, with an exponent below 1e-4 and from 1e16 on. */
    static String real(double value) {
        if (Double.isNaN(value)) {
            return "nan";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        if (value == 0) {
            return 1 / value < 0 ? "-0.0" : "0.0";
        }
        BigDecimal decimal = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        int exponent = decimal.precision() - decimal.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            String plain = decimal.toPlainString();
            return plain.contains(".") ? plain : plain + ".0";
        }
        String digits = decimal.unscaledValue().abs().toString();
        return (value < 0 ? "-" : "") + digits.charAt(0) + (digits.length() > 1 ? "." + digits.substring(1) : "") + "e"
                + (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }

    /** By code points, as Python compares. */
    static int compare(String a, String b) {
        int[] left = a.codePoints().toArray();
        int[] right = b.codePoints().toArray();
        return java.util.Arrays.compare(left, right);
    }

    /** Each code point as a string of its own. */
    static List<String> characters(String text) {
        List<String> characters = new ArrayList<>(text.length());
        text.codePoints().forEach(c -> characters.add(Character.toString(c)));
        return characters;
    }

    /** The value of a string literal's inside. */
    static String unescape(String literal, int line) {
        if (literal.indexOf('\\') < 0) {
            return literal;
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < literal.length(); i++) {
            char c = literal.charAt(i);
            if (c != '\\') {
                text.append(c);
                continue;
            }
            c = literal.charAt(++i);
            switch (c) {
                case '\n' -> {
                    // a line that goes on
                }
                case '\\', '\'', '"' -> text.append(c);
                case 'n' -> text.append('\n');
                case 't' -> text.append('\t');
                case 'r' -> text.append('\r');
                case 'a' -> text.append('\u0007');
                case 'b' -> text.append('\b');
                case 'f' -> text.append('\f');
                case 'v' -> text.append('\u000B');
                case 'x', 'u', 'U' -> {
                    int digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
                    String hex = literal.substring(i + 1, Math.min(literal.length(), i + 1 + digits));
                    if (!hex.matches("[0-9a-fA-F]{" + digits + "}") || Long.parseLong(hex, 16) > Character.MAX_CODE_POINT) {
                        throw new SyntaxError(line, "\\" + c + " needs " + digits + " hexadecimal digits of a character");
                    }
                    text.appendCodePoint(Integer.parseInt(hex, 16));
                    i += digits;
                }
                case 'N' -> throw new SyntaxError(line, "characters by name (\\N) are unknown to CRANE");
                default -> {
                    int end = i;
                    while (end < literal.length() && end < i + 3 && literal.charAt(end) >= '0' && literal.charAt(end) <= '7') {
                        end++;
                    }
                    if (end > i) {
                        text.append((char) Integer.parseInt(literal.substring(i, end), 8));
                        i = end - 1;
                    } else {
                        text.append('\\').append(c);
                    }
                }
            }
        }
        return text.toString();
    }
}
