package dev.crane.engine.decoder;

import dev.crane.engine.tensor.StoredTensor;

/**
 * The weights of a linear layer.
 *
 * @param weight [outputs, inputs]
 * @param bias [outputs], or null
 */
public record LinearWeights(StoredTensor weight, StoredTensor bias) {}
