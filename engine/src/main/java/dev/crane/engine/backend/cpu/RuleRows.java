package dev.crane.engine.backend.cpu;

import dev.crane.engine.backend.Activation;
import dev.crane.engine.relevance.Rule;

/** A rule's own functions on rows of n values, one value after another: for rules that cannot be told by {@link Rule.Coefficients}. */
final class RuleRows {
    private RuleRows() {
    }

    /**
     * factor = the rule's activation of x.
     *
     * @param rows holds a(x) at {@code act}; the next 2·n values behind {@code work} are overwritten
     */
    static void activation(Rule rule, Activation activation, float[] x, int xAt, float[] rows, int act, int work, float[] factor,
            int factorAt,
            int n, float[] scratch) {
        UnaryFunction.ratio(activation).apply(x, xAt, rows, work, n, scratch);
        UnaryFunction.derivative(activation).apply(x, xAt, rows, work + n, n, scratch);
        for (int i = 0; i < n; i++)
            factor[factorAt + i] = rule.activation(x[xAt + i], rows[act + i], rows[work + i], rows[work + n + i]);
    }

    /** dGate = the gradient of act, dUp that of up. */
    static void product(Rule rule, float[] rows, int product, int act, float[] up, float[] dGate, float[] dUp, int at, int n) {
        for (int i = 0; i < n; i++) {
            float u = up[at + i]; // dUp may be up
            dGate[at + i] = rule.gate(rows[product + i], rows[act + i], u);
            dUp[at + i] = rule.up(rows[product + i], rows[act + i], u);
        }
    }

    /**
     * dx += inverse · (norm(g, x̂, mean(g·x̂)) − shift).
     *
     * @param normalised x̂, or null where the rule does not read it
     */
    static void norm(Rule rule, float[] g, float[] normalised, float inverse, float shift, float[] dx, int at, int n) {
        float mean = normalised == null ? 0 : (float) (Lanes.dot(g, 0, normalised, 0, n) / n);
        for (int i = 0; i < n; i++)
            dx[at + i] += inverse * (rule.norm(g[i], normalised == null ? 0 : normalised[i], mean) - shift);
    }

    /** gradient = linear(z, gradient). */
    static void linear(Rule rule, float[] z, float[] gradient, int from, int to) {
        for (int i = from; i < to; i++)
            gradient[i] = rule.linear(z[i], gradient[i]);
    }
}
