package dev.crane.models.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Values as JSON, as Python's {@code json.dumps} writes them. */
final class JsonText {
    private static final int DEEPEST = 200;

    private final boolean ascii;
    private final boolean sorted;
    private final String indent;
    private final String itemSeparator;
    private final String keySeparator;
    private final StringBuilder out = new StringBuilder();

    private JsonText(boolean ascii, boolean sorted, String indent, String itemSeparator, String keySeparator) {
        this.ascii = ascii;
        this.sorted = sorted;
        this.indent = indent;
        this.itemSeparator = itemSeparator;
        this.keySeparator = keySeparator;
    }

    /** The filter {@code tojson}. */
    static String filter(Object value, Arguments arguments, boolean plain) {
        Object indent = arguments.get(plain ? 1 : 0, "indent", null);
        String step = indent == null
                ? null
                : indent instanceof String text ? text : " ".repeat((int) Math.clamp(Values.integer(indent), 0L, 64L));
        if (!plain) {
            JsonText text = new JsonText(true, true, step, step == null ? ", " : ",", ": ");
            text.write(value, 0);
            return text.out.toString().replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("'", "\\u0027");
        }
        Object separators = arguments.get(2, "separators", null);
        List<Object> two = separators == null ? List.of(step == null ? ", " : ",", ": ") : Values.items(separators);
        JsonText text = new JsonText(arguments.truth(0, "ensure_ascii", false), arguments.truth(3, "sort_keys", false), step,
                Texts.string(two.getFirst()), Texts.string(two.getLast()));
        text.write(value, 0);
        return text.out.toString();
    }

    private void write(Object value, int depth) {
        if (depth > DEEPEST) {
            throw new TemplateError("a value is nested too deeply for JSON");
        }
        switch (value) {
            case null -> out.append("null");
            case Boolean b -> out.append(b);
            case Long l -> out.append(l);
            case Double d -> out.append(d.isNaN() ? "NaN" : d.isInfinite() ? (d > 0 ? "Infinity" : "-Infinity") : Texts.real(d));
            case String s -> quoted(s);
            case List<?> list -> {
                out.append('[');
                for (int i = 0; i < list.size(); i++) {
                    out.append(i == 0 ? "" : itemSeparator);
                    line(depth + 1);
                    write(list.get(i), depth + 1);
                }
                close(list.isEmpty(), depth, ']');
            }
            case Map<?, ?> map -> {
                out.append('{');
                List<Object> keys = new ArrayList<>(map.keySet());
                if (sorted) {
                    keys.sort((a, b) -> Values.compare(a, b, "<"));
                }
                String comma = "";
                for (Object key : keys) {
                    out.append(comma);
                    line(depth + 1);
                    quoted(key(key));
                    out.append(keySeparator);
                    write(map.get(key), depth + 1);
                    comma = itemSeparator;
                }
                close(map.isEmpty(), depth, '}');
            }
            default -> throw new TemplateError("Object of type " + Values.typeName(value) + " is not JSON serializable");
        }
    }

    private static String key(Object key) {
        return switch (key) {
            case null -> "null";
            case String s -> s;
            case Boolean b -> b.toString();
            case Long l -> l.toString();
            case Double d -> Texts.real(d);
            default -> throw new TemplateError("keys must be str, int, float, bool or None, not " + Values.typeName(key));
        };
    }

    private void line(int depth) {
        if (indent != null) {
            out.append('\n').repeat(indent, depth);
        }
    }

    private void close(boolean empty, int depth, char bracket) {
        if (!empty) {
            line(depth);
        }
        out.append(bracket);
    }

    private void quoted(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < 0x20 || (ascii && c > 0x7E)) {
                        out.append("\\u%04x".formatted((int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
