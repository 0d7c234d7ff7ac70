package dev.crane.models.jinja;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import dev.crane.models.jinja.Statement.Target;

/** One rendering: runs the statements, and counts what it uses up. */
final class Renderer {
    /** Variables, and those of the scope around. */
    static final class Scope {
        private final Scope around;
        private final Map<String, Object> variables = new HashMap<>();

        Scope(Scope around) {
            this.around = around;
        }

        void set(String name, Object value) {
            variables.put(name, value);
        }

        /** The value, or this where there is no such variable. */
        Object find(String name) {
            for (Scope scope = this; scope != null; scope = scope.around) {
                if (scope.variables.containsKey(name)) {
                    return scope.variables.get(name);
                }
            }
            return this;
        }
    }

    /** How a body ended. */
    private enum Way {
        ON, BREAK, CONTINUE
    }

    private final Environment environment;
    private final Evaluator evaluator;
    private StringBuilder out = new StringBuilder();
    private long steps;
    private int depth;
    private int line = 1;

    Renderer(Environment environment) {
        this.environment = environment;
        evaluator = new Evaluator(this, environment);
    }

    /** Where it is, for errors. */
    int line() {
        return line;
    }

    void at(int where) {
        line = where;
        step();
    }

    void step() {
        if (++steps > environment.limits().steps()) {
            throw new TemplateError("it takes more than " + environment.limits().steps() + " steps");
        }
    }

    String render(List<Statement> body, Map<String, Object> variables) {
        Scope globals = new Scope(null);
        Globals.all(environment).forEach(globals::set);
        Scope scope = new Scope(globals);
        variables.forEach(scope::set);
        run(body, new Scope(scope));
        return out.toString();
    }

    private void write(String text) {
        if ((long) out.length() + text.length() > environment.limits().output()) {
            throw new TemplateError("the text has more than " + environment.limits().output() + " characters");
        }
        out.append(text);
    }

    private Way run(List<Statement> body, Scope scope) {
        for (Statement statement : body) {
            Way way = run(statement, scope);
            if (way != Way.ON) {
                return way;
            }
        }
        return Way.ON;
    }

    /** The text that a body makes. */
    private String text(List<Statement> body, Scope scope) {
        StringBuilder before = out;
        out = new StringBuilder();
        try {
            run(body, scope);
            return out.toString();
        } finally {
            out = before;
        }
    }

    private Way run(Statement statement, Scope scope) {
        step();
        switch (statement) {
            case Statement.Data data -> write(data.text());
            case Statement.Print print -> {
                line = print.line();
                write(Texts.string(evaluator.value(print.value(), scope)));
            }
            case Statement.If branches -> {
                line = branches.line();
                for (int i = 0; i < branches.conditions().size(); i++) {
                    Expression condition = branches.conditions().get(i);
                    if (condition == null || Values.truth(evaluator.value(condition, scope))) {
                        return run(branches.bodies().get(i), scope);
                    }
                }
            }
            case Statement.For loop -> {
                line = loop.line();
                loop(loop, evaluator.value(loop.items(), scope), scope, 0);
            }
            case Statement.Set set -> {
                line = set.line();
                assign(set.target(), evaluator.value(set.value(), scope), scope);
            }
            case Statement.SetBlock set -> {
                line = set.line();
                Object text = text(set.body(), new Scope(scope));
                assign(set.target(), set.filter() == null ? text : evaluator.filtered(set.filter(), text, scope), scope);
            }
            case Statement.With with -> {
                line = with.line();
                Scope inner = new Scope(scope);
                for (int i = 0; i < with.targets().size(); i++) {
                    assign(with.targets().get(i), evaluator.value(with.values().get(i), scope), inner);
                }
                return run(with.body(), inner);
            }
            case Statement.Macro macro -> {
                line = macro.line();
                scope.set(macro.name(), macro(macro.name(), macro.signature(), macro.body(), scope));
            }
            case Statement.CallBlock block -> {
                line = block.line();
                Function caller = macro("caller", block.signature(), block.body(), scope);
                write(Texts.string(evaluator.call(block.call(), scope, caller)));
            }
            case Statement.FilterBlock block -> {
                line = block.line();
                write(Texts.string(evaluator.filtered(block.filter(), text(block.body(), new Scope(scope)), scope)));
            }
            case Statement.Body body -> {
                line = body.line();
                return run(body.body(), new Scope(scope));
            }
            case Statement.Leave leave -> {
                return leave.goesOn() ? Way.CONTINUE : Way.BREAK;
            }
        }
        return Way.ON;
    }

    private void loop(Statement.For loop, Object over, Scope scope, int level) {
        List<Object> items = Values.items(over);
        if (loop.condition() != null) {
            List<Object> kept = new ArrayList<>();
            for (Object item : items) {
                Scope inner = new Scope(scope);
                assign(loop.target(), item, inner);
                if (Values.truth(evaluator.value(loop.condition(), inner))) {
                    kept.add(item);
                }
            }
            items = kept;
        }
        Function recursion = loop.recursive() ? arguments -> nested(loop, arguments.need(0, "iterable"), scope, level + 1) : null;
        LoopState state = new LoopState(items, level, recursion, environment.strictUndefined());
        for (Object item : items) {
            step();
            state.advance();
            Scope inner = new Scope(scope);
            inner.set("loop", state);
            assign(loop.target(), item, inner);
            if (run(loop.body(), inner) == Way.BREAK) {
                break;
            }
        }
        if (items.isEmpty() && loop.otherwise() != null) {
            run(loop.otherwise(), new Scope(scope));
        }
    }

    private String nested(Statement.For loop, Object items, Scope scope, int level) {
        enter();
        StringBuilder before = out;
        out = new StringBuilder();
        try {
            loop(loop, items, scope, level);
            return out.toString();
        } finally {
            out = before;
            depth--;
        }
    }

    private void enter() {
        if (++depth > environment.limits().depth()) {
            throw new TemplateError("macros or loops call one another more than " + environment.limits().depth() + " deep");
        }
    }

    private static void assign(Target target, Object value, Scope scope) {
        switch (target) {
            case Target.Variable variable -> scope.set(variable.name(), value);
            case Target.NamespaceMember member -> {
                if (!(scope.find(member.name()) instanceof Namespace namespace)) {
                    throw new TemplateError("cannot assign attribute on non-namespace object");
                }
                namespace.members().put(member.attribute(), value);
            }
            case Target.Unpacked unpacked -> {
                List<Object> items = Values.items(value);
                int wanted = unpacked.targets().size();
                if (items.size() != wanted) {
                    throw new TemplateError(items.size() < wanted
                            ? "not enough values to unpack (expected " + wanted + ", got " + items.size() + ")"
                            : "too many values to unpack (expected " + wanted + ")");
                }
                for (int i = 0; i < wanted; i++) {
                    assign(unpacked.targets().get(i), items.get(i), scope);
                }
            }
        }
    }

    private Function macro(String name, Statement.Signature signature, List<Statement> body, Scope scope) {
        return new MacroCall(name, signature, body, scope);
    }

    /** A macro, which sees the variables where it was defined. */
    private final class MacroCall implements Function {
        private final String name;
        private final Statement.Signature signature;
        private final List<Statement> body;
        private final Scope scope;

        MacroCall(String name, Statement.Signature signature, List<Statement> body, Scope scope) {
            this.name = name;
            this.signature = signature;
            this.body = body;
            this.scope = scope;
        }

        @Override
        public Object call(Arguments arguments) {
            int from = line;
            enter();
            Scope inner = new Scope(scope);
            List<String> names = signature.names();
            Map<String, Object> named = new LinkedHashMap<>(arguments.named());
            inner.set("caller",
                    named.containsKey("caller") ? named.remove("caller") : Undefined.name("caller", environment.strictUndefined()));
            inner.set("varargs", new Values.Tuple(arguments.after(names.size()).positional()));
            int firstDefault = names.size() - signature.defaults().size();
            for (int i = 0; i < names.size(); i++) {
                String parameter = names.get(i);
                if (i < arguments.positional().size()) {
                    if (named.containsKey(parameter)) {
                        throw new TemplateError("macro " + Texts.repr(name) + " got multiple values for argument " + Texts.repr(parameter));
                    }
                    inner.set(parameter, arguments.positional().get(i));
                } else if (named.containsKey(parameter)) {
                    inner.set(parameter, named.remove(parameter));
                } else if (i >= firstDefault) {
                    inner.set(parameter, evaluator.value(signature.defaults().get(i - firstDefault), inner));
                } else {
                    inner.set(parameter,
                            new Undefined("parameter " + Texts.repr(parameter) + " was not provided", environment.strictUndefined()));
                }
            }
            inner.set("kwargs", named);
            String text = text(body, inner);
            depth--;
            line = from;
            return text;
        }
    }
}
