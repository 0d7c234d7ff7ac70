package dev.crane.engine.backend;

import java.util.OptionalLong;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

import dev.crane.engine.relevance.Rule;
import dev.crane.engine.tensor.StoredTensor;

/**
 * The operations the decoder is made of. N is the number of tokens in a packed batch, B its number of sequences; tensors are f32, row-major. Sums
 * over the width of a row, over keys or over the tokens of a sequence are taken in an order that depends on nothing but that width or that
 * sequence: the same input gives the same bits whatever else is in the batch and however many threads there are.
 *
 * <p>Output tensors are overwritten unless an op says that it accumulates. An output may not be one of the inputs unless an op says "in place".
 * Ops check their shapes and throw {@link IllegalArgumentException} on a mismatch: that is a bug of the caller, not of the user. A backend is used
 * by one thread at a time.
 */
public interface Backend extends AutoCloseable {
    /** What results depend on: the name as in {@code --backend} ({@code cpu}, {@code reference}, {@code cuda}), with the precision behind it unless it is f32. */
    String name();

    /** One line for people: device, threads, vector width. */
    String description();

    // ---- memory ----

    /** Makes a parameter ready for use; the stored bytes must stay reachable and unchanged for as long as the backend lives. */
    Weight weight(StoredTensor stored);

    /** A tensor whose contents are undefined. */
    Tensor allocate(int rows, int columns);

    /** The same, of f32 whatever the backend computes in: for logits, whose small differences count. */
    default Tensor allocateF32(int rows, int columns) {
        return allocate(rows, columns);
    }

    /** Gives a tensor's memory back; it must not be used afterwards. */
    void release(Tensor tensor);

    /** A new tensor with these values, row-major. */
    Tensor upload(float[] values, int rows, int columns);

    /** All values, row-major, in a new array. */
    float[] download(Tensor tensor);

    /** The same values as they are now, to be had later: what comes between does not wait for them, and the tensor may be released. */
    default Supplier<float[]> downloadLater(Tensor tensor) {
        float[] values = download(tensor);
        return () -> values;
    }

    /** Bytes of activations held at this moment. */
    long allocatedBytes();

    /**
     * The same values under another shape, row-major: writing to one writes to both. It ends with the tensor it was made of, which alone is released.
     *
     * @param rows of the view; {@code rows · columns} is the number of the tensor's elements
     */
    Tensor reshape(Tensor tensor, int rows, int columns);

    /** Largest value of {@link #allocatedBytes()} since the last call of this method. */
    long takePeakBytes();

    /** Bytes of activations that the backend has room for now; empty where they lie in the Java heap, whose size says nothing. */
    default OptionalLong activationBytes() {
        return OptionalLong.empty();
    }

    /**
     * What an op's failure means to the user.
     *
     * @return {@link dev.crane.engine.backend.OutOfDeviceMemoryException} where less work at once may succeed; another
     *         {@link dev.crane.engine.CraneException} where one line tells all; otherwise the failure itself
     */
    default RuntimeException explained(RuntimeException failure) {
        return failure;
    }

    @Override
    void close();

    // ---- measurement ----

    /** A stopwatch for ops of this backend; to be closed before it. */
    default OpTimer timer() {
        return OpTimer.onHost();
    }

    /**
     * The ops that follow belong to this place in the model: for profiles, nothing else listens.
     *
     * @param site label of a hook point's site, or the name of what has none, such as {@code attn} for attention itself
     * @param layer its layer, from 0; −1 for what belongs to none
     */
    default void enter(String site, int layer) {
    }

    // ---- embedding, rows ----

    /** out[t, :] = scale · table[ids[t], :]; out [N, hidden]. */
    void embed(Weight table, int[] ids, float scale, Tensor out);

    /** Copies {@code count} rows of equal width. */
    void copyRows(Tensor source, int sourceRow, Tensor target, int targetRow, int count);

    /** out[i, :] = x[rows[i], :]. */
    void gatherRows(Tensor x, int[] rows, Tensor out);

    /** x += delta, elementwise, in place. */
    void add(Tensor x, Tensor delta);

    /** Sets every element. */
    void fill(Tensor x, float value);

    /** Applies the edits in place; rows fall into sequences as {@code segments} says. */
    void edit(Tensor x, Segments segments, UnitEdits edits);

    /** Backward of {@link #edit}, in place on the gradient: × scale, and 0 where {@code edited} (the values after the edit) lies on a bound. */
    void editBackward(Tensor gradient, Tensor edited, Segments segments, UnitEdits edits);

    /** Row index of the first NaN or infinity, or −1. */
    int firstNonFinite(Tensor x);

    /** The same of the values as they are now, to be had later: what comes between does not wait for it. */
    default IntSupplier firstNonFiniteLater(Tensor x) {
        int row = firstNonFinite(x);
        return () -> row;
    }

    // ---- linear ----

    /**
     * z = x · Wᵀ + bias: x [N, in], W [out, in], z [N, out]. Each z[t, j] is one chain of fused multiply-adds over the inputs in ascending order
     * (in fixed blocks), the bias added last.
     *
     * @param bias vector [out], or null
     */
    void linear(Weight w, Weight bias, Tensor x, Tensor z);

    /** dx (+)= dz · W: dz [N, out], dx [N, in]; added to dx when {@code accumulate}. */
    void linearBackwardInput(Weight w, Tensor dz, Tensor dx, boolean accumulate);

    /** In place: gradient = rule.linear(z, gradient), element by element: what the rule changes at a linear layer's output z before the product with W. */
    void linearRule(Tensor z, Rule rule, Tensor gradient);

    /** z = |x| · |W|ᵀ, of absolute values: x [N, in], W [out, in], z [N, out]. */
    void linearMagnitudes(Weight w, Tensor x, Tensor z);

    /** dx += sign(x) ∘ (dz · |W|), with sign 0 = 0: dz [N, out], x and dx [N, in]. */
    void linearMagnitudesBackward(Weight w, Tensor x, Tensor dz, Tensor dx);

    /**
     * LRP-γ at a linear layer z = W·x + b, in place. With s the sign of z, m = max(0, ½(s·(z − b) + magnitudes)) (the sum of the contributions of z's sign,
     * as an amount) and c = gradient · |z| / (|z| + γ·m), 0 where z is 0: gradient becomes (1 + γ/2) · c, magnitudes becomes s · γ/2 · c. The gradient of x
     * is then {@link #linearBackwardInput} of the one plus {@link #linearMagnitudesBackward} of the other. All tensors [N, out].
     *
     * @param bias vector [out], or null
     * @param magnitudes |W|·|x|, of {@link #linearMagnitudes}
     */
    void gammaRule(Tensor z, Weight bias, float gamma, Tensor gradient, Tensor magnitudes);

    // ---- norm ----

    /**
     * Root-mean-square norm, fused with the residual add: if delta is given, x += delta in place; then inverse[t] = 1/√(mean_i x[t, i]² + eps),
     * y[t, i] = x[t, i] · inverse[t] · (w[i] + weightOffset).
     *
     * @param delta [N, d] or null
     * @param weightOffset 1 for Gemma, else 0
     * @param y output [N, d]
     * @param inverse output [N, 1]
     */
    void rmsNorm(Tensor x, Tensor delta, Weight w, float weightOffset, float eps, Tensor y, Tensor inverse);

    /**
     * dx += backward of {@link #rmsNorm} with respect to x. With g[i] = dy[i]·(w[i] + weightOffset):
     * and x̂[i] = x[i] · inverse: inverse · rule.norm(g, x̂, mean_i(g·x̂)); the full gradient is g − x̂·mean, g alone takes 1/σ as a constant.
     *
     * @param x the norm's input after the residual add; may be null where the rule does not read it
     * @param dx accumulates
     */
    void rmsNormBackward(Tensor x, Weight w, float weightOffset, Tensor inverse, Tensor dy, Rule rule, Tensor dx);

    /**
     * Layer norm, fused with the residual add: if delta is given, x += delta in place; then with m[t] = mean_i x[t, i] and inverse[t] =
     * 1/√(mean_i (x[t, i] − m[t])² + eps): y[t, i] = (x[t, i] − m[t]) · inverse[t] · w[i] + bias[i].
     *
     * @param delta [N, d] or null
     * @param bias vector [d], or null
     * @param y output [N, d]
     * @param inverse output [N, 1]
     */
    void layerNorm(Tensor x, Tensor delta, Weight w, Weight bias, float eps, Tensor y, Tensor inverse);

    /**
     * dx += backward of {@link #layerNorm} with respect to x. With g[i] = dy[i]·w[i] and x̂[i] = (x[i] − mean_j x[j]) · inverse:
     * inverse · (rule.norm(g, x̂, mean_i(g·x̂)) − mean_i(g)); the mean of x is no constant under any rule.
     *
     * @param x the norm's input after the residual add; may be null where the rule does not read it
     * @param dx accumulates
     */
    void layerNormBackward(Tensor x, Weight w, Tensor inverse, Tensor dy, Rule rule, Tensor dx);

    // ---- rotary positions ----

    /**
     * Rotates, in place, the first {@code 2·cos.columns()} components of each head of width headDim: with r = cos.columns(), i &lt; r, p = positions[t]:
     * (x_i, x_{i+r}) → (x_i cos[p,i] − x_{i+r} sin[p,i], x_{i+r} cos[p,i] + x_i sin[p,i]). {@code inverse} rotates back: the backward of the rotation.
     */
    void rope(Tensor x, int headDim, int[] positions, Tensor cos, Tensor sin, boolean inverse);

    // ---- attention ----

    /**
     * Causal attention per sequence. q [N, H·D], k and v [≥ keys, K·D], out [N, H·D], logSumExp [N, H] (natural log of Σ exp(score), ALiBi's
     * summand included).
     *
     * @param queries how q's rows fall into sequences
     * @param keys where each sequence's keys lie
     */
    void attention(Tensor q, Tensor k, Tensor v, AttentionShape shape, Segments queries, KeyRanges keys, Tensor out, Tensor logSumExp);

    /**
     * Backward of {@link #attention} without a cache (keys in the queries' rows): with P the probabilities, dP = dOut·Vᵀ, D = Σ dOut·out:
     * dS = P·(dP − D) (through the softcap: × rule.softcap(y/x, 1 − tanh²)), dq = rule.attentionQuery · scale · dS·K,
     * dk = rule.attentionKey · scale · dSᵀ·Q, dv = rule.attentionValue · Pᵀ·dOut; dk and dv summed over the heads of a group. Where query and key factor are
     * 0 they are zero and nothing is computed for them.
     */
    void attentionBackward(Tensor q, Tensor k, Tensor v, Tensor out, Tensor logSumExp, Tensor dOut, AttentionShape shape, Segments segments,
            Rule rule,
            Tensor dq, Tensor dk, Tensor dv);

    /** Probabilities of one sequence b of length T without a cache: out [H·T, T], row h·T + t, zero where masked. */
    void attentionProbabilities(Tensor q, Tensor k, Tensor logSumExp, AttentionShape shape, Segments segments, int b, Tensor out);

    // ---- activation ----

    /**
     * act = a(x), edited: the activation of an MLP without a gate. All [N, width].
     *
     * @param edits edits at {@code mlp.act}, or null
     * @param act output
     */
    void activation(Tensor x, Activation activation, Segments segments, UnitEdits edits, Tensor act);

    /**
     * Backward of {@link #activation}: dx = f(x) · n, with n = dAct taken back through the edits and f = rule.activation(x, a(x), a(x)/x, a′(x)).
     *
     * @param dAct gradient with respect to the edited activation [N, width]
     */
    void activationBackward(Tensor x, Activation activation, Segments segments, UnitEdits edits, Rule rule, Tensor dAct, Tensor dx);

    // ---- gated activation ----

    /**
     * act = a(gate), edited; neuron = act · up, edited. All [N, width].
     *
     * @param act output, or null when nobody reads it
     * @param actEdits edits at {@code mlp.act}, or null
     * @param neuronEdits edits at {@code mlp.neuron}, or null
     */
    void gatedActivation(Tensor gate, Tensor up, Activation activation, Segments segments, UnitEdits actEdits, UnitEdits neuronEdits,
            Tensor act,
            Tensor neuron);

    /**
     * Backward of {@link #gatedActivation}: with n = the edited neuron's gradient taken back through its edits, dgate = rule.gate(n, act, up)
     * taken back through the act's edits · rule.activation(gate, a, a/gate, a′), dup = rule.up(n, act, up).
     *
     * @param dNeuron gradient with respect to the edited neuron [N, width]
     */
    void gatedActivationBackward(Tensor gate, Tensor up, Activation activation, Segments segments, UnitEdits actEdits,
            UnitEdits neuronEdits, Rule rule,
            Tensor dNeuron, Tensor dGate, Tensor dUp);

    // ---- targets ----

    /** result[i] = h[rows[i], :] · head[tokens[i], :]: single logits, without the vocabulary product. */
    float[] targetLogits(Weight head, Tensor h, int[] rows, int[] tokens);

    /** dh = 0, then dh[rows[i], :] += coefficients[i] · head[tokens[i], :], in ascending i. */
    void targetLogitsBackward(Weight head, int[] rows, int[] tokens, float[] coefficients, Tensor dh);

    /**
     * Log-probabilities under the row-wise softmax of logits [M, V]: logprobs[i] = logits[i, tokens[i]] − logSumExp(logits[i, :]).
     *
     * @param greedy output [M]: the index of each row's first largest logit
     */
    void tokenLogprobs(Tensor logits, int[] tokens, float[] logprobs, int[] greedy);

    /** In place: logits[i, v] becomes coefficients[i] · (1[v = tokens[i]] − softmax(logits[i, :])[v]): the gradient of the log-probability. */
    void logprobBackward(Tensor logits, int[] tokens, float[] coefficients);

    /** In place: x = cap · tanh(x / cap). */
    void softcap(Tensor x, float cap);

    // ---- reductions over the tokens of each sequence ----

    /** out[b, i] = Σ_t z[t, i] · delta[t, i] over the tokens of sequence b, in ascending t: relevance of the rows of a linear layer. out [B, width]. */
    void segmentDot(Tensor z, Tensor delta, Segments segments, Tensor out);

    /** out[b, i] = Σ_t s[t] · delta[t, i]: with s = Σ_j x[t, j] the row gradient Σ_j ∂f/∂W_ij. s [N, 1], out [B, width]. */
    void segmentWeightedSum(Tensor s, Tensor delta, Segments segments, Tensor out);

    /** out[b, i] = the reduction of x[t, i] over the tokens of sequence b. out [B, width]. */
    void segmentReduce(Tensor x, Segments segments, Reduction reduction, Tensor out);

    /** out[t] = Σ_i x[t, i], f64 inside. out [N, 1]. */
    void rowSums(Tensor x, Tensor out);

    /** out[t] = Σ_i x[t, i] · y[t, i], f64 inside. out [N, 1]. */
    void rowDots(Tensor x, Tensor y, Tensor out);

    /** What {@link #segmentReduce} computes over the tokens of a sequence. */
    enum Reduction {
        /** Arithmetic mean. */
        MEAN,
        /** Mean of the absolute values. */
        MEAN_ABS,
        /** Largest value. */
        MAX,
        /** Number of tokens with a value above 0. */
        COUNT_POSITIVE,
        /** Euclidean norm: the square root of the sum of the squares. */
        NORM
    }
}
