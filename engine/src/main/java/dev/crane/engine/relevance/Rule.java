package dev.crane.engine.relevance;

import java.util.List;
import java.util.Optional;

/**
 * How each op's backward is modified, in gradient form: relevance is value × modified gradient. A rule is written twice: as this, which the CPU computes,
 * and as device functions of the same names ({@code kernels/src/main/cuda/rules/gradient.cuh} lists them), which the CUDA kernels are compiled with. The
 * built-in rules are written as a user's would be; {@code docs/write-a-rule.md} tells how to write one, {@code crane rule check} compares the twins.
 *
 * <p>
 * Every function has a value for every finite argument, depends on its arguments alone, and may be called by many threads at once.
 */
public interface Rule {
    /** The plain gradient: relevance is gradient × activation. */
    @SuppressWarnings("ClassInitializationDeadlock") // its class is initialised from here alone
    Rule GRADIENT = new Gradient("gradient", "The plain gradient: relevance is gradient × activation.");

    /** AttnLRP (Achtibat et al. 2024, arXiv:2402.05602) in the gradient form of its authors' library LXT. */
    @SuppressWarnings("ClassInitializationDeadlock") // its class is initialised from here alone
    Rule ATTNLRP = new AttnLrp();

    /** CP-LRP (Ali et al. 2022, arXiv:2202.07304): attention probabilities, norms and SiLU(gate) are constants; conserves exactly without biases. */
    @SuppressWarnings("ClassInitializationDeadlock") // its class is initialised from here alone
    Rule CP_LRP = new CpLrp();

    /** Gradient × activation by the name that it has as a baseline: the same as {@link #GRADIENT}. */
    @SuppressWarnings("ClassInitializationDeadlock") // its class is initialised from here alone
    Rule GRAD_X_ACT = new Gradient("grad-x-act", "Gradient × activation: another name for gradient.");

    /** LRP-ε at linear layers (Bach et al. 2015), ε = 0.01; everything else as AttnLRP. */
    @SuppressWarnings("ClassInitializationDeadlock") // its class is initialised from here alone
    Rule LRP_EPSILON = new LrpEpsilon();

    /** LRP-γ at linear layers (Montavon et al. 2019), γ = 0.25; everything else as AttnLRP. */
    @SuppressWarnings("ClassInitializationDeadlock") // its class is initialised from here alone
    Rule LRP_GAMMA = new LrpGamma();

    /** The rules of this build. */
    List<Rule> BUILT_IN = List.of(ATTNLRP, CP_LRP, GRADIENT, GRAD_X_ACT, LRP_EPSILON, LRP_GAMMA);

    /** The rule of this name, of this build or a user's ({@link Rules}); an unknown one is a user's error. */
    static Rule named(String name) {
        return Rules.named(name);
    }

    /** As in {@code --rule}: lower-case letters, digits and hyphens. */
    String name();

    /** What it does: one line for people. */
    String description();

    /**
     * Norms: what 1/σ times gives the gradient of the input, element by element. (A LayerNorm's subtraction of the mean is differentiated under every
     * rule.)
     *
     * @param g gradient of the normalised value: that of the output × weight
     * @param x the normalised value
     * @param mean mean over the row of g·x
     */
    float norm(float g, float x, float mean);

    /** Whether {@link #norm} reads x or mean; if not, it is given zeros, and the norms' inputs are not kept. */
    default boolean normReadsInput() {
        return true;
    }

    /**
     * Activations y = a(x): what stands for a′(x).
     *
     * @param ratio a(x)/x in its closed form (SiLU: sigmoid, GELU: Φ, ReLU: 0 or 1), which needs no ε
     * @param derivative a′(x)
     */
    float activation(float x, float y, float ratio, float derivative);

    /** gate × up: the gradient of the activation {@code act}, from that of their product. */
    float gate(float product, float act, float up);

    /** gate × up: the gradient of the up side, from that of the product. */
    float up(float product, float act, float up);

    /** Attention: the factor on the gradient of the query, behind rotary positions and head norms. With 0 here and for keys the probabilities are constants. */
    float attentionQuery();

    /** The same of the key. */
    float attentionKey();

    /** The same of the value. */
    float attentionValue();

    /**
     * Tanh softcaps y = cap·tanh(x/cap): what stands for the derivative.
     *
     * @param ratio y/x, 1 at 0
     * @param derivative 1 − tanh²
     */
    float softcap(float ratio, float derivative);

    /**
     * Linear layers z = W·x + b: the gradient that is taken back through W. The vocabulary matrix is left out.
     *
     * @param z the output
     * @param gradient with respect to it
     */
    default float linear(float z, float gradient) {
        return gradient;
    }

    /** Whether {@link #linear} does anything; if not, it is not called. */
    default boolean linearChanges() {
        return false;
    }

    /**
     * LRP-γ at linear layers z = W·x + b, the vocabulary matrix left out: how much more, as a share, contributions x_i·w_ij of the sign of z_j count than
     * the others, behind {@link #linear}. Not 0, it costs a second product with |W| in each direction, which the engine makes on every backend: there
     * are no device functions for it. {@link dev.crane.engine.backend.Backend#gammaRule} has the formula.
     *
     * @return 0 or more; 0 for none
     */
    default float gamma() {
        return 0;
    }

    /** Whether the outputs of linear layers are read on the way back, and their gradients changed. */
    default boolean readsLinear() {
        return linearChanges() || gamma() != 0;
    }

    /** Whether it is the true gradient, so that finite differences of the forward pass must agree. */
    default boolean isGradient() {
        return false;
    }

    /** The functions as numbers, where they can be told so: the CPU then computes them on whole vectors. Otherwise one value after another. */
    default Optional<Coefficients> coefficients() {
        return Optional.empty();
    }

    /** Whether attention's probabilities count as constants: nothing is computed for queries and keys. */
    default boolean detachesScores() {
        return attentionQuery() == 0 && attentionKey() == 0;
    }

    /**
     * A rule's functions but for {@link #linear} and attention's factors, as numbers.
     *
     * @param detachNorm {@link #norm} is g, else g − x·mean
     * @param activationRatio {@link #activation} is the ratio, else the derivative
     * @param gateShare {@link #gate} is this · product · up
     * @param upShare {@link #up} is this · product · act
     * @param softcapRatio {@link #softcap} is the ratio, else the derivative
     */
    record Coefficients(boolean detachNorm, boolean activationRatio, float gateShare, float upShare, boolean softcapRatio) {}
}
