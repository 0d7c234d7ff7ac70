package dev.crane.models.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import dev.crane.models.jinja.Expression.Call;
import dev.crane.models.jinja.Token.Kind;

/** Reads expressions; follows Jinja2's {@code parser.py}, whose rules of precedence are Python's but for filters, tests and the sign. */
class ExpressionParser {
    /** Deeper expressions and bodies come from no person, and would fill the stack. */
    private static final int DEEPEST = 200;
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

    final Environment environment;
    private final List<Token> tokens;
    private int at;
    private int depth;

    ExpressionParser(List<Token> tokens, Environment environment) {
        this.environment = environment;
        this.tokens = tokens;
    }

    final Token current() {
        return tokens.get(at);
    }

    final Token look() {
        return tokens.get(Math.min(at + 1, tokens.size() - 1));
    }

    final Token next() {
        Token token = tokens.get(at);
        at = Math.min(at + 1, tokens.size() - 1);
        return token;
    }

    final boolean skipName(String name) {
        return current().isName(name) && next() != null;
    }

    final boolean skipOperator(String operator) {
        return current().isOperator(operator) && next() != null;
    }

    final Token expect(Kind kind, String what) {
        if (current().kind() != kind) {
            throw fail("expected token '" + what + "', got '" + current().describe() + "'");
        }
        return next();
    }

    final void expectOperator(String operator) {
        if (!skipOperator(operator)) {
            throw fail("expected token '" + operator + "', got '" + current().describe() + "'");
        }
    }

    final SyntaxError fail(String what) {
        return new SyntaxError(current().line(), what);
    }

    final void enter() {
        if (++depth > DEEPEST) {
            throw fail("it is nested more than " + DEEPEST + " deep");
        }
    }

    final void leave() {
        depth--;
    }

    final Expression expression() {
        enter();
        int line = current().line();
        Expression value = or();
        while (skipName("if")) {
            Expression condition = or();
            Expression otherwise = skipName("else") ? expression() : null;
            value = new Expression.Conditional(condition, value, otherwise, line);
        }
        leave();
        return value;
    }

    /** Without {@code if}, which after a loop's items is its condition. */
    final Expression or() {
        Expression left = and();
        while (current().isName("or")) {
            int line = next().line();
            left = new Expression.Binary("or", left, and(), line);
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (current().isName("and")) {
            int line = next().line();
            left = new Expression.Binary("and", left, not(), line);
        }
        return left;
    }

    private Expression not() {
        if (current().isName("not")) {
            int line = next().line();
            enter();
            Expression operand = not();
            leave();
            return new Expression.Unary("not", operand, line);
        }
        return comparison();
    }

    private Expression comparison() {
        int line = current().line();
        Expression first = sum();
        List<String> operators = new ArrayList<>();
        List<Expression> operands = new ArrayList<>();
        while (true) {
            if (current().kind() == Kind.OPERATOR && COMPARISONS.contains(current().text())) {
                operators.add(next().text());
            } else if (skipName("in")) {
                operators.add("in");
            } else if (current().isName("not") && look().isName("in")) {
                next();
                next();
                operators.add("not in");
            } else {
                return operators.isEmpty() ? first : new Expression.Comparison(first, operators, operands, line);
            }
            operands.add(sum());
        }
    }

    private Expression sum() {
        Expression left = concatenation();
        while (current().isOperator("+") || current().isOperator("-")) {
            Token operator = next();
            left = new Expression.Binary(operator.text(), left, concatenation(), operator.line());
        }
        return left;
    }

    private Expression concatenation() {
        int line = current().line();
        Expression first = product();
        if (!current().isOperator("~")) {
            return first;
        }
        List<Expression> parts = new ArrayList<>(List.of(first));
        while (skipOperator("~")) {
            parts.add(product());
        }
        return new Expression.Concatenation(parts, line);
    }

    private Expression product() {
        Expression left = power();
        while (current().isOperator("*") || current().isOperator("/") || current().isOperator("//") || current().isOperator("%")) {
            Token operator = next();
            left = new Expression.Binary(operator.text(), left, power(), operator.line());
        }
        return left;
    }

    private Expression power() {
        Expression left = unary(true);
        while (current().isOperator("**")) {
            Token operator = next();
            left = new Expression.Binary("**", left, unary(true), operator.line());
        }
        return left;
    }

    private Expression unary(boolean withFilter) {
        Expression value;
        if (current().isOperator("-") || current().isOperator("+")) {
            Token operator = next();
            enter();
            value = new Expression.Unary(operator.text(), unary(false), operator.line());
            leave();
        } else {
            value = primary();
        }
        value = postfix(value);
        return withFilter ? filters(value) : value;
    }

    final Expression primary() {
        Token token = current();
        return switch (token.kind()) {
            case NAME -> {
                next();
                yield switch (token.text()) {
                    case "true", "True" -> new Expression.Constant(true);
                    case "false", "False" -> new Expression.Constant(false);
                    case "none", "None" -> new Expression.Constant(null);
                    default -> new Expression.Name(token.text(), token.line());
                };
            }
            case STRING -> {
                StringBuilder text = new StringBuilder();
                while (current().kind() == Kind.STRING) {
                    text.append(next().text());
                }
                yield new Expression.Constant(text.toString());
            }
            case INTEGER, FLOAT -> new Expression.Constant(next().value());
            default -> bracketed();
        };
    }

    private Expression bracketed() {
        if (skipOperator("(")) {
            Expression inside = tuple(true, null);
            expectOperator(")");
            return inside;
        }
        if (skipOperator("[")) {
            List<Expression> items = new ArrayList<>();
            while (!current().isOperator("]")) {
                if (!items.isEmpty()) {
                    expectOperator(",");
                }
                if (!current().isOperator("]")) {
                    items.add(expression());
                }
            }
            expectOperator("]");
            return new Expression.Sequence(items, false);
        }
        if (skipOperator("{")) {
            return dict();
        }
        throw fail("unexpected '" + current().describe() + "'");
    }

    private Expression dict() {
        List<Expression> keys = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (!current().isOperator("}")) {
            if (!keys.isEmpty()) {
                expectOperator(",");
            }
            if (!current().isOperator("}")) {
                keys.add(expression());
                expectOperator(":");
                values.add(expression());
            }
        }
        expectOperator("}");
        return new Expression.Dict(keys, values);
    }

    /**
     * Expressions with commas between, which are a tuple, or one.
     *
     * @param inBrackets whether there may be none
     * @param endName a name that ends it, or null
     */
    final Expression tuple(boolean inBrackets, String endName) {
        List<Expression> items = new ArrayList<>();
        boolean tuple = false;
        while (true) {
            if (!items.isEmpty()) {
                expectOperator(",");
            }
            if (isTupleEnd(endName)) {
                break;
            }
            items.add(expression());
            if (!current().isOperator(",")) {
                break;
            }
            tuple = true;
        }
        if (!tuple && !items.isEmpty()) {
            return items.getFirst();
        }
        if (!tuple && !inBrackets) {
            throw fail("Expected an expression, got '" + current().describe() + "'");
        }
        return new Expression.Sequence(items, true);
    }

    private boolean isTupleEnd(String endName) {
        Token token = current();
        return token.kind() == Kind.VARIABLE_END || token.kind() == Kind.BLOCK_END || token.isOperator(")")
                || (endName != null && token.isName(endName));
    }

    final Expression postfix(Expression value) {
        Expression result = value;
        while (true) {
            if (current().isOperator(".") || current().isOperator("[")) {
                result = subscript(result);
            } else if (current().isOperator("(")) {
                int line = current().line();
                result = new Expression.FunctionCall(result, call(), line);
            } else {
                return result;
            }
        }
    }

    private Expression filters(Expression value) {
        Expression result = value;
        while (true) {
            if (current().isOperator("|")) {
                next();
                result = filter(result);
            } else if (current().isName("is")) {
                result = test(result);
            } else if (current().isOperator("(")) {
                int line = current().line();
                result = new Expression.FunctionCall(result, call(), line);
            } else {
                return result;
            }
        }
    }

    /** A filter, and those after it. */
    final Expression filterChain(Expression value) {
        Expression result = filter(value);
        while (skipOperator("|")) {
            result = filter(result);
        }
        return result;
    }

    private Expression filter(Expression value) {
        Token token = current();
        String name = dottedName();
        if (!Filters.isKnown(name, environment)) {
            throw new SyntaxError(token.line(), "No filter named " + Texts.repr(name) + ".");
        }
        Call call = current().isOperator("(") ? call() : Call.EMPTY;
        return new Expression.Filter(value, name, call, token.line());
    }

    private String dottedName() {
        StringBuilder name = new StringBuilder(expect(Kind.NAME, "name").text());
        while (skipOperator(".")) {
            name.append('.').append(expect(Kind.NAME, "name").text());
        }
        return name.toString();
    }

    private Expression test(Expression value) {
        int line = next().line();
        boolean negated = skipName("not");
        String name = dottedName();
        if (!Tests.isKnown(name)) {
            throw new SyntaxError(line, "No test named " + Texts.repr(name) + ".");
        }
        Call call = Call.EMPTY;
        Token token = current();
        if (token.isOperator("(")) {
            call = call();
        } else if (switch (token.kind()) {
            case NAME -> !token.isName("else") && !token.isName("or") && !token.isName("and");
            case STRING, INTEGER, FLOAT -> true;
            default -> token.isOperator("[") || token.isOperator("{");
        }) {
            if (token.isName("is")) {
                throw fail("You cannot chain multiple tests with is");
            }
            call = new Call(List.of(postfix(primary())), List.of(), List.of(), null, null);
        }
        Expression test = new Expression.Test(value, name, call, line);
        return negated ? new Expression.Unary("not", test, line) : test;
    }

    private Expression subscript(Expression of) {
        Token open = next();
        if (open.isOperator(".")) {
            Token name = next();
            if (name.kind() == Kind.NAME) {
                return new Expression.Attribute(of, name.text(), open.line());
            }
            if (name.kind() != Kind.INTEGER) {
                throw new SyntaxError(name.line(), "expected name or number");
            }
            return new Expression.Item(of, new Expression.Constant(name.value()), open.line());
        }
        List<Expression> indices = new ArrayList<>();
        while (!current().isOperator("]")) {
            if (!indices.isEmpty()) {
                expectOperator(",");
            }
            indices.add(index());
        }
        expectOperator("]");
        return new Expression.Item(of, indices.size() == 1 ? indices.getFirst() : new Expression.Sequence(indices, true), open.line());
    }

    private Expression index() {
        Expression start = null;
        if (!current().isOperator(":")) {
            start = expression();
            if (!current().isOperator(":")) {
                return start;
            }
        }
        next();
        Expression stop = endsSlicePart() ? null : expression();
        Expression step = skipOperator(":") && !endsSlicePart() ? expression() : null;
        return new Expression.Slice(start, stop, step);
    }

    private boolean endsSlicePart() {
        return current().isOperator(":") || current().isOperator("]") || current().isOperator(",");
    }

    final Call call() {
        int line = current().line();
        expectOperator("(");
        List<Expression> positional = new ArrayList<>();
        List<String> names = new ArrayList<>();
        List<Expression> named = new ArrayList<>();
        Expression list = null;
        Expression dict = null;
        boolean comma = false;
        while (!current().isOperator(")")) {
            if (comma) {
                expectOperator(",");
                if (current().isOperator(")")) {
                    break;
                }
            }
            boolean legal = dict == null;
            if (skipOperator("*")) {
                legal &= list == null;
                list = expression();
            } else if (skipOperator("**")) {
                dict = expression();
            } else if (current().kind() == Kind.NAME && look().isOperator("=")) {
                names.add(next().text());
                next();
                named.add(expression());
            } else {
                legal &= list == null && names.isEmpty();
                positional.add(expression());
            }
            if (!legal) {
                throw new SyntaxError(line, "invalid syntax for function call expression");
            }
            comma = true;
        }
        expectOperator(")");
        return new Call(positional, names, named, list, dict);
    }
}
