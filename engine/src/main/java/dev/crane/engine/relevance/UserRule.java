package dev.crane.engine.relevance;

import java.util.Optional;
import java.util.function.Supplier;

import dev.crane.engine.CraneException;

/**
 * A rule that does not belong to this build, with its device functions. What its Java twin throws becomes one line that names the rule, the function and
 * the line it was thrown at.
 */
public final class UserRule implements Rule {
    private final Rule rule;
    private final DeviceFunctions deviceFunctions;
    private final String origin;
    private final String hash;
    private final String name;
    private final String description;
    private final boolean normReadsInput;
    private final boolean linearChanges;
    private final float gamma;
    private final boolean gradient;
    private final float attentionQuery;
    private final float attentionKey;
    private final float attentionValue;
    private final Optional<Coefficients> coefficients;

    /**
     * @param rule the Java twin
     * @param deviceFunctions the other
     * @param origin the file it comes from, for people
     * @param hash of both twins, for provenance
     * @throws CraneException if the Java twin throws, or its name cannot be one
     */
    public UserRule(Rule rule, DeviceFunctions deviceFunctions, String origin, String hash) {
        this.rule = rule;
        this.deviceFunctions = deviceFunctions;
        this.origin = origin;
        this.hash = hash;
        String named = rule.getClass().getName();
        name = value(named, "name", rule::name);
        if (name == null || !name.matches("[a-z0-9][a-z0-9-]{0,63}"))
            throw new CraneException(origin + ": the rule's name '" + name + "' must be lower-case letters, digits and '-', at most 64");
        String told = value(name, "description", rule::description);
        description = told == null ? "" : told.lines().findFirst().orElse("");
        normReadsInput = value(name, "normReadsInput", rule::normReadsInput);
        linearChanges = value(name, "linearChanges", rule::linearChanges);
        gamma = value(name, "gamma", rule::gamma);
        gradient = value(name, "isGradient", rule::isGradient);
        attentionQuery = value(name, "attentionQuery", rule::attentionQuery);
        attentionKey = value(name, "attentionKey", rule::attentionKey);
        attentionValue = value(name, "attentionValue", rule::attentionValue);
        coefficients = value(name, "coefficients", rule::coefficients);
        for (float factor : new float[]{attentionQuery, attentionKey, attentionValue})
            if (!Float.isFinite(factor))
                throw new CraneException(origin + ": a factor of attention of the rule '" + name + "' is " + factor);
        if (!Float.isFinite(gamma) || gamma < 0)
            throw new CraneException(origin + ": gamma of the rule '" + name + "' is " + gamma + "; it must be 0 or more");
    }

    private static <T> T value(String name, String function, Supplier<T> supplier) {
        try {
            return supplier.get();
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
            throw failed(name, function, e);
        }
    }

    private static CraneException failed(String name, String function, Throwable thrown) {
        StackTraceElement[] trace = thrown.getStackTrace();
        String at = "";
        for (int i = 0; i < trace.length && at.isEmpty(); i++) // the first line of theirs
            if (!trace[i].getClassName().startsWith("java.") && !trace[i].getClassName().startsWith("jdk."))
                at = " (" + trace[i].getFileName() + ":" + trace[i].getLineNumber() + ")";
        return new CraneException(
                "the relevance rule '" + name + "' failed in " + function + ": " + thrown.toString().replaceAll("\\s+", " ") + at,
                thrown);
    }

    private CraneException failed(String function, Throwable thrown) {
        return failed(name, function, thrown);
    }

    /** Those that the CUDA kernels are compiled with. */
    public DeviceFunctions deviceFunctions() {
        return deviceFunctions;
    }

    /** The file it comes from, for people. */
    public String origin() {
        return origin;
    }

    /** SHA-256 of both twins. */
    public String hash() {
        return hash;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public float norm(float g, float x, float mean) {
        try {
            return rule.norm(g, x, mean);
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
            throw failed("norm", e);
        }
    }

    @Override
    public boolean normReadsInput() {
        return normReadsInput;
    }

    @Override
    public float activation(float x, float y, float ratio, float derivative) {
        try {
            return rule.activation(x, y, ratio, derivative);
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
            throw failed("activation", e);
        }
    }

    @Override
    public float gate(float product, float act, float up) {
        try {
            return rule.gate(product, act, up);
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
            throw failed("gate", e);
        }
    }

    @Override
    public float up(float product, float act, float up) {
        try {
            return rule.up(product, act, up);
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
            throw failed("up", e);
        }
    }

    @Override
    public float attentionQuery() {
        return attentionQuery;
    }

    @Override
    public float attentionKey() {
        return attentionKey;
    }

    @Override
    public float attentionValue() {
        return attentionValue;
    }

    @Override
    public float softcap(float ratio, float derivative) {
        try {
            return rule.softcap(ratio, derivative);
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
            throw failed("softcap", e);
        }
    }

    @Override
    public float linear(float z, float gradient) {
        try {
            return rule.linear(z, gradient);
        } catch (RuntimeException | LinkageError | StackOverflowError e) {
            throw failed("linear", e);
        }
    }

    @Override
    public boolean linearChanges() {
        return linearChanges;
    }

    @Override
    public float gamma() {
        return gamma;
    }

    @Override
    public boolean isGradient() {
        return gradient;
    }

    @Override
    public Optional<Coefficients> coefficients() {
        return coefficients;
    }
}
