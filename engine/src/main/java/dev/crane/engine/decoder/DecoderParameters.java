package dev.crane.engine.decoder;

import java.util.List;

import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Weight;
import dev.crane.engine.tensor.StoredTensor;

/**
 * A decoder's weights made ready on a backend.
 *
 * @param embedding [vocabulary, hidden]
 * @param layers first to last
 * @param finalNorm [hidden]
 * @param head [vocabulary, hidden]; the same as {@code embedding} when tied
 */
record DecoderParameters(Weight embedding, List<Layer> layers, Weight finalNorm, Weight head) {
    /** A linear layer; the bias may be null. */
    record Linear(Weight weight, Weight bias) {}

    /** One layer. */
    record Layer(Weight attentionNorm, Linear query, Linear key, Linear value, Linear attentionOut, Weight mlpNorm, Linear gate, Linear up,
            Linear down) {}

    static DecoderParameters prepare(DecoderSpec spec, DecoderWeights weights, Backend backend) {
        Weight embedding = backend.weight(weights.embedding());
        Weight head = spec.tiedHead() ? embedding : backend.weight(weights.head());
        List<Layer> layers = weights.layers().stream()
                .map(w -> new Layer(backend.weight(w.inputNorm()), linear(w.query(), w.queryBias(), backend),
                        linear(w.key(), w.keyBias(), backend), linear(w.value(), w.valueBias(), backend),
                        linear(w.attentionOut(), w.attentionOutBias(), backend), backend.weight(w.postAttentionNorm()),
                        linear(w.gate(), w.gateBias(), backend), linear(w.up(), w.upBias(), backend),
                        linear(w.down(), w.downBias(), backend)))
                .toList();
        return new DecoderParameters(embedding, layers, backend.weight(weights.finalNorm()), head);
    }

    private static Linear linear(StoredTensor weight, StoredTensor bias, Backend backend) {
        return new Linear(backend.weight(weight), bias == null ? null : backend.weight(bias));
    }
}
