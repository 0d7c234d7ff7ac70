package dev.crane.engine.decoder;

import java.util.List;

import dev.crane.engine.tensor.StoredTensor;

/**
 * The weights of a decoder as they lie in its files: F32, F16 or BF16, finite, of the shapes that its {@link DecoderSpec} asks for. Valid as long as
 * the reader that mapped them is open.
 *
 * @param embedding [vocabulary, hidden]
 * @param layers one for each layer, first to last
 * @param finalNorm [hidden]
 * @param head [vocabulary, hidden]; the same object as {@code embedding} when the head is tied
 */
public record DecoderWeights(StoredTensor embedding, List<LayerWeights> layers, StoredTensor finalNorm, StoredTensor head) {
    public DecoderWeights {
        layers = List.copyOf(layers);
    }
}
