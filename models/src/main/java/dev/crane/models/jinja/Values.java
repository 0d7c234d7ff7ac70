package dev.crane.models.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.RandomAccess;

/** Python's values in Java's clothes: types, truth, equality, order, length and members. */
final class Values {
    /** A tuple; in all else a list. */
    static final class Tuple extends java.util.AbstractList<Object> implements RandomAccess {
        private final List<Object> items;

        Tuple(List<Object> items) {
            this.items = List.copyOf(items.stream().map(Values::box).toList());
        }

        @Override
        public Object get(int index) {
            return unbox(items.get(index));
        }

        @Override
        public int size() {
            return items.size();
        }
    }

    /** Stands for null where a Java collection holds none. */
    private static final Object NONE = new Object();

    private static Object box(Object value) {
        return value == null ? NONE : value;
    }

    private static Object unbox(Object value) {
        return value == NONE ? null : value;
    }

    /** What a filter like {@code map} gives: can be gone through once, has no length, and is true. */
    static final class Generator implements Iterable<Object> {
        private final Iterator<Object> items;

        Generator(List<Object> items) {
            this.items = items.iterator();
        }

        @Override
        public Iterator<Object> iterator() {
            return items;
        }
    }

    /** A dictionary's {@code keys()}, {@code values()} or {@code items()}. */
    record View(String name, List<Object> items) {}

    /** {@code range(…)}. */
    record Range(long start, long stop, long step) {
        long length() {
            long span = step > 0 ? stop - start : start - stop;
            long width = Math.abs(step);
            return span <= 0 ? 0 : (span - 1) / width + 1;
        }
    }

    private Values() {
    }

    static String typeName(Object value) {
        return switch (value) {
            case null -> "NoneType";
            case String s -> "str";
            case Long l -> "int";
            case Double d -> "float";
            case Boolean b -> "bool";
            case Tuple t -> "tuple";
            case List<?> l -> "list";
            case Map<?, ?> m -> "dict";
            case Undefined u -> "Undefined";
            case Generator g -> "generator";
            case Range r -> "range";
            case View v -> "dict_" + v.name();
            case Namespace n -> "Namespace";
            case Function f -> "function";
            default -> value.getClass().getSimpleName();
        };
    }

    static boolean truth(Object value) {
        return switch (value) {
            case null -> false;
            case Boolean b -> b;
            case Long l -> l != 0;
            case Double d -> d != 0;
            case String s -> !s.isEmpty();
            case List<?> l -> !l.isEmpty();
            case Map<?, ?> m -> !m.isEmpty();
            case View v -> !v.items().isEmpty();
            case Range r -> r.length() > 0;
            case Undefined u -> {
                u.look();
                yield false;
            }
            default -> true;
        };
    }

    static boolean isNumber(Object value) {
        return value instanceof Long || value instanceof Double || value instanceof Boolean;
    }

    /** A whole number, which true and false are too. */
    static long integer(Object value) {
        return switch (value) {
            case Long l -> l;
            case Boolean b -> b ? 1 : 0;
            case Undefined u -> throw u.error();
            case null, default -> throw new TemplateError("'" + typeName(value) + "' object cannot be interpreted as an integer");
        };
    }

    static boolean isInteger(Object value) {
        return value instanceof Long || value instanceof Boolean;
    }

    static double real(Object value) {
        return value instanceof Double d ? d : integer(value);
    }

    static boolean equal(Object a, Object b) {
        if (isNumber(a) && isNumber(b)) {
            return (isInteger(a) && isInteger(b)) ? integer(a) == integer(b) : real(a) == real(b);
        }
        return switch (a) {
            case null -> b == null;
            case Undefined u -> {
                u.look();
                yield b instanceof Undefined;
            }
            case List<?> list -> {
                if (!(b instanceof List<?> other) || list instanceof Tuple != other instanceof Tuple || list.size() != other.size()) {
                    yield false;
                }
                for (int i = 0; i < list.size(); i++) {
                    if (!equal(list.get(i), other.get(i))) {
                        yield false;
                    }
                }
                yield true;
            }
            case Map<?, ?> map -> {
                if (!(b instanceof Map<?, ?> other) || map.size() != other.size()) {
                    yield false;
                }
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    if (!other.containsKey(entry.getKey()) || !equal(entry.getValue(), other.get(entry.getKey()))) {
                        yield false;
                    }
                }
                yield true;
            }
            default -> {
                if (b instanceof Undefined u) {
                    u.look();
                }
                yield a.equals(b);
            }
        };
    }

    /** Below 0, 0 or above 0; the operator is for the message where there is no order. */
    static int compare(Object a, Object b, String operator) {
        if (isNumber(a) && isNumber(b)) {
            return isInteger(a) && isInteger(b) ? Long.compare(integer(a), integer(b)) : Double.compare(real(a), real(b));
        }
        if (a instanceof String s && b instanceof String t) {
            return Texts.compare(s, t);
        }
        if (a instanceof List<?> list && b instanceof List<?> other && list instanceof Tuple == other instanceof Tuple) {
            for (int i = 0; i < Math.min(list.size(), other.size()); i++) {
                if (!equal(list.get(i), other.get(i))) {
                    return compare(list.get(i), other.get(i), operator);
                }
            }
            return Integer.compare(list.size(), other.size());
        }
        for (Object each : new Object[]{a, b}) {
            if (each instanceof Undefined u) {
                throw u.error();
            }
        }
        throw new TemplateError("'" + operator + "' not supported between instances of '" + typeName(a) + "' and '" + typeName(b) + "'");
    }

    static long length(Object value) {
        return switch (value) {
            case String s -> s.codePointCount(0, s.length());
            case List<?> l -> l.size();
            case Map<?, ?> m -> m.size();
            case View v -> v.items().size();
            case Range r -> r.length();
            case Undefined u -> {
                u.look();
                yield 0L;
            }
            case null, default -> throw new TemplateError("object of type '" + typeName(value) + "' has no len()");
        };
    }

    /** What a loop over {@code value} goes through, in a list of its own. */
    static List<Object> items(Object value) {
        List<Object> items = new ArrayList<>();
        switch (value) {
            case String s -> s.codePoints().forEach(c -> items.add(Character.toString(c)));
            case List<?> l -> items.addAll(l);
            case Map<?, ?> m -> items.addAll(m.keySet());
            case View v -> items.addAll(v.items());
            case Generator g -> g.forEach(items::add);
            case Range r -> {
                for (long i = 0; i < r.length(); i++) {
                    items.add(r.start() + i * r.step());
                }
            }
            case Undefined u -> u.look();
            case null, default -> throw new TemplateError("'" + typeName(value) + "' object is not iterable");
        }
        return items;
    }

    static boolean isIterable(Object value) {
        return value instanceof String || value instanceof List || value instanceof Map || value instanceof View
                || value instanceof Generator
                || value instanceof Range || (value instanceof Undefined u && !u.strict());
    }

    /** {@code item in container}. */
    static boolean contains(Object container, Object item) {
        return switch (container) {
            case String s -> {
                if (item instanceof String part) {
                    yield s.contains(part);
                }
                throw item instanceof Undefined u
                        ? u.error()
                        : new TemplateError("'in <string>' requires string as left operand, not " + typeName(item));
            }
            case Map<?, ?> m -> {
                checkKey(item);
                yield m.containsKey(item);
            }
            case null -> throw new TemplateError("argument of type 'NoneType' is not iterable");
            default -> {
                if (!isIterable(container) && !(container instanceof Undefined)) {
                    throw new TemplateError("argument of type '" + typeName(container) + "' is not iterable");
                }
                for (Object each : items(container)) {
                    if (equal(each, item)) {
                        yield true;
                    }
                }
                yield false;
            }
        };
    }

    static void checkKey(Object key) {
        if ((key instanceof List<?> && !(key instanceof Tuple)) || key instanceof Map<?, ?>) {
            throw new TemplateError("unhashable type: '" + typeName(key) + "'");
        }
    }
}
