package dev.crane.models.jinja;

import java.util.List;

/** What has a value. Lines count from 1. */
sealed interface Expression {
    /** A constant. */
    record Constant(Object value) implements Expression {}

    /** A variable. */
    record Name(String name, int line) implements Expression {}

    /** {@code [a, b]}, or {@code (a, b)} as a tuple. */
    record Sequence(List<Expression> items, boolean tuple) implements Expression {}

    /** {@code {a: b}}. */
    record Dict(List<Expression> keys, List<Expression> values) implements Expression {}

    /** {@code of.name}. */
    record Attribute(Expression of, String name, int line) implements Expression {}

    /** {@code of[index]}. */
    record Item(Expression of, Expression index, int line) implements Expression {}

    /** {@code start:stop:step} between brackets; parts may be null. */
    record Slice(Expression start, Expression stop, Expression step) implements Expression {}

    /** {@code +a}, {@code -a}, {@code not a}. */
    record Unary(String operator, Expression operand, int line) implements Expression {}

    /** Arithmetic, {@code and}, {@code or}. */
    record Binary(String operator, Expression left, Expression right, int line) implements Expression {}

    /** {@code a ~ b ~ c}. */
    record Concatenation(List<Expression> parts, int line) implements Expression {}

    /** {@code first < a < b}: true if each is. */
    record Comparison(Expression first, List<String> operators, List<Expression> operands, int line) implements Expression {}

    /** {@code then if condition else otherwise}; otherwise may be null. */
    record Conditional(Expression condition, Expression then, Expression otherwise, int line) implements Expression {}

    /** What stands between the brackets of a call. */
    record Call(List<Expression> positional, List<String> names, List<Expression> named, Expression list, Expression dict) {
        static final Call EMPTY = new Call(List.of(), List.of(), List.of(), null, null);

        boolean isEmpty() {
            return positional.isEmpty() && named.isEmpty() && list == null && dict == null;
        }
    }

    /** {@code function(…)}. */
    record FunctionCall(Expression function, Call call, int line) implements Expression {}

    /** {@code value|name(…)}; the value is null in a filter block, where it is the block's text. */
    record Filter(Expression value, String name, Call call, int line) implements Expression {}

    /** {@code value is name(…)}. */
    record Test(Expression value, String name, Call call, int line) implements Expression {}
}
