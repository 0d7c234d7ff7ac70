package dev.crane.models.jinja;

import java.util.List;

/** What is done. Lines count from 1. */
sealed interface Statement {
    /** Text as it is. */
    record Data(String text) implements Statement {}

    /** {@code {{ value }}}. */
    record Print(Expression value, int line) implements Statement {}

    /** Conditions and what is done under each; under a null condition, the last, otherwise. */
    record If(List<Expression> conditions, List<List<Statement>> bodies, int line) implements Statement {}

    /** A loop; condition may be null, and so may otherwise. */
    record For(Target target, Expression items, Expression condition, boolean recursive, List<Statement> body, List<Statement> otherwise,
            int line) implements Statement {}

    /** {@code set target = value}. */
    record Set(Target target, Expression value, int line) implements Statement {}

    /** {@code set target} with a body, whose text goes through the filter, if it is not null. */
    record SetBlock(Target target, Expression filter, List<Statement> body, int line) implements Statement {}

    /** {@code with a = b}. */
    record With(List<Target> targets, List<Expression> values, List<Statement> body, int line) implements Statement {}

    /** {@code macro name(parameters)}. */
    record Macro(String name, Signature signature, List<Statement> body, int line) implements Statement {}

    /** {@code call(parameters) function(…)}. */
    record CallBlock(Signature signature, Expression.FunctionCall call, List<Statement> body, int line) implements Statement {}

    /** {@code filter name(…)}. */
    record FilterBlock(Expression filter, List<Statement> body, int line) implements Statement {}

    /** A body with variables of its own: {@code block}, {@code generation}. */
    record Body(List<Statement> body, int line) implements Statement {}

    /** {@code break}, or {@code continue}. */
    record Leave(boolean goesOn, int line) implements Statement {}

    /** Parameters; the last ones have defaults. */
    record Signature(List<String> names, List<Expression> defaults) {}

    /** What can be assigned to. */
    sealed interface Target {
        /** A variable. */
        record Variable(String name) implements Target {}

        /** {@code name.attribute} of a namespace. */
        record NamespaceMember(String name, String attribute) implements Target {}

        /** {@code a, b}. */
        record Unpacked(List<Target> targets) implements Target {}
    }
}
