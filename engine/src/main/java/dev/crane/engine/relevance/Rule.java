package dev.crane.engine.relevance;

import java.util.List;

import dev.crane.engine.CraneException;

/**
 * How each op's backward is modified, in gradient form: relevance is value × modified gradient.
 *
 * @param name as in {@code --rule}
 * @param detachNorm the norm's 1/σ is taken as a constant
 * @param activationRatio the activation's derivative is replaced by y/x
 * @param gateShare factor on the gate's gradient in gate × up
 * @param upShare factor on the up side's gradient in gate × up
 * @param queryFactor factor on the query's gradient, after RoPE and qk-norm; 0: detached
 * @param keyFactor factor on the key's gradient, likewise
 * @param valueFactor factor on the value's gradient
 * @param softcapRatio a tanh softcap's derivative is replaced by y/x
 */
public record Rule(String name, boolean detachNorm, boolean activationRatio, float gateShare, float upShare, float queryFactor,
        float keyFactor,
        float valueFactor, boolean softcapRatio) {

    /** The plain gradient: relevance is gradient × activation. */
    public static final Rule GRADIENT = new Rule("gradient", false, false, 1, 1, 1, 1, 1, false);

    /** AttnLRP (Achtibat et al. 2024, arXiv:2402.05602) in the gradient form of its authors' library LXT. */
    public static final Rule ATTNLRP = new Rule("attnlrp", true, true, 0.5f, 0.5f, 0.25f, 0.25f, 0.5f, true);

    /** CP-LRP (Ali et al. 2022, arXiv:2202.07304): attention probabilities, norms and SiLU(gate) are constants; conserves exactly without biases. */
    public static final Rule CP_LRP = new Rule("cp-lrp", true, true, 0, 1, 0, 0, 1, true);

    /** The built-in rules. */
    public static final List<Rule> BUILT_IN = List.of(ATTNLRP, CP_LRP, GRADIENT);

    /** The rule of this name; an unknown one is a user's error. */
    public static Rule named(String name) {
        for (Rule rule : BUILT_IN)
            if (rule.name.equals(name))
                return rule;
        throw new CraneException(
                "unknown relevance rule '" + name + "'; the rules are " + String.join(", ", BUILT_IN.stream().map(Rule::name).toList()));
    }
}
