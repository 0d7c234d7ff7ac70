package dev.crane.models.jinja;

import java.util.List;
import java.util.Map;
import java.util.Set;

/** What can stand behind {@code is}. */
final class Tests {
    private static final Set<String> NAMES = Set.of("odd", "even", "divisibleby", "defined", "undefined", "filter", "test", "none",
            "boolean",
            "false", "true", "integer", "float", "lower", "upper", "string", "mapping", "number", "sequence", "iterable", "callable",
            "sameas", "escaped", "in", "==", "eq", "equalto", "!=", "ne", ">", "gt", "greaterthan", "ge", ">=", "<", "lt", "lessthan", "<=",
            "le");

    private Tests() {
    }

    static boolean isKnown(String name) {
        return NAMES.contains(name);
    }

    static boolean test(String name, Object value, Arguments arguments) {
        switch (name) {
            case "defined" -> {
                return !(value instanceof Undefined);
            }
            case "undefined" -> {
                return value instanceof Undefined;
            }
            default -> {
                // what follows looks at the value
            }
        }
        return switch (name) {
            case "odd" -> remainder(value, 2) == 1;
            case "even" -> remainder(value, 2) == 0;
            case "divisibleby" -> remainder(value, Values.integer(arguments.need(0, "num"))) == 0;
            case "filter" -> value instanceof String filter && Filters.isKnown(filter, Environment.DEFAULT);
            case "test" -> value instanceof String test && isKnown(test);
            case "none" -> value == null;
            case "boolean" -> value instanceof Boolean;
            case "false" -> Boolean.FALSE.equals(value);
            case "true" -> Boolean.TRUE.equals(value);
            case "integer" -> value instanceof Long;
            case "float" -> value instanceof Double;
            case "number" -> Values.isNumber(value);
            case "string" -> value instanceof String;
            case "mapping" -> value instanceof Map;
            case "sequence" -> value instanceof String || value instanceof List || value instanceof Map || value instanceof Values.Range
                    || (value instanceof Undefined u && !u.strict());
            case "iterable" -> Values.isIterable(value);
            case "callable" -> value instanceof Function || value instanceof Undefined;
            case "lower" -> StringMethods.isLower(Texts.string(value));
            case "upper" -> StringMethods.isUpper(Texts.string(value));
            case "escaped" -> false;
            case "sameas" -> same(value, arguments.need(0, "other"));
            case "in" -> Values.contains(arguments.need(0, "seq"), value);
            case "==", "eq", "equalto" -> Values.equal(value, arguments.need(0, "other"));
            case "!=", "ne" -> !Values.equal(value, arguments.need(0, "other"));
            case ">", "gt", "greaterthan" -> Values.compare(value, arguments.need(0, "other"), ">") > 0;
            case ">=", "ge" -> Values.compare(value, arguments.need(0, "other"), ">=") >= 0;
            case "<", "lt", "lessthan" -> Values.compare(value, arguments.need(0, "other"), "<") < 0;
            case "<=", "le" -> Values.compare(value, arguments.need(0, "other"), "<=") <= 0;
            default -> throw new TemplateError("No test named " + Texts.repr(name) + ".");
        };
    }

    private static double remainder(Object value, long by) {
        if (value instanceof Double real) {
            return real - by * Math.floor(real / by);
        }
        if (by == 0) {
            throw new TemplateError("integer modulo by zero");
        }
        return Math.floorMod(Values.integer(value), by);
    }

    /** Python keeps one None, one True, one False, and small numbers and short strings once. */
    @SuppressWarnings("ReferenceEquality") // being the same is what is asked
    private static boolean same(Object value, Object other) {
        return value == other || (value != null && other != null && value.getClass() == other.getClass()
                && (value instanceof Boolean || value instanceof Long || value instanceof String) && value.equals(other));
    }
}
