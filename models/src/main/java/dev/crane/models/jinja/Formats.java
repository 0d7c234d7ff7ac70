package dev.crane.models.jinja;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's two ways to put values into a text: {@code '%s' % x} and {@code '{}'.format(x)}. */
final class Formats {
    private static final Pattern PERCENT = Pattern.compile("%(?:\\(([^)]*)\\))?([-+ 0#]*)(\\*|\\d+)?(?:\\.(\\*|\\d+))?([a-zA-Z%])");
    private static final Pattern SPECIFICATION = Pattern.compile(
            "(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\\d+)?([,_])?(?:\\.(\\d+))?([a-zA-Z%])?",
            Pattern.DOTALL);
    private static final int WIDEST = 1 << 16;

    private Formats() {
    }

    /** {@code format % values}. */
    static String percent(String format, Object values, int largest) {
        List<?> places = values instanceof Values.Tuple tuple ? tuple : null;
        StringBuilder out = new StringBuilder();
        int used = 0;
        int from = 0;
        for (int at = format.indexOf('%'); at >= 0; at = format.indexOf('%', from)) {
            out.append(format, from, at);
            Matcher matcher = PERCENT.matcher(format).region(at, format.length());
            if (!matcher.lookingAt()) {
                throw new TemplateError("incomplete or unsupported format " + Texts.repr(format.substring(at)));
            }
            from = matcher.end();
            if (matcher.group(5).equals("%")) {
                out.append('%');
                continue;
            }
            Object value;
            if (matcher.group(1) != null) {
                if (!(values instanceof Map<?, ?> map)) {
                    throw new TemplateError("format requires a mapping");
                }
                if (!map.containsKey(matcher.group(1))) {
                    throw new TemplateError(Texts.repr(matcher.group(1)));
                }
                value = map.get(matcher.group(1));
                used = -1;
            } else {
                if (places == null ? used > 0 : used >= places.size()) {
                    throw new TemplateError("not enough arguments for format string");
                }
                value = places == null ? values : places.get(used);
                used++;
            }
            out.append(one(value, matcher));
            if (out.length() > largest) {
                throw new TemplateError("a text has more than " + largest + " characters");
            }
        }
        if (used >= 0 && (places != null ? used < places.size() : used == 0 && !(values instanceof Map) && !(values instanceof List))) {
            throw new TemplateError("not all arguments converted during string formatting");
        }
        return out.append(format.substring(from)).toString();
    }

    private static String one(Object value, Matcher matcher) {
        String flags = matcher.group(2);
        int width = number(matcher.group(3));
        int precision = matcher.group(4) == null ? -1 : number(matcher.group(4));
        char kind = matcher.group(5).charAt(0);
        String sign = flags.contains("+") ? "+" : flags.contains(" ") ? " " : "";
        String body = switch (kind) {
            case 's', 'r', 'a' -> {
                String text = kind == 's' ? Texts.string(value) : Texts.repr(value);
                yield precision >= 0 && precision < text.length() ? text.substring(0, precision) : text;
            }
            case 'd', 'i', 'u' -> {
                if (!Values.isNumber(value)) {
                    throw new TemplateError("%" + kind + " format: a real number is required, not " + Values.typeName(value));
                }
                long whole = value instanceof Double d ? (long) (double) d : Values.integer(value);
                yield whole < 0 ? Long.toString(whole) : sign + whole;
            }
            case 'x' -> Long.toHexString(Values.integer(value));
            case 'X' -> Long.toHexString(Values.integer(value)).toUpperCase(Locale.ROOT);
            case 'o' -> Long.toOctalString(Values.integer(value));
            case 'c' -> value instanceof String text ? text : Character.toString((int) Values.integer(value));
            case 'f', 'F', 'e', 'E', 'g', 'G' -> {
                if (!Values.isNumber(value)) {
                    throw new TemplateError("must be real number, not " + Values.typeName(value));
                }
                String text = real(Values.real(value), kind, precision < 0 ? 6 : precision);
                yield text.startsWith("-") ? text : sign + text;
            }
            default -> throw new TemplateError("unsupported format character '" + kind + "'");
        };
        boolean zeros = flags.contains("0") && !flags.contains("-") && "sra".indexOf(kind) < 0;
        return fill(body, width, flags.contains("-") ? '<' : zeros ? '=' : '>', zeros ? "0" : " ");
    }

    private static int number(String digits) {
        if (digits == null) {
            return 0;
        }
        if (digits.equals("*") || digits.length() > 5 || Integer.parseInt(digits) > WIDEST) {
            throw new TemplateError("a format of the width " + digits + " is not possible");
        }
        return Integer.parseInt(digits);
    }

    private static String fill(String body, int width, char align, String fill) {
        int missing = width - body.codePointCount(0, body.length());
        if (missing <= 0) {
            return body;
        }
        return switch (align) {
            case '<' -> body + fill.repeat(missing);
            case '^' -> fill.repeat(missing / 2) + body + fill.repeat(missing - missing / 2);
            case '=' -> {
                int sign = body.startsWith("-") || body.startsWith("+") || body.startsWith(" ") ? 1 : 0;
                yield body.substring(0, sign) + fill.repeat(missing) + body.substring(sign);
            }
            default -> fill.repeat(missing) + body;
        };
    }

    private static String real(double value, char kind, int precision) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return Texts.real(value);
        }
        char lower = Character.toLowerCase(kind);
        String text = switch (lower) {
            case 'f' -> new BigDecimal(value).setScale(precision, RoundingMode.HALF_EVEN).toPlainString();
            case 'e' -> exponent(value, precision);
            default -> general(value, Math.max(1, precision));
        };
        if ((value < 0 || 1 / value < 0) && !text.startsWith("-")) {
            text = "-" + text;
        }
        return lower == kind ? text : text.toUpperCase(Locale.ROOT);
    }

    private static String exponent(double value, int precision) {
        BigDecimal rounded = new BigDecimal(value).round(new java.math.MathContext(precision + 1, RoundingMode.HALF_EVEN));
        int exponent = value == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
        BigDecimal mantissa = rounded.movePointLeft(exponent).setScale(precision, RoundingMode.HALF_EVEN);
        return mantissa.toPlainString() + "e" + (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }

    private static String general(double value, int precision) {
        BigDecimal rounded = new BigDecimal(value).round(new java.math.MathContext(precision, RoundingMode.HALF_EVEN));
        int exponent = value == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
        if (exponent >= -4 && exponent < precision) {
            return value == 0 ? "0" : rounded.stripTrailingZeros().toPlainString();
        }
        String text = exponent(value, precision - 1);
        int e = text.indexOf('e');
        return new BigDecimal(text.substring(0, e)).stripTrailingZeros().toPlainString() + text.substring(e);
    }

    /** {@code format.format(…)}: fields {@code {}}, {@code {0}}, {@code {name}}, with {@code !r}, {@code !s} and {@code :} what follows. */
    static String braces(String format, Arguments arguments) {
        StringBuilder out = new StringBuilder();
        int automatic = 0;
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if ((c == '{' || c == '}') && format.startsWith(String.valueOf(c), i + 1)) {
                out.append(c);
                i++;
            } else if (c == '{') {
                int end = format.indexOf('}', i);
                if (end < 0) {
                    throw new TemplateError("expected '}' before end of string");
                }
                String field = format.substring(i + 1, end);
                int colon = field.indexOf(':');
                String specification = colon < 0 ? "" : field.substring(colon + 1);
                String name = colon < 0 ? field : field.substring(0, colon);
                int bang = name.indexOf('!');
                String conversion = bang < 0 ? "" : name.substring(bang + 1);
                name = bang < 0 ? name : name.substring(0, bang);
                if (specification.contains("{") || name.contains(".") || name.contains("[")) {
                    throw new TemplateError("the format field " + Texts.repr(field) + " is unknown to CRANE");
                }
                Object value;
                if (name.isEmpty() || name.matches("\\d{1,6}")) {
                    int place = name.isEmpty() ? automatic++ : Integer.parseInt(name);
                    if (place >= arguments.positional().size()) {
                        throw new TemplateError("Replacement index " + place + " out of range for positional args tuple");
                    }
                    value = arguments.positional().get(place);
                } else {
                    value = arguments.need(-1, name);
                }
                out.append(conversion.equals("r") ? specified(Texts.repr(value), specification) : specified(value, specification));
                i = end;
            } else if (c == '}') {
                throw new TemplateError("Single '}' encountered in format string");
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }

    private static String specified(Object value, String specification) {
        if (specification.isEmpty()) {
            return Texts.string(value);
        }
        Matcher matcher = SPECIFICATION.matcher(specification);
        if (!matcher.matches()) {
            throw new TemplateError("Invalid format specifier " + Texts.repr(specification));
        }
        boolean number = Values.isNumber(value) && !(value instanceof Boolean && matcher.group(9) == null);
        int precision = matcher.group(8) == null ? -1 : number(matcher.group(8));
        String body;
        if (!number) {
            String text = Texts.string(value);
            body = precision >= 0 && precision < text.length() ? text.substring(0, precision) : text;
        } else {
            char kind = matcher.group(9) != null ? matcher.group(9).charAt(0) : value instanceof Double ? precision < 0 ? 'r' : 'g' : 'd';
            body = switch (kind) {
                case 'd' -> Long.toString(Values.integer(value));
                case 'x' -> Long.toHexString(Values.integer(value));
                case 'X' -> Long.toHexString(Values.integer(value)).toUpperCase(Locale.ROOT);
                case 'b' -> Long.toBinaryString(Values.integer(value));
                case 'o' -> Long.toOctalString(Values.integer(value));
                case 'r' -> Texts.real(Values.real(value));
                case '%' -> real(Values.real(value) * 100, 'f', precision < 0 ? 6 : precision) + "%";
                case 'f', 'F', 'e', 'E', 'g', 'G' -> real(Values.real(value), kind, precision < 0 ? 6 : precision);
                default ->
                    throw new TemplateError("Unknown format code '" + kind + "' for object of type '" + Values.typeName(value) + "'");
            };
            if (matcher.group(7) != null) {
                int point = body.indexOf('.') < 0 ? body.length() : body.indexOf('.');
                body = body.substring(0, point).replaceAll("(?<=\\d)(?=(\\d{3})+$)", matcher.group(7)) + body.substring(point);
            }
            String sign = matcher.group(3);
            body = sign == null || sign.equals("-") || body.startsWith("-") ? body : sign + body;
        }
        boolean zeros = matcher.group(5) != null;
        char align = matcher.group(2) != null ? matcher.group(2).charAt(0) : zeros ? '=' : number ? '>' : '<';
        String fill = matcher.group(1) != null ? matcher.group(1) : zeros ? "0" : " ";
        return fill(body, number(matcher.group(6)), align, fill);
    }
}
