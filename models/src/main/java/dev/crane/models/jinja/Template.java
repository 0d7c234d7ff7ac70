package dev.crane.models.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import tools.jackson.databind.JsonNode;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;

/**
 * A template in Jinja. Immutable; can be rendered by any number of threads at once.
 *
 * <pre>{@code
 * Template template = Template.parse("greeting", "Hello {{ name|upper }}!", Environment.DEFAULT);
 * String text = template.render(Map.of("name", "you"));
 * }</pre>
 */
public final class Template {
    private static final int DEEPEST_VALUE = 200;

    private final String name;
    private final Environment environment;
    private final List<Statement> body;

    private Template(String name, Environment environment, List<Statement> body) {
        this.name = name;
        this.environment = environment;
        this.body = body;
    }

    /**
     * Reads a template.
     *
     * @param name what errors call it: a file
     * @throws CraneException it is no template; the message is one line with the template's line in it
     */
    public static Template parse(String name, String source, Environment environment) {
        try {
            return new Template(name, environment, TemplateParser.parse(source, environment));
        } catch (SyntaxError e) {
            throw new CraneException(message(name, e.line(), e.getMessage()), e);
        } catch (StackOverflowError e) {
            throw new CraneException(message(name, 1, "it is nested too deeply"), e);
        }
    }

    /**
     * The text.
     *
     * @param variables null, booleans, numbers, strings, lists, maps with strings for keys, {@link JsonNode}s, and {@link Function}s
     * @throws CraneException what is wrong with the template or, as the template says itself, with the variables; one line with the template's line
     */
    public String render(Map<String, ?> variables) {
        Map<String, Object> values = new LinkedHashMap<>();
        variables.forEach((key, value) -> values.put(key, value(value, 0)));
        Renderer renderer = new Renderer(environment);
        try {
            return renderer.render(body, values);
        } catch (TemplateError e) {
            throw new CraneException(message(name, renderer.line(), e.getMessage()), e);
        } catch (StackOverflowError e) {
            throw new CraneException(message(name, renderer.line(), "it is nested too deeply"), e);
        }
    }

    private static String message(String name, int line, String what) {
        return name + ": line " + line + ": " + FileErrors.oneLine(what);
    }

    /** A value of Java as one of the template's. */
    private static Object value(Object value, int depth) {
        if (depth > DEEPEST_VALUE) {
            throw new CraneException("a template's variable is nested more than " + DEEPEST_VALUE + " deep");
        }
        return switch (value) {
            case Integer i -> (long) i;
            case Short s -> (long) s;
            case Float f -> (double) f;
            case List<?> list -> {
                List<Object> items = new ArrayList<>(list.size());
                list.forEach(item -> items.add(value(item, depth + 1)));
                yield items;
            }
            case Map<?, ?> map -> {
                Map<Object, Object> members = new LinkedHashMap<>();
                map.forEach((key, member) -> members.put(key, value(member, depth + 1)));
                yield members;
            }
            case JsonNode node -> json(node, depth);
            case null, default -> value;
        };
    }

    private static Object json(JsonNode node, int depth) {
        if (node.isObject()) {
            Map<Object, Object> members = new LinkedHashMap<>();
            node.properties().forEach(entry -> members.put(entry.getKey(), value(entry.getValue(), depth + 1)));
            return members;
        }
        if (node.isArray()) {
            List<Object> items = new ArrayList<>(node.size());
            node.forEach(item -> items.add(value(item, depth + 1)));
            return items;
        }
        if (node.isString()) {
            return node.stringValue();
        }
        if (node.isBoolean()) {
            return node.booleanValue();
        }
        if (node.isIntegralNumber() && node.canConvertToLong()) {
            return node.longValue();
        }
        return node.isNumber() ? (Object) node.doubleValue() : null;
    }
}
