package dev.crane.models.jinja;

import java.util.LinkedHashMap;
import java.util.Map;

/** What every template can call. */
final class Globals {
    /** The sandbox's limit. */
    private static final long LONGEST_RANGE = 100_000;

    private Globals() {
    }

    static Map<String, Object> all(Environment environment) {
        Map<String, Object> globals = new LinkedHashMap<>();
        globals.put("range", (Function) Globals::range);
        globals.put("dict", (Function) Globals::dict);
        globals.put("namespace", (Function) Namespace::of);
        globals.put("cycler", (Function) Globals::cycler);
        globals.put("joiner", (Function) Globals::joiner);
        globals.putAll(environment.globals());
        return globals;
    }

    private static Object range(Arguments arguments) {
        int count = arguments.positional().size();
        if (count < 1 || count > 3) {
            throw new TemplateError("range expected 1 to 3 arguments, got " + count);
        }
        long first = Values.integer(arguments.positional().getFirst());
        long stop = count == 1 ? first : Values.integer(arguments.positional().get(1));
        long step = count == 3 ? Values.integer(arguments.positional().get(2)) : 1;
        if (step == 0) {
            throw new TemplateError("range() arg 3 must not be zero");
        }
        Values.Range range = new Values.Range(count == 1 ? 0 : first, stop, step);
        if (range.length() > LONGEST_RANGE) {
            throw new TemplateError("Range too big. The sandbox blocks ranges larger than MAX_RANGE (" + LONGEST_RANGE + ").");
        }
        return range;
    }

    private static Object dict(Arguments arguments) {
        Map<Object, Object> map = new LinkedHashMap<>();
        if (arguments.has(0, "")) {
            Object from = arguments.positional().getFirst();
            if (from instanceof Map<?, ?> other) {
                map.putAll(other);
            } else {
                for (Object pair : Values.items(from)) {
                    var both = Values.items(pair);
                    if (both.size() != 2) {
                        throw new TemplateError("dictionary update sequence element has length " + both.size() + "; 2 is required");
                    }
                    Values.checkKey(both.getFirst());
                    map.put(both.getFirst(), both.getLast());
                }
            }
        }
        map.putAll(arguments.named());
        return map;
    }

    private static Object cycler(Arguments arguments) {
        if (arguments.positional().isEmpty()) {
            throw new TemplateError("at least one item has to be provided");
        }
        Map<String, Object> members = new LinkedHashMap<>();
        int[] at = {0};
        members.put("current", arguments.positional().getFirst());
        members.put("next", (Function) none -> {
            Object current = arguments.positional().get(at[0]);
            at[0] = (at[0] + 1) % arguments.positional().size();
            members.put("current", arguments.positional().get(at[0]));
            return current;
        });
        members.put("reset", (Function) none -> {
            at[0] = 0;
            members.put("current", arguments.positional().getFirst());
            return null;
        });
        return new Namespace(members);
    }

    private static Object joiner(Arguments arguments) {
        String separator = Texts.string(arguments.get(0, "sep", ", "));
        boolean[] used = {false};
        return (Function) none -> {
            String text = used[0] ? separator : "";
            used[0] = true;
            return text;
        };
    }
}
