package dev.crane.analysis.evaluate;

import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardResult;
import dev.crane.engine.decoder.PackedBatch;

/** A model's forward pass; {@code engine::forward}. */
@FunctionalInterface
public interface ForwardPass {
    /** Runs the batch. */
    ForwardResult forward(PackedBatch batch, ForwardRequest request);
}
