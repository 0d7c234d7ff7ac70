package dev.crane.engine.decoder;

import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.decoder.DecoderParameters.Norm;
import dev.crane.engine.relevance.Rule;

/**
 * The norms of a decoder, of whatever kind they are.
 *
 * @param spec what all of them have in common
 * @param backend where they run
 */
record Norms(NormSpec spec, Backend backend) {
    /** A normed tensor and 1/σ of each normed row. */
    record Normed(Tensor y, Tensor inverse) {}

    /** x += delta where given; y = norm(x). */
    void forward(Norm norm, Tensor x, Tensor delta, Tensor y, Tensor inverse) {
        if (spec.kind() == NormSpec.Kind.LAYER)
            backend.layerNorm(x, delta, norm.weight(), norm.bias(), spec.epsilon(), y, inverse);
        else
            backend.rmsNorm(x, delta, norm.weight(), weightOffset(), spec.epsilon(), y, inverse);
    }

    /** dx += the gradient of the norm's input x, which is null where the rule takes 1/σ as a constant. */
    void backward(Norm norm, Tensor x, Tensor inverse, Tensor dy, Rule rule, Tensor dx) {
        if (spec.kind() == NormSpec.Kind.LAYER)
            backend.layerNormBackward(x, norm.weight(), inverse, dy, rule, dx);
        else
            backend.rmsNormBackward(x, norm.weight(), weightOffset(), inverse, dy, rule, dx);
    }

    /** The norm of a whole tensor, in a new one. */
    Normed of(Norm norm, Tensor x, Workspace tensors) {
        Normed normed = new Normed(tensors.allocate(x.rows(), x.columns()), tensors.allocate(x.rows(), 1));
        forward(norm, x, null, normed.y(), normed.inverse());
        return normed;
    }

    /** The norm of each head of a tensor [N, heads · headDim], in a new one; 1/σ is [N, heads]. */
    Normed ofHeads(Norm norm, Tensor x, int headDim, Workspace tensors) {
        Normed normed = new Normed(tensors.allocate(x.rows(), x.columns()), tensors.allocate(x.rows(), x.columns() / headDim));
        forward(norm, perHead(x, headDim), null, perHead(normed.y(), headDim), perHead(normed.inverse(), 1));
        return normed;
    }

    /** The gradient of the input of {@link #ofHeads}, in a new tensor. */
    Tensor ofHeadsBackward(Norm norm, Tensor x, int headDim, Tensor inverse, Tensor dy, Rule rule, Workspace tensors) {
        Tensor dx = tensors.zeros(x.rows(), x.columns());
        backward(norm, perHead(x, headDim), perHead(inverse, 1), perHead(dy, headDim), rule, perHead(dx, headDim));
        return dx;
    }

    private Tensor perHead(Tensor x, int width) {
        return backend.reshape(x, x.elements() / width, width);
    }

    private float weightOffset() {
        return spec.kind() == NormSpec.Kind.RMS_ONE_PLUS ? 1 : 0;
    }
}
