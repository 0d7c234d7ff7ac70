package dev.crane.engine.decoder;

import java.util.EnumMap;
import java.util.Map;

import dev.crane.engine.backend.Tensor;
import dev.crane.engine.hook.Site;

/** What was kept of one layer's forward pass; which of these there are, {@link Keep} says. */
final class LayerActivations {
    /** Values after edits, [N, width]; q and k before their rotation. */
    final Map<Site, Tensor> values = new EnumMap<>(Site.class);
    /** For linear layers: Σ_j x[t, j] over the inputs, [N, 1]. */
    final Map<Site, Tensor> inputSums = new EnumMap<>(Site.class);
    /** 1/σ of the norm before attention, [N, 1]. */
    Tensor attentionInverse;
    /** 1/σ of the norm before the MLP, [N, 1]. */
    Tensor mlpInverse;
    /** 1/σ of the norms after attention and after the MLP, [N, 1]. */
    Tensor postAttentionInverse;
    Tensor postMlpInverse;
    /** Attention's output before its projection, [N, heads · headDim]. */
    Tensor mixed;
    /** [N, heads]. */
    Tensor logSumExp;

    /** Lets go of everything. */
    void release(Workspace tensors) {
        values.values().forEach(tensors::release);
        inputSums.values().forEach(tensors::release);
        values.clear();
        inputSums.clear();
        tensors.release(attentionInverse, mlpInverse, postAttentionInverse, postMlpInverse, mixed, logSumExp);
        attentionInverse = mlpInverse = postAttentionInverse = postMlpInverse = mixed = logSumExp = null;
    }
}
