package dev.crane.engine.decoder;

import java.util.List;

import dev.crane.engine.tensor.StoredTensor;

/**
 * The weights of a decoder as they lie in its files: F32, F16 or BF16, finite, of the shapes that its {@link DecoderSpec} asks for. Valid as long as
 * the reader that mapped them is open.
 *
 * @param embedding [vocabulary, hidden]
 * @param positions [positions and offset, hidden]; null unless positions are learned
 * @param embeddingNorm norm of the embedding before the first layer, [hidden]; null where there is none
 * @param layers one for each layer, first to last
 * @param finalNorm [hidden]; null where there is none
 * @param head [vocabulary, hidden]; the same object as {@code embedding} when the head is tied
 * @param headBias [vocabulary]; null where there is none
 */
public record DecoderWeights(StoredTensor embedding, StoredTensor positions, NormWeights embeddingNorm, List<LayerWeights> layers,
        NormWeights finalNorm, StoredTensor head, StoredTensor headBias) {
    public DecoderWeights {
        layers = List.copyOf(layers);
    }
}
