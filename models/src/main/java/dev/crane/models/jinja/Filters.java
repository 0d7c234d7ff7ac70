package dev.crane.models.jinja;

import java.util.Map;
import java.util.Set;

/** What can stand behind {@code |}: Jinja2's filters, but for those that make HTML or something random. */
final class Filters {
    private static final Set<String> NAMES = Set.of("abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dictsort",
            "e",
            "escape", "first", "float", "forceescape", "format", "groupby", "indent", "int", "items", "join", "last", "length", "list",
            "lower",
            "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "slice", "sort",
            "string",
            "sum", "title", "tojson", "trim", "truncate", "unique", "upper", "urlencode", "wordcount");

    private final Environment environment;
    private final Operators operators;
    private final SequenceFilters sequences;

    Filters(Environment environment, Operators operators) {
        this.environment = environment;
        this.operators = operators;
        sequences = new SequenceFilters(environment, operators, this);
    }

    static boolean isKnown(String name, Environment environment) {
        return NAMES.contains(name) || environment.filters().containsKey(name);
    }

    Object apply(String name, Object value, Arguments a) {
        return switch (name) {
            case "default", "d" -> value instanceof Undefined || (a.truth(1, "boolean", false) && !Values.truth(value))
                    ? a.get(0, "default_value", "")
                    : value;
            case "abs" -> {
                Object positive = operators.unary("+", value);
                yield Values.real(positive) < 0 ? operators.unary("-", positive) : positive;
            }
            case "attr" -> {
                Object member = Members.find(value, a.text(0, "name"));
                yield member == null ? Undefined.member(value, a.text(0, "name"), environment.strictUndefined()) : member;
            }
            case "int" -> TextFilters.whole(value, a);
            case "float" -> TextFilters.real(value, a);
            case "round" -> TextFilters.round(value, a);
            case "string", "safe" -> Texts.string(value);
            case "upper", "lower", "capitalize" -> StringMethods.find(Texts.string(value), name).call(Arguments.NONE);
            case "trim" -> StringMethods.strip(Texts.string(value), a.get(0, "chars", null), true, true);
            case "center" ->
                StringMethods.pad(Texts.string(value), new Arguments(java.util.List.of(a.integer(0, "width", 80)), Map.of()), 2);
            case "title" -> TextFilters.title(Texts.string(value));
            case "replace" -> StringMethods.replace(Texts.string(value), Texts.string(a.need(0, "old")), Texts.string(a.need(1, "new")),
                    a.get(2, "count", null) == null ? -1 : a.integer(2, "count", -1));
            case "indent" -> TextFilters.indent(value, a);
            case "truncate" -> TextFilters.truncate(Texts.string(value), a);
            case "wordcount" -> TextFilters.words(Texts.string(value));
            case "escape", "e", "forceescape" -> TextFilters.escape(Texts.string(value));
            case "urlencode" -> TextFilters.urlEncode(value);
            case "format" -> Formats.percent(Texts.string(value), a.named().isEmpty() ? new Values.Tuple(a.positional()) : a.named(),
                    environment.limits().output());
            case "tojson" -> JsonText.filter(value, a, environment.plainJson());
            default -> {
                Function filter = environment.filters().get(name);
                yield filter == null ? sequences.apply(name, value, a) : filter.call(a.behind(value));
            }
        };
    }
}
