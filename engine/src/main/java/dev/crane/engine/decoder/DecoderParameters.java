package dev.crane.engine.decoder;

import java.util.List;

import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Weight;
import dev.crane.engine.tensor.StoredTensor;

/**
 * A decoder's weights made ready on a backend. What the model does not have is null.
 *
 * @param embedding [vocabulary, hidden]
 * @param positions learned positions
 * @param embeddingNorm of the embedding, before the first layer
 * @param layers first to last
 * @param finalNorm [hidden]
 * @param head [vocabulary, hidden]; the same as {@code embedding} when tied
 * @param headBias [vocabulary]
 * @param headBiasValues the same on the host: single logits are read without an op for the bias
 */
record DecoderParameters(Weight embedding, Weight positions, Norm embeddingNorm, List<Layer> layers, Norm finalNorm, Weight head,
        Weight headBias, float[] headBiasValues) {
    /** A linear layer; the bias may be null. */
    record Linear(Weight weight, Weight bias) {}

    /** A norm; the bias may be null. */
    record Norm(Weight weight, Weight bias) {}

    /** One layer. */
    record Layer(Norm attentionNorm, Linear query, Linear key, Linear value, Norm queryNorm, Norm keyNorm, Linear attentionOut,
            Norm postAttentionNorm, Norm mlpNorm, Linear gate, Linear up, Linear down, Norm postMlpNorm) {}

    static DecoderParameters prepare(DecoderSpec spec, DecoderWeights weights, Backend backend) {
        Weight embedding = backend.weight(weights.embedding());
        Weight head = spec.tiedHead() ? embedding : backend.weight(weights.head());
        List<Layer> layers = weights.layers().stream()
                .map(w -> new Layer(norm(w.attentionNorm(), backend), linear(w.query(), backend), linear(w.key(), backend),
                        linear(w.value(), backend), norm(w.queryNorm(), backend), norm(w.keyNorm(), backend),
                        linear(w.attentionOut(), backend), norm(w.postAttentionNorm(), backend), norm(w.mlpNorm(), backend),
                        linear(w.gate(), backend), linear(w.up(), backend), linear(w.down(), backend), norm(w.postMlpNorm(), backend)))
                .toList();
        return new DecoderParameters(embedding, weight(weights.positions(), backend), norm(weights.embeddingNorm(), backend), layers,
                norm(weights.finalNorm(), backend), head, weight(weights.headBias(), backend),
                weights.headBias() == null ? null : weights.headBias().floats());
    }

    private static Weight weight(StoredTensor stored, Backend backend) {
        return stored == null ? null : backend.weight(stored);
    }

    private static Linear linear(LinearWeights weights, Backend backend) {
        return weights == null ? null : new Linear(backend.weight(weights.weight()), weight(weights.bias(), backend));
    }

    private static Norm norm(NormWeights weights, Backend backend) {
        return weights == null ? null : new Norm(backend.weight(weights.weight()), weight(weights.bias(), backend));
    }
}
