package dev.crane.engine.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

import dev.crane.engine.Backends;
import dev.crane.engine.CraneException;
import dev.crane.engine.Engine;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.cpu.CpuBackend;
import dev.crane.engine.backend.reference.ReferenceBackend;
import dev.crane.engine.check.RuleFinding.Outcome;
import dev.crane.engine.relevance.ConservationLedger;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Target;

/**
 * Whether a rule's twins agree and it keeps what the engine promises: the same gradients from the Java class and the device functions, op by op; the same from
 * its coefficients as from its functions; the same bits twice and with 1 and 2 threads; finite values; finite differences where it says that it is the
 * gradient; and, for information, how much relevance each op conserves.
 */
public final class RuleCheck {
    /** Relative to the largest value: f32 kernels sum in another order than the CPU; the ops' own tests hold the same bound. */
    private static final double TWINS = 1e-5;
    /** Four-point differences with a step of 1/64 of outputs in f32: h⁴ · f⁽⁵⁾ / 30 and 1e-7 · |f| / h are both below 1e-4. */
    private static final double DIFFERENCES = 1e-3;
    private static final float STEP = 1f / 64;

    private final Rule rule;
    private final List<RuleOp> ops;

    private RuleCheck(Rule rule) {
        this.rule = rule;
        ops = new ArrayList<>(RuleOp.all());
        if (rule.linearChanges())
            ops.add(RuleOp.linear());
        if (rule.gamma() != 0)
            ops.add(RuleOp.gamma());
    }

    /** Makes all checks; a failing one does not stop those that follow. */
    public static List<RuleFinding> run(Rule rule) {
        RuleCheck check = new RuleCheck(rule);
        return List.of(check.attempt("Java functions", check::functions), check.attempt("coefficients", check::coefficients),
                check.attempt("CUDA and Java", check::twins), check.attempt("finite differences", check::differences),
                check.attempt("same bits", check::bits), check.attempt("conservation", check::conservation));
    }

    /**
     * Whether the ledger of a sequence closes on a model: whether every loss has a name.
     *
     * @param ids two tokens or more
     */
    public static RuleFinding ledger(Engine engine, int[] ids, Rule rule) {
        return new RuleCheck(rule).attempt("ledger", () -> {
            ConservationLedger ledger = engine.ledger(ids, rule, new Target.MeanLogit());
            StringBuilder losses = new StringBuilder();
            ledger.losses().forEach((loss, value) -> losses.append(
                    Math.abs(value) < 1e-6 ? "" : String.format(Locale.ROOT, ", %s %.4f", loss.label(), value)));
            String told = String.format(Locale.ROOT, "of a target of %.4f, %.4f arrives at the embedding%s; unexplained %.1e",
                    ledger.target(),
                    ledger.arrived(), losses, ledger.error());
            return ledger.error() <= TWINS ? passed(told) : failed(told);
        });
    }

    private RuleFinding attempt(String name, Supplier<RuleFinding> check) {
        try {
            RuleFinding finding = check.get();
            return new RuleFinding(name, finding.outcome(), finding.detail());
        } catch (CraneException e) {
            return new RuleFinding(name, Outcome.FAILED, e.getMessage());
        }
    }

    private static RuleFinding passed(String detail) {
        return new RuleFinding("", Outcome.PASSED, detail);
    }

    private static RuleFinding failed(String detail) {
        return new RuleFinding("", Outcome.FAILED, detail);
    }

    private static RuleFinding skipped(String detail) {
        return new RuleFinding("", Outcome.SKIPPED, detail);
    }

    private RuleFinding functions() {
        try (Backend reference = new ReferenceBackend()) {
            for (RuleOp op : ops)
                for (Map.Entry<String, float[]> gradient : op.gradients(reference, rule).entrySet())
                    for (int i = 0; i < gradient.getValue().length; i++)
                        if (!Float.isFinite(gradient.getValue()[i]))
                            return failed(place(op, gradient.getKey(), i) + ": " + gradient.getValue()[i] + " from finite inputs");
        }
        return passed("finite everywhere");
    }

    private RuleFinding coefficients() {
        if (rule.coefficients().isEmpty())
            return skipped("the rule gives none; its functions are computed one value after another");
        try (Backend fast = new CpuBackend(1); Backend plain = new ReferenceBackend()) {
            return compare(fast, "by coefficients", plain, "by the functions");
        }
    }

    private RuleFinding twins() {
        Optional<String> obstacle = Backends.cudaObstacle();
        if (obstacle.isPresent())
            return skipped("no GPU here: " + obstacle.get());
        try (Backend cuda = Backends.create("cuda", 1); Backend cpu = new ReferenceBackend()) {
            try {
                RuleFinding finding = compare(cuda, "CUDA", cpu, "Java");
                if (finding.outcome() == Outcome.FAILED)
                    return finding;
                Optional<String> where = bits(cuda, cuda);
                return where.isPresent()
                        ? failed("not the same bits twice on the device: " + where.get())
                        : passed("on " + cuda.description() + ": " + finding.detail());
            } catch (RuntimeException e) {
                throw cuda.explained(e);
            }
        }
    }

    private RuleFinding compare(Backend a, String ofA, Backend b, String ofB) {
        double largest = 0;
        for (RuleOp op : ops) {
            Map<String, float[]> first = op.gradients(a, rule);
            Map<String, float[]> second = op.gradients(b, rule);
            for (String input : first.keySet()) {
                float[] x = first.get(input);
                float[] y = second.get(input);
                double scale = Math.max(size(x), size(y));
                int worst = 0;
                for (int i = 0; i < x.length; i++)
                    if (!(Math.abs((double) x[i] - y[i]) <= Math.abs((double) x[worst] - y[worst])))
                        worst = i;
                double error = Math.abs((double) x[worst] - y[worst]) / Math.max(scale, 1e-30);
                if (!(error <= TWINS))
                    return failed(
                            String.format(Locale.ROOT, "%s: %.7g %s, %.7g %s", place(op, input, worst), x[worst], ofA, y[worst], ofB));
                largest = Math.max(largest, error);
            }
        }
        return passed(String.format(Locale.ROOT, "%d ops differ by at most %.1e of the largest value", ops.size(), largest));
    }

    private static double size(float[] values) {
        double size = 0;
        for (float value : values)
            size = Math.max(size, Math.abs(value));
        return size;
    }

    private static String place(RuleOp op, String input, int i) {
        return op.inputs().get(input) + " (" + op.name() + ", gradient of " + input + ", token " + i / op.width() + ", unit "
                + i % op.width()
                + ")";
    }

    private RuleFinding differences() {
        if (!rule.isGradient())
            return skipped("the rule does not say that it is the gradient (isGradient)");
        double largest = 0;
        try (Backend reference = new ReferenceBackend()) {
            for (RuleOp op : RuleOp.all()) {
                if (op.name().endsWith("RELU"))
                    continue; // a step may cross its kink
                Map<String, float[]> gradients = op.gradients(reference, rule);
                for (String input : gradients.keySet()) {
                    float[] direction = op.random("direction");
                    double expected = slope(op, reference, input, direction);
                    double actual = 0;
                    double scale = 0;
                    for (int i = 0; i < direction.length; i++) {
                        actual += (double) direction[i] * gradients.get(input)[i];
                        scale += Math.pow((double) direction[i] * gradients.get(input)[i], 2);
                    }
                    double error = Math.abs(actual - expected) / Math.max(Math.sqrt(scale), 1);
                    if (!(error <= DIFFERENCES))
                        return failed(String.format(Locale.ROOT, "%s (%s, along a direction of %s): %.6f, finite differences %.6f",
                                op.inputs().get(input), op.name(), input, actual, expected));
                    largest = Math.max(largest, error);
                }
            }
        }
        return passed(String.format(Locale.ROOT, "within %.1e", largest));
    }

    private static double slope(RuleOp op, Backend backend, String input, float[] direction) {
        return (8 * (along(op, backend, input, direction, STEP) - along(op, backend, input, direction, -STEP))
                - (along(op, backend, input, direction, 2 * STEP) - along(op, backend, input, direction, -2 * STEP))) / (12 * STEP);
    }

    private static double along(RuleOp op, Backend backend, String input, float[] direction, float step) {
        float[] values = op.random(input);
        for (int i = 0; i < values.length; i++)
            values[i] += step * direction[i];
        float[] output = op.output(backend, Map.of(input, values));
        float[] upstream = op.random("upstream");
        double sum = 0;
        for (int i = 0; i < output.length; i++)
            sum += (double) output[i] * upstream[i];
        return sum;
    }

    private RuleFinding bits() {
        try (Backend one = new CpuBackend(1); Backend two = new CpuBackend(2)) {
            Optional<String> again = bits(one, one);
            if (again.isPresent())
                return failed("not the same bits twice: " + again.get());
            Optional<String> threads = bits(one, two);
            if (threads.isPresent())
                return failed("not the same bits with 1 and 2 threads: " + threads.get());
        }
        return passed("twice, and with 1 and 2 threads");
    }

    /** Where two runs differ. */
    private Optional<String> bits(Backend a, Backend b) {
        for (RuleOp op : ops) {
            Map<String, float[]> first = op.gradients(a, rule);
            Map<String, float[]> second = op.gradients(b, rule);
            for (String input : first.keySet()) {
                int at = Arrays.mismatch(first.get(input), second.get(input));
                if (at >= 0)
                    return Optional.of(place(op, input, at));
            }
        }
        return Optional.empty();
    }

    /** Σ input · gradient over Σ output · upstream for each op. */
    private RuleFinding conservation() {
        List<String> kept = new ArrayList<>();
        boolean all = true;
        try (Backend reference = new ReferenceBackend()) {
            for (RuleOp op : ops) {
                double in = 0;
                for (Map.Entry<String, float[]> gradient : op.gradients(reference, rule).entrySet())
                    in += dot(op.random(gradient.getKey()), gradient.getValue());
                double out = dot(op.output(reference, Map.of()), op.random("upstream"));
                all &= Math.abs(in / out - 1) < TWINS;
                kept.add(String.format(Locale.ROOT, "%s %.4g", op.name(), in / out));
            }
        }
        return new RuleFinding("", Outcome.NOTED,
                (all ? "every op conserves relevance" : "relevance behind each op for 1 before it: " + String.join(", ", kept)));
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++)
            sum += (double) a[i] * b[i];
        return sum;
    }
}
