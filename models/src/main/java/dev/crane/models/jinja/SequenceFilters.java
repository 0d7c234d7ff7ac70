package dev.crane.models.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

/** Filters of lists, dictionaries and whatever else can be gone through. */
final class SequenceFilters {
    private final Environment environment;
    private final Operators operators;
    private final Filters filters;

    SequenceFilters(Environment environment, Operators operators, Filters filters) {
        this.environment = environment;
        this.operators = operators;
        this.filters = filters;
    }

    Object apply(String name, Object value, Arguments a) {
        return switch (name) {
            case "length", "count" -> Values.length(value);
            case "list" -> Values.items(value);
            case "items" -> items(value);
            case "first" -> {
                List<Object> items = Values.items(value);
                yield items.isEmpty() ? undefined("No first item, sequence was empty.") : items.getFirst();
            }
            case "last" -> {
                if (value instanceof Values.Generator) {
                    throw new TemplateError("'generator' object is not reversible");
                }
                List<Object> items = Values.items(value);
                yield items.isEmpty() ? undefined("No last item, sequence was empty.") : items.getLast();
            }
            case "join" -> join(value, a);
            case "reverse" -> reverse(value);
            case "sort" -> sorted(Values.items(value), a.get(2, "attribute", null), a.truth(1, "case_sensitive", false),
                    a.truth(0, "reverse", false));
            case "dictsort" -> dictSort(value, a);
            case "unique" -> unique(value, a);
            case "min", "max" -> {
                List<Object> items = sorted(Values.items(value), a.get(1, "attribute", null), a.truth(0, "case_sensitive", false),
                        name.equals("max"));
                yield items.isEmpty() ? undefined("No aggregated item, sequence was empty.") : items.getFirst();
            }
            case "sum" -> {
                Object sum = a.get(1, "start", 0L);
                for (Object item : Values.items(value)) {
                    Object attribute = a.get(0, "attribute", null);
                    sum = operators.binary("+", sum, attribute == null ? item : attribute(item, attribute));
                }
                yield sum;
            }
            case "map" -> map(value, a);
            case "select" -> kept(value, test(a, 0), true);
            case "reject" -> kept(value, test(a, 0), false);
            case "selectattr", "rejectattr" -> {
                Object attribute = a.need(0, "attribute");
                Predicate<Object> test = test(a, 1);
                yield kept(value, item -> test.test(attribute(item, attribute)), name.equals("selectattr"));
            }
            case "batch" -> batch(value, a);
            case "slice" -> slice(value, a);
            case "groupby" -> groupBy(value, a);
            default -> throw new TemplateError("No filter named " + Texts.repr(name) + ".");
        };
    }

    private Undefined undefined(String what) {
        return new Undefined(what, environment.strictUndefined());
    }

    private static Object items(Object value) {
        if (value instanceof Undefined) {
            return new Values.Generator(List.of());
        }
        if (!(value instanceof Map<?, ?> map)) {
            throw new TemplateError("Can only get item pairs from a mapping.");
        }
        return new Values.Generator(Members.pairs(map));
    }

    /** An attribute by its name, or by a way of names and numbers with dots between. */
    private Object attribute(Object item, Object attribute) {
        if (!(attribute instanceof String way)) {
            return operators.item(item, attribute);
        }
        Object value = item;
        for (String part : way.split("\\.", -1)) {
            value = operators.item(value, part.matches("\\d{1,9}") ? (Object) Long.valueOf(part) : part);
        }
        return value;
    }

    private String join(Object value, Arguments arguments) {
        String separator = Texts.string(arguments.get(0, "d", ""));
        Object attribute = arguments.get(1, "attribute", null);
        StringBuilder out = new StringBuilder();
        boolean first = true;
        for (Object item : Values.items(value)) {
            out.append(first ? "" : separator).append(Texts.string(attribute == null ? item : attribute(item, attribute)));
            operators.check(out.length());
            first = false;
        }
        return out.toString();
    }

    private static Object reverse(Object value) {
        if (value instanceof String text) {
            return new StringBuilder(text).reverse().toString();
        }
        List<Object> items = Values.items(value);
        Collections.reverse(items);
        return new Values.Generator(items);
    }

    private static Object ignoringCase(Object value, boolean caseSensitive) {
        return value instanceof String text && !caseSensitive ? text.toLowerCase(Locale.ROOT) : value;
    }

    private List<Object> sorted(List<Object> items, Object attribute, boolean caseSensitive, boolean reverse) {
        List<Object[]> keyed = new ArrayList<>(items.size());
        for (Object item : items) {
            List<Object> key = new ArrayList<>();
            if (attribute instanceof String several) {
                for (String each : several.split(",", -1)) {
                    key.add(ignoringCase(attribute(item, each), caseSensitive));
                }
            } else {
                key.add(ignoringCase(attribute == null ? item : attribute(item, attribute), caseSensitive));
            }
            keyed.add(new Object[]{key, item});
        }
        try {
            keyed.sort((x, y) -> reverse ? Values.compare(y[0], x[0], "<") : Values.compare(x[0], y[0], "<"));
        } catch (IllegalArgumentException e) {
            throw new TemplateError("the items have no order"); // not a number among numbers
        }
        List<Object> sorted = new ArrayList<>(items.size());
        keyed.forEach(pair -> sorted.add(pair[1]));
        return sorted;
    }

    private List<Object> dictSort(Object value, Arguments arguments) {
        if (!(value instanceof Map<?, ?> map)) {
            throw new TemplateError("'" + Values.typeName(value) + "' object has no attribute 'items'");
        }
        String by = Texts.string(arguments.get(1, "by", "key"));
        if (!by.equals("key") && !by.equals("value")) {
            throw new TemplateError("You can only sort by either \"key\" or \"value\"");
        }
        return sorted(Members.pairs(map), by.equals("key") ? 0L : (Object) 1L, arguments.truth(0, "case_sensitive", false),
                arguments.truth(2, "reverse", false));
    }

    private Object unique(Object value, Arguments arguments) {
        Object attribute = arguments.get(1, "attribute", null);
        boolean caseSensitive = arguments.truth(0, "case_sensitive", false);
        List<Object> seen = new ArrayList<>();
        List<Object> kept = new ArrayList<>();
        java.util.Set<Object> fast = new java.util.HashSet<>();
        for (Object item : Values.items(value)) {
            Object key = ignoringCase(attribute == null ? item : attribute(item, attribute), caseSensitive);
            Values.checkKey(key);
            boolean isNew = key instanceof String
                    ? fast.add(key)
                    : seen.stream().noneMatch(other -> Values.equal(other, key)) && seen.add(key);
            if (isNew) {
                kept.add(item);
            }
        }
        return new Values.Generator(kept);
    }

    private Object map(Object value, Arguments arguments) {
        List<Object> made = new ArrayList<>();
        boolean byAttribute = arguments.positional().isEmpty() && arguments.named().containsKey("attribute");
        if (!byAttribute && arguments.positional().isEmpty()) {
            throw new TemplateError("map requires a filter argument");
        }
        for (Object item : Values.items(value)) {
            if (byAttribute) {
                Object found = attribute(item, arguments.named().get("attribute"));
                made.add(found instanceof Undefined && arguments.named().get("default") != null ? arguments.named().get("default") : found);
            } else {
                String filter = arguments.text(0, "filter");
                if (!Filters.isKnown(filter, environment)) {
                    throw new TemplateError("No filter named " + Texts.repr(filter) + ".");
                }
                made.add(filters.apply(filter, item, arguments.after(1)));
            }
        }
        return new Values.Generator(made);
    }

    private static Predicate<Object> test(Arguments arguments, int place) {
        if (place >= arguments.positional().size()) {
            return Values::truth;
        }
        String name = arguments.text(place, "test");
        if (!Tests.isKnown(name)) {
            throw new TemplateError("No test named " + Texts.repr(name) + ".");
        }
        Arguments rest = arguments.after(place + 1);
        return item -> Tests.test(name, item, rest);
    }

    private static Object kept(Object value, Predicate<Object> test, boolean where) {
        List<Object> kept = new ArrayList<>();
        for (Object item : Values.items(value)) {
            if (test.test(item) == where) {
                kept.add(item);
            }
        }
        return new Values.Generator(kept);
    }

    private static Object batch(Object value, Arguments arguments) {
        long size = Values.integer(arguments.need(0, "linecount"));
        Object fill = arguments.get(1, "fill_with", null);
        List<Object> batches = new ArrayList<>();
        List<Object> batch = new ArrayList<>();
        for (Object item : Values.items(value)) {
            if (batch.size() == size) {
                batches.add(batch);
                batch = new ArrayList<>();
            }
            batch.add(item);
        }
        if (!batch.isEmpty()) {
            while (fill != null && batch.size() < Math.min(size, 1 << 16)) {
                batch.add(fill);
            }
            batches.add(batch);
        }
        return new Values.Generator(batches);
    }

    private static Object slice(Object value, Arguments arguments) {
        List<Object> items = Values.items(value);
        long slices = Values.integer(arguments.need(0, "slices"));
        if (slices < 1 || slices > 1 << 16) {
            throw new TemplateError("cannot cut into " + slices + " slices");
        }
        Object fill = arguments.get(1, "fill_with", null);
        int count = (int) slices;
        int size = items.size() / count;
        int longer = items.size() % count;
        List<Object> made = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < count; i++) {
            int to = from + size + (i < longer ? 1 : 0);
            List<Object> slice = new ArrayList<>(items.subList(from, to));
            if (fill != null && i >= longer) {
                slice.add(fill);
            }
            made.add(slice);
            from = to;
        }
        return new Values.Generator(made);
    }

    private Object groupBy(Object value, Arguments arguments) {
        Object attribute = arguments.need(0, "attribute");
        boolean caseSensitive = arguments.truth(2, "case_sensitive", false);
        List<Object> groups = new ArrayList<>();
        Object last = this;
        List<Object> group = null;
        for (Object item : sorted(Values.items(value), attribute, caseSensitive, false)) {
            Object key = ignoringCase(attribute(item, attribute), caseSensitive);
            if (group == null || !Values.equal(key, last)) {
                group = new ArrayList<>();
                groups.add(new Values.Tuple(Arrays.asList(attribute(item, attribute), group)));
                last = key;
            }
            group.add(item);
        }
        return groups;
    }
}
