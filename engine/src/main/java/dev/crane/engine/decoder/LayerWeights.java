package dev.crane.engine.decoder;

/**
 * The weights of one layer. What the model does not have is null.
 *
 * @param attentionNorm norm before attention, [hidden]
 * @param query [heads · headDim, hidden]
 * @param key [kvHeads · headDim, hidden]
 * @param value [kvHeads · headDim, hidden]
 * @param queryNorm norm of each head's query, [headDim]
 * @param keyNorm norm of each head's key, [headDim]
 * @param attentionOut [hidden, heads · headDim]
 * @param postAttentionNorm norm of what attention adds to the stream, [hidden]
 * @param mlpNorm norm before the MLP, [hidden]; that before attention again where attention and MLP share one
 * @param gate [intermediate, hidden]
 * @param up [intermediate, hidden]
 * @param down [hidden, intermediate]
 * @param postMlpNorm norm of what the MLP adds to the stream, [hidden]
 */
public record LayerWeights(NormWeights attentionNorm, LinearWeights query, LinearWeights key, LinearWeights value, NormWeights queryNorm,
        NormWeights keyNorm, LinearWeights attentionOut, NormWeights postAttentionNorm, NormWeights mlpNorm, LinearWeights gate,
        LinearWeights up, LinearWeights down, NormWeights postMlpNorm) {}
