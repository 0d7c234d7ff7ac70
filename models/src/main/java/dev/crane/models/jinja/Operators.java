package dev.crane.models.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Python's operators, elements and slices. */
final class Operators {
    /** How many of the largest values may be made in all. */
    private static final int LARGEST_TOGETHER = 32;

    private final int largest;
    private final boolean strict;
    private long made;

    /** @param environment says how large a text or a list may become */
    Operators(Environment environment) {
        largest = environment.limits().output();
        strict = environment.strictUndefined();
    }

    Object binary(String operator, Object a, Object b) {
        if (a instanceof Undefined u) {
            throw u.error();
        }
        if (b instanceof Undefined u && !(operator.equals("%") && a instanceof String)) {
            throw u.error();
        }
        if (Values.isNumber(a) && Values.isNumber(b)) {
            return arithmetic(operator, a, b);
        }
        if (operator.equals("+")) {
            if (a instanceof String s && b instanceof String t) {
                check((long) s.length() + t.length());
                return s.concat(t);
            }
            if (a instanceof List<?> l && b instanceof List<?> m && l instanceof Values.Tuple == m instanceof Values.Tuple) {
                check((long) l.size() + m.size());
                List<Object> both = new ArrayList<>(l);
                both.addAll(m);
                return l instanceof Values.Tuple ? new Values.Tuple(both) : both;
            }
            if (a instanceof String || a instanceof List) {
                throw new TemplateError("can only concatenate " + Values.typeName(a) + " (not \"" + Values.typeName(b) + "\") to "
                        + Values.typeName(a));
            }
        }
        if (operator.equals("*") && Values.isInteger(a) && (b instanceof String || b instanceof List)) {
            return repeat(b, Values.integer(a));
        }
        if (operator.equals("*") && Values.isInteger(b) && (a instanceof String || a instanceof List)) {
            return repeat(a, Values.integer(b));
        }
        if (operator.equals("%") && a instanceof String format) {
            return Formats.percent(format, b, largest);
        }
        throw new TemplateError("unsupported operand type(s) for " + (operator.equals("**") ? "** or pow()" : operator) + ": '"
                + Values.typeName(a) + "' and '" + Values.typeName(b) + "'");
    }

    private Object repeat(Object value, long times) {
        long count = Math.max(0, times);
        if (value instanceof String text) {
            check(Math.multiplyHigh(text.length(), count) != 0 ? Long.MAX_VALUE : text.length() * count);
            return text.repeat(text.isEmpty() ? 0 : (int) count);
        }
        List<?> list = (List<?>) value;
        check(Math.multiplyHigh(list.size(), count) != 0 ? Long.MAX_VALUE : list.size() * count);
        List<Object> repeated = new ArrayList<>();
        for (long i = 0; i < count && !list.isEmpty(); i++) {
            repeated.addAll(list);
        }
        return list instanceof Values.Tuple ? new Values.Tuple(repeated) : repeated;
    }

    void check(long size) {
        if (size < 0 || size > largest) {
            throw new TemplateError("a value has more than " + largest + " characters or members");
        }
        made += size;
        if (made > (long) LARGEST_TOGETHER * largest) {
            throw new TemplateError("all values together have more than " + (long) LARGEST_TOGETHER * largest + " characters or members");
        }
    }

    private static Object arithmetic(String operator, Object a, Object b) {
        boolean whole = Values.isInteger(a) && Values.isInteger(b);
        if (("/".equals(operator) || "//".equals(operator) || "%".equals(operator)) && Values.real(b) == 0) {
            throw new TemplateError(
                    "/".equals(operator) ? "division by zero" : whole ? "integer modulo by zero" : "float floor division by zero");
        }
        if (operator.equals("/")) {
            return Values.real(a) / Values.real(b);
        }
        if (whole && !(operator.equals("**") && Values.integer(b) < 0)) {
            return integers(operator, Values.integer(a), Values.integer(b));
        }
        double x = Values.real(a);
        double y = Values.real(b);
        return switch (operator) {
            case "+" -> x + y;
            case "-" -> x - y;
            case "*" -> x * y;
            case "//" -> Math.floor(x / y);
            case "%" -> {
                double remainder = x % y;
                yield remainder != 0 && remainder < 0 != y < 0 ? remainder + y : remainder;
            }
            case "**" -> Math.pow(x, y);
            default -> throw new IllegalStateException(operator);
        };
    }

    private static Object integers(String operator, long x, long y) {
        try {
            return switch (operator) {
                case "+" -> Math.addExact(x, y);
                case "-" -> Math.subtractExact(x, y);
                case "*" -> Math.multiplyExact(x, y);
                case "//" -> Math.floorDiv(x, y);
                case "%" -> Math.floorMod(x, y);
                case "**" -> power(x, y);
                default -> throw new IllegalStateException(operator);
            };
        } catch (ArithmeticException e) {
            throw new TemplateError("a whole number is larger than 64 bits hold");
        }
    }

    private static long power(long base, long exponent) {
        long result = 1;
        if (base == 0 || base == 1 || base == -1) {
            return exponent == 0 ? 1 : base == -1 && exponent % 2 == 0 ? 1 : base;
        }
        for (long i = 0; i < exponent; i++) {
            result = Math.multiplyExact(result, base);
        }
        return result;
    }

    Object unary(String operator, Object value) {
        if (value instanceof Undefined u) {
            throw u.error();
        }
        if (!Values.isNumber(value)) {
            throw new TemplateError("bad operand type for unary " + operator + ": '" + Values.typeName(value) + "'");
        }
        if (value instanceof Double d) {
            return operator.equals("-") ? -d : d;
        }
        return operator.equals("-") ? integers("-", 0, Values.integer(value)) : (Object) Values.integer(value);
    }

    boolean compare(String operator, Object a, Object b) {
        return switch (operator) {
            case "==" -> Values.equal(a, b);
            case "!=" -> !Values.equal(a, b);
            case "in" -> Values.contains(b, a);
            case "not in" -> !Values.contains(b, a);
            case "<" -> !unordered(a, b) && Values.compare(a, b, operator) < 0;
            case "<=" -> !unordered(a, b) && Values.compare(a, b, operator) <= 0;
            case ">" -> !unordered(a, b) && Values.compare(a, b, operator) > 0;
            case ">=" -> !unordered(a, b) && Values.compare(a, b, operator) >= 0;
            default -> throw new IllegalStateException(operator);
        };
    }

    private static boolean unordered(Object a, Object b) {
        return (a instanceof Double x && x.isNaN()) || (b instanceof Double y && y.isNaN());
    }

    /** {@code of.name}: a member, or else an element. */
    Object attribute(Object of, String name) {
        Object member = member(of, name);
        if (member != null) {
            return member;
        }
        if (of instanceof Map<?, ?> map && map.containsKey(name)) {
            return map.get(name);
        }
        return of instanceof LoopState loop && loop.hasMember(name) ? loop.member(name) : missing(of, name);
    }

    /** {@code of[index]}: an element, or else a member. */
    Object item(Object of, Object index) {
        Object element = element(of, index);
        if (element != this) {
            return element;
        }
        if (index instanceof String name) {
            Object member = of instanceof Map ? Members.find(of, name) : member(of, name);
            if (member != null) {
                return member;
            }
            if (of instanceof LoopState loop && loop.hasMember(name)) {
                return loop.member(name);
            }
        }
        return missing(of, index);
    }

    private static Object member(Object of, String name) {
        if (of instanceof Undefined u) {
            throw u.error();
        }
        if (of instanceof Namespace namespace && namespace.members().containsKey(name)) {
            Object value = namespace.members().get(name);
            return value == null ? new Members.None() : value;
        }
        return Members.find(of, name);
    }

    private Object missing(Object of, Object name) {
        return Undefined.member(of, name, strict);
    }

    /** The element, or this where there is none. */
    private Object element(Object of, Object index) {
        if (of instanceof Undefined u) {
            throw u.error();
        }
        if (of instanceof Map<?, ?> map) {
            Values.checkKey(index);
            return map.containsKey(index) ? map.get(index) : this;
        }
        if (!Values.isInteger(index)) {
            return this;
        }
        long at = Values.integer(index);
        if (of instanceof List<?> list) {
            long place = at < 0 ? at + list.size() : at;
            return place >= 0 && place < list.size() ? list.get((int) place) : this;
        }
        if (of instanceof String text) {
            int length = text.codePointCount(0, text.length());
            long place = at < 0 ? at + length : at;
            return place >= 0 && place < length
                    ? Character.toString(text.codePointAt(text.offsetByCodePoints(0, (int) place)))
                    : this;
        }
        if (of instanceof Values.Range range) {
            long place = at < 0 ? at + range.length() : at;
            return place >= 0 && place < range.length() ? (Object) (range.start() + place * range.step()) : this;
        }
        return this;
    }

    /** {@code of[start:stop:step]}; absent parts are null. */
    Object slice(Object of, Object start, Object stop, Object step) {
        if (of instanceof Undefined u) {
            throw u.error();
        }
        if (!(of instanceof String) && !(of instanceof List)) {
            throw new TemplateError("'" + Values.typeName(of) + "' object is not subscriptable");
        }
        List<?> items = of instanceof String text ? Texts.characters(text) : (List<?>) of;
        long width = step == null ? 1 : Values.integer(step);
        if (width == 0) {
            throw new TemplateError("slice step cannot be zero");
        }
        long size = items.size();
        long from = bound(start, width > 0 ? 0 : size - 1, size, width);
        long to = bound(stop, width > 0 ? size : -1, size, width);
        List<Object> taken = new ArrayList<>();
        for (long i = from; width > 0 ? i < to : i > to; i += width) {
            taken.add(items.get((int) i));
            if (Math.abs(width) > size) {
                break; // and so a huge step does not overflow
            }
        }
        if (of instanceof String) {
            StringBuilder text = new StringBuilder();
            taken.forEach(text::append);
            return text.toString();
        }
        return of instanceof Values.Tuple ? new Values.Tuple(taken) : taken;
    }

    private static long bound(Object bound, long absent, long size, long step) {
        if (bound == null) {
            return absent;
        }
        if (!Values.isInteger(bound)) {
            throw new TemplateError("slice indices must be integers or None or have an __index__ method");
        }
        long place = Values.integer(bound);
        place = place < 0 ? place + size : place;
        return step > 0 ? Math.clamp(place, 0, size) : Math.clamp(place, -1, size - 1);
    }
}
