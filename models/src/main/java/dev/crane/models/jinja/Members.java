package dev.crane.models.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The methods of Python's values that a template may call: those that change nothing. */
final class Members {
    /** Stands for a member whose value is None. */
    record None() {}

    private static final Set<String> CHANGING = Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove", "popitem",
            "setdefault", "update");

    private Members() {
    }

    /** The method, or null where there is none. */
    static Object find(Object of, String name) {
        if (name.startsWith("_")) {
            return of instanceof Map<?, ?> map && map.containsKey(name) ? null : unsafe(of, name);
        }
        return switch (of) {
            case String text -> StringMethods.find(text, name);
            case Values.Tuple tuple -> list(tuple, name);
            case List<?> list -> CHANGING.contains(name) ? unsafe(of, name) : list(list, name);
            case Map<?, ?> map -> CHANGING.contains(name) ? unsafe(of, name) : map(map, name);
            case Double real -> name.equals("is_integer") ? (Function) arguments -> real == Math.rint(real) : null;
            case null, default -> null;
        };
    }

    /** What must not be used; using it is an error, as in Jinja2's immutable sandbox. */
    private static Undefined unsafe(Object of, String name) {
        return new Undefined("access to attribute " + Texts.repr(name) + " of " + Texts.repr(Values.typeName(of)) + " object is unsafe.",
                false);
    }

    private static Function list(List<?> list, String name) {
        return switch (name) {
            case "count" -> arguments -> list.stream().filter(item -> Values.equal(item, arguments.need(0, "value"))).count();
            case "index" -> arguments -> {
                for (int i = 0; i < list.size(); i++) {
                    if (Values.equal(list.get(i), arguments.need(0, "value"))) {
                        return (long) i;
                    }
                }
                throw new TemplateError(Texts.repr(arguments.need(0, "value")) + " is not in list");
            };
            case "copy" -> list instanceof Values.Tuple ? null : arguments -> new ArrayList<Object>(list);
            default -> null;
        };
    }

    private static Function map(Map<?, ?> map, String name) {
        return switch (name) {
            case "get" -> arguments -> {
                Object key = arguments.need(0, "key");
                Values.checkKey(key);
                return map.containsKey(key) ? map.get(key) : arguments.get(1, "default", null);
            };
            case "keys" -> arguments -> new Values.View("keys", new ArrayList<>(map.keySet()));
            case "values" -> arguments -> new Values.View("values", new ArrayList<>(map.values()));
            case "items" -> arguments -> new Values.View("items", pairs(map));
            case "copy" -> arguments -> new LinkedHashMap<Object, Object>(map);
            default -> null;
        };
    }

    static List<Object> pairs(Map<?, ?> map) {
        List<Object> pairs = new ArrayList<>(map.size());
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            List<Object> pair = new ArrayList<>(2);
            pair.add(entry.getKey());
            pair.add(entry.getValue());
            pairs.add(new Values.Tuple(pair));
        }
        return pairs;
    }
}
