package dev.crane.engine.decoder;

import dev.crane.engine.tensor.StoredTensor;

/**
 * The weights of a norm.
 *
 * @param weight [width]
 * @param bias [width], or null
 */
public record NormWeights(StoredTensor weight, StoredTensor bias) {}
