package dev.crane.models.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import dev.crane.models.jinja.Statement.Target;
import dev.crane.models.jinja.Token.Kind;

/** Reads a template's statements. */
final class TemplateParser extends ExpressionParser {
    private int loops;

    private TemplateParser(String source, Environment environment) {
        super(Lexer.tokens(source, environment), environment);
    }

    static List<Statement> parse(String source, Environment environment) {
        TemplateParser parser = new TemplateParser(source, environment);
        return parser.body(Set.of());
    }

    /** Statements up to a tag of one of these names, which is the current token then; without names, up to the end. */
    private List<Statement> body(Set<String> ends) {
        enter();
        List<Statement> body = new ArrayList<>();
        while (true) {
            Token token = next();
            switch (token.kind()) {
                case DATA -> body.add(new Statement.Data(token.text()));
                case VARIABLE_BEGIN -> {
                    body.add(new Statement.Print(tuple(false, null), token.line()));
                    expect(Kind.VARIABLE_END, "end of print statement");
                }
                case BLOCK_BEGIN -> {
                    if (current().kind() == Kind.NAME && ends.contains(current().text())) {
                        leave();
                        return body;
                    }
                    body.add(statement(ends));
                    expect(Kind.BLOCK_END, "end of statement block");
                }
                default -> {
                    if (!ends.isEmpty()) {
                        throw new SyntaxError(token.line(), "Unexpected end of template. Jinja was looking for the following tags: "
                                + String.join(" or ", ends.stream().sorted().map(end -> "'" + end + "'").toList()) + ".");
                    }
                    leave();
                    return body;
                }
            }
        }
    }

    /** The statements of a tag up to {@code end}; that is read too. */
    private List<Statement> bodyTo(String end) {
        expect(Kind.BLOCK_END, "end of statement block");
        List<Statement> body = body(Set.of(end));
        next();
        return body;
    }

    private Statement statement(Set<String> ends) {
        Token tag = expect(Kind.NAME, "name");
        int line = tag.line();
        return switch (tag.text()) {
            case "for" -> loop(line);
            case "if" -> condition(line);
            case "set" -> set(line);
            case "with" -> with(line);
            case "macro" -> {
                String name = expect(Kind.NAME, "name").text();
                Statement.Signature signature = signature();
                yield new Statement.Macro(name, signature, bodyTo("endmacro"), line);
            }
            case "call" -> {
                Statement.Signature signature = current().isOperator("(") ? signature() : new Statement.Signature(List.of(), List.of());
                if (!(expression() instanceof Expression.FunctionCall call)) {
                    throw new SyntaxError(line, "expected call");
                }
                yield new Statement.CallBlock(signature, call, bodyTo("endcall"), line);
            }
            case "filter" -> {
                Expression filter = filterChain(null);
                yield new Statement.FilterBlock(filter, bodyTo("endfilter"), line);
            }
            case "print" -> new Statement.Print(tuple(false, null), line);
            case "block" -> {
                String name = expect(Kind.NAME, "name").text();
                List<Statement> body = bodyTo("endblock");
                skipName(name);
                yield new Statement.Body(body, line);
            }
            case "include", "import", "from", "extends" ->
                throw new SyntaxError(line, "'" + tag.text() + "' needs other templates, and there are none");
            default -> {
                if (environment.generation() && tag.text().equals("generation")) {
                    yield new Statement.Body(bodyTo("endgeneration"), line);
                }
                if (environment.loopControls() && (tag.text().equals("break") || tag.text().equals("continue"))) {
                    if (loops == 0) {
                        throw new SyntaxError(line, "'" + tag.text() + "' outside loop");
                    }
                    yield new Statement.Leave(tag.text().equals("continue"), line);
                }
                throw new SyntaxError(line, "Encountered unknown tag '" + tag.text() + "'."
                        + (ends.isEmpty()
                                ? ""
                                : " Jinja was looking for the following tags: '" + String.join("' or '", ends.stream().sorted().toList())
                                        + "'."));
            }
        };
    }

    private Statement loop(int line) {
        Target target = target(false, "in");
        if (!skipName("in")) {
            throw fail("expected token 'in', got '" + current().describe() + "'");
        }
        Expression items = loopItems();
        Expression condition = skipName("if") ? expression() : null;
        boolean recursive = skipName("recursive");
        expect(Kind.BLOCK_END, "end of statement block");
        loops++;
        List<Statement> body = body(Set.of("endfor", "else"));
        loops--;
        List<Statement> otherwise = next().isName("else") ? bodyTo("endfor") : null;
        return new Statement.For(target, items, condition, recursive, body, otherwise, line);
    }

    /** Without a conditional expression, whose {@code if} is the loop's. */
    private Expression loopItems() {
        List<Expression> items = new ArrayList<>(List.of(or()));
        boolean tuple = false;
        while (skipOperator(",")) {
            tuple = true;
            if (current().kind() == Kind.BLOCK_END || current().isName("recursive")) {
                break;
            }
            items.add(or());
        }
        return tuple ? new Expression.Sequence(items, true) : items.getFirst();
    }

    private Statement condition(int line) {
        List<Expression> conditions = new ArrayList<>();
        List<List<Statement>> bodies = new ArrayList<>();
        conditions.add(tuple(false, null)); // a comma makes a tuple, which is true
        while (true) {
            expect(Kind.BLOCK_END, "end of statement block");
            bodies.add(body(Set.of("elif", "else", "endif")));
            String tag = next().text();
            if (tag.equals("elif")) {
                conditions.add(tuple(false, null));
            } else if (tag.equals("else")) {
                conditions.add(null);
                bodies.add(bodyTo("endif"));
                return new Statement.If(conditions, bodies, line);
            } else {
                return new Statement.If(conditions, bodies, line);
            }
        }
    }

    private Statement set(int line) {
        Target target = target(true, null);
        if (skipOperator("=")) {
            return new Statement.Set(target, tuple(false, null), line);
        }
        Expression filter = skipOperator("|") ? filterChain(null) : null;
        return new Statement.SetBlock(target, filter, bodyTo("endset"), line);
    }

    private Statement with(int line) {
        List<Target> targets = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (current().kind() != Kind.BLOCK_END) {
            if (!targets.isEmpty()) {
                expectOperator(",");
            }
            targets.add(oneTarget(false));
            expectOperator("=");
            values.add(expression());
        }
        return new Statement.With(targets, values, bodyTo("endwith"), line);
    }

    private Target target(boolean namespaces, String endName) {
        List<Target> targets = new ArrayList<>();
        boolean tuple = false;
        while (true) {
            targets.add(oneTarget(namespaces));
            if (!skipOperator(",")) {
                break;
            }
            tuple = true;
            if (current().isOperator("=") || (endName != null && current().isName(endName))) {
                break;
            }
        }
        return tuple ? new Target.Unpacked(targets) : targets.getFirst();
    }

    private Target oneTarget(boolean namespaces) {
        if (skipOperator("(")) {
            Target inside = target(namespaces, null);
            expectOperator(")");
            return inside;
        }
        String name = expect(Kind.NAME, "name").text();
        if (Set.of("true", "false", "none", "True", "False", "None").contains(name)) {
            throw fail("can't assign to '" + name + "'");
        }
        if (namespaces && skipOperator(".")) {
            return new Target.NamespaceMember(name, expect(Kind.NAME, "name").text());
        }
        return new Target.Variable(name);
    }

    private Statement.Signature signature() {
        List<String> names = new ArrayList<>();
        List<Expression> defaults = new ArrayList<>();
        expectOperator("(");
        while (!current().isOperator(")")) {
            if (!names.isEmpty()) {
                expectOperator(",");
            }
            names.add(expect(Kind.NAME, "name").text());
            if (skipOperator("=")) {
                defaults.add(expression());
            } else if (!defaults.isEmpty()) {
                throw fail("non-default argument follows default argument");
            }
        }
        expectOperator(")");
        return new Statement.Signature(names, defaults);
    }
}
