package dev.crane.models.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a function is called with.
 *
 * @param positional by place
 * @param named by name
 */
public record Arguments(List<Object> positional, Map<String, Object> named) {
    /** No arguments. */
    public static final Arguments NONE = new Arguments(List.of(), Map.of());

    /** The argument at a place, or of that name, or what is taken without one. */
    public Object get(int place, String name, Object absent) {
        if (place >= 0 && place < positional.size()) {
            return positional.get(place);
        }
        return named.containsKey(name) ? named.get(name) : absent;
    }

    /**
     * The argument at a place, or of that name.
     *
     * @throws TemplateError it is missing
     */
    public Object need(int place, String name) {
        if (place >= positional.size() && !named.containsKey(name)) {
            throw new TemplateError("missing the argument '" + name + "'");
        }
        return get(place, name, null);
    }

    /** Like {@link #need}, for a string. */
    public String text(int place, String name) {
        Object value = need(place, name);
        if (value instanceof String text) {
            return text;
        }
        throw new TemplateError("the argument '" + name + "' must be str, not " + Values.typeName(value));
    }

    boolean has(int place, String name) {
        return place < positional.size() || named.containsKey(name);
    }

    long integer(int place, String name, long absent) {
        return has(place, name) ? Values.integer(get(place, name, null)) : absent;
    }

    boolean truth(int place, String name, boolean absent) {
        return has(place, name) ? Values.truth(get(place, name, null)) : absent;
    }

    /** With a value in front. */
    Arguments behind(Object value) {
        List<Object> places = new ArrayList<>(positional.size() + 1);
        places.add(value);
        places.addAll(positional);
        return new Arguments(places, named);
    }

    /** Without the first {@code count} places. */
    Arguments after(int count) {
        return new Arguments(positional.subList(Math.min(count, positional.size()), positional.size()), named);
    }
}
