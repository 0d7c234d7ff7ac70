package dev.crane.models.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import dev.crane.models.jinja.Renderer.Scope;

/** Values of expressions. */
final class Evaluator {
    private final Renderer renderer;
    private final Environment environment;
    private final Operators operators;
    private final Filters filters;

    Evaluator(Renderer renderer, Environment environment) {
        this.renderer = renderer;
        this.environment = environment;
        operators = new Operators(environment);
        filters = new Filters(environment, operators);
    }

    Object value(Expression expression, Scope scope) {
        renderer.step();
        return switch (expression) {
            case Expression.Constant constant -> constant.value();
            case Expression.Name name -> {
                Object value = scope.find(name.name());
                yield value == scope ? Undefined.name(name.name(), environment.strictUndefined()) : value;
            }
            case Expression.Sequence sequence -> {
                List<Object> items = new ArrayList<>();
                for (Expression item : sequence.items()) {
                    items.add(value(item, scope));
                }
                yield sequence.tuple() ? new Values.Tuple(items) : items;
            }
            case Expression.Dict dict -> {
                Map<Object, Object> map = new LinkedHashMap<>();
                for (int i = 0; i < dict.keys().size(); i++) {
                    Object key = value(dict.keys().get(i), scope);
                    Values.checkKey(key);
                    map.put(key, value(dict.values().get(i), scope));
                }
                yield map;
            }
            case Expression.Attribute attribute -> {
                Object of = value(attribute.of(), scope);
                renderer.at(attribute.line());
                yield plain(operators.attribute(of, attribute.name()));
            }
            case Expression.Item item -> item(item, scope);
            case Expression.Slice slice -> throw new TemplateError("a slice stands alone");
            case Expression.Unary unary -> {
                Object operand = value(unary.operand(), scope);
                renderer.at(unary.line());
                yield unary.operator().equals("not") ? (Object) !Values.truth(operand) : operators.unary(unary.operator(), operand);
            }
            case Expression.Binary binary -> binary(binary, scope);
            case Expression.Concatenation concatenation -> {
                StringBuilder text = new StringBuilder();
                for (Expression part : concatenation.parts()) {
                    String next = Texts.string(value(part, scope));
                    renderer.at(concatenation.line());
                    operators.check((long) text.length() + next.length());
                    text.append(next);
                }
                yield text.toString();
            }
            case Expression.Comparison comparison -> comparison(comparison, scope);
            case Expression.Conditional conditional -> {
                if (Values.truth(value(conditional.condition(), scope))) {
                    yield value(conditional.then(), scope);
                }
                yield conditional.otherwise() == null
                        ? new Undefined("the inline if-expression on line " + conditional.line()
                                + " evaluated to false and no else section was defined.", false)
                        : value(conditional.otherwise(), scope);
            }
            case Expression.FunctionCall call -> call(call, scope, null);
            case Expression.Filter filter -> filtered(filter, null, scope);
            case Expression.Test test -> {
                Object value = value(test.value(), scope);
                Arguments arguments = arguments(test.call(), scope, null);
                renderer.at(test.line());
                yield Tests.test(test.name(), value, arguments);
            }
        };
    }

    private static Object plain(Object value) {
        return value instanceof Members.None ? null : value;
    }

    private Object item(Expression.Item item, Scope scope) {
        Object of = value(item.of(), scope);
        if (item.index() instanceof Expression.Slice slice) {
            Object start = slice.start() == null ? null : value(slice.start(), scope);
            Object stop = slice.stop() == null ? null : value(slice.stop(), scope);
            Object step = slice.step() == null ? null : value(slice.step(), scope);
            renderer.at(item.line());
            return operators.slice(of, start, stop, step);
        }
        Object index = value(item.index(), scope);
        renderer.at(item.line());
        return plain(operators.item(of, index));
    }

    private Object binary(Expression.Binary binary, Scope scope) {
        Object left = value(binary.left(), scope);
        if (binary.operator().equals("and")) {
            return Values.truth(left) ? value(binary.right(), scope) : left;
        }
        if (binary.operator().equals("or")) {
            return Values.truth(left) ? left : value(binary.right(), scope);
        }
        Object right = value(binary.right(), scope);
        renderer.at(binary.line());
        return operators.binary(binary.operator(), left, right);
    }

    private Object comparison(Expression.Comparison comparison, Scope scope) {
        Object left = value(comparison.first(), scope);
        for (int i = 0; i < comparison.operators().size(); i++) {
            Object right = value(comparison.operands().get(i), scope);
            renderer.at(comparison.line());
            if (!operators.compare(comparison.operators().get(i), left, right)) {
                return false;
            }
            left = right;
        }
        return true;
    }

    /** @param caller what the called macro finds as {@code caller}; null: nothing */
    Object call(Expression.FunctionCall call, Scope scope, Function caller) {
        Object function = value(call.function(), scope);
        Arguments arguments = arguments(call.call(), scope, caller);
        renderer.at(call.line());
        if (function instanceof Undefined u) {
            throw u.error();
        }
        if (!(function instanceof Function callable)) {
            throw new TemplateError("'" + Values.typeName(function) + "' object is not callable");
        }
        Object result = callable.call(arguments);
        if (result instanceof String text) {
            operators.check(text.length());
        }
        return result;
    }

    private Arguments arguments(Expression.Call call, Scope scope, Function caller) {
        if (caller == null && call.isEmpty()) {
            return Arguments.NONE;
        }
        List<Object> positional = new ArrayList<>();
        for (Expression each : call.positional()) {
            positional.add(value(each, scope));
        }
        Map<String, Object> named = new LinkedHashMap<>();
        for (int i = 0; i < call.names().size(); i++) {
            named.put(call.names().get(i), value(call.named().get(i), scope));
        }
        if (call.list() != null) {
            positional.addAll(Values.items(value(call.list(), scope)));
        }
        if (call.dict() != null) {
            if (!(value(call.dict(), scope) instanceof Map<?, ?> map)) {
                throw new TemplateError("argument after ** must be a mapping");
            }
            map.forEach((key, each) -> named.put(Texts.string(key), each));
        }
        if (caller != null) {
            named.put("caller", caller);
        }
        return new Arguments(positional, named);
    }

    /** The value through a chain of filters, at whose beginning {@code text} stands where the chain has no value of its own. */
    Object filtered(Expression expression, Object text, Scope scope) {
        if (expression == null) {
            return text;
        }
        if (!(expression instanceof Expression.Filter filter)) {
            return value(expression, scope);
        }
        Object value = filtered(filter.value(), text, scope);
        Arguments arguments = arguments(filter.call(), scope, null);
        renderer.at(filter.line());
        Object result = filters.apply(filter.name(), value, arguments);
        if (result instanceof String made) {
            operators.check(made.length());
        }
        return result;
    }
}
