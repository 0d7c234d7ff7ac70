package dev.crane.engine.decoder;

import dev.crane.engine.tensor.StoredTensor;

/**
 * The weights of one layer. A linear layer's weight has the shape [outputs, inputs], its bias [outputs]; a bias is null where the model has none.
 *
 * @param inputNorm norm before attention, [hidden]
 * @param query [heads · headDim, hidden]
 * @param key [kvHeads · headDim, hidden]
 * @param value [kvHeads · headDim, hidden]
 * @param attentionOut [hidden, heads · headDim]
 * @param postAttentionNorm norm before the MLP, [hidden]
 * @param gate [intermediate, hidden]
 * @param up [intermediate, hidden]
 * @param down [hidden, intermediate]
 * @param queryBias or null
 * @param keyBias or null
 * @param valueBias or null
 * @param attentionOutBias or null
 * @param gateBias or null
 * @param upBias or null
 * @param downBias or null
 */
public record LayerWeights(StoredTensor inputNorm, StoredTensor query, StoredTensor key, StoredTensor value, StoredTensor attentionOut,
        StoredTensor postAttentionNorm, StoredTensor gate, StoredTensor up, StoredTensor down, StoredTensor queryBias, StoredTensor keyBias,
        StoredTensor valueBias, StoredTensor attentionOutBias, StoredTensor gateBias, StoredTensor upBias, StoredTensor downBias) {}
