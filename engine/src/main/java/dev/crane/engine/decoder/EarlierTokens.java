package dev.crane.engine.decoder;

import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.KeyRanges;
import dev.crane.engine.backend.Tensor;

/** Tokens that come before those of a pass, and whose keys and values its attention reads. */
sealed interface EarlierTokens permits CacheView, SharedPrefixes {
    /** How many tokens each sequence of the pass has had before. */
    int[] past();

    /**
     * Takes up the pass's own rotated keys and values of a layer and gives all of them, the earlier ones included, to attention.
     *
     * @param tensors of the pass; what is allocated from them is given back
     */
    void attend(int layer, Tensor k, Tensor v, Workspace tensors, Backend backend, Attention attention);

    /** Attention over keys and values. */
    interface Attention {
        /** @param ranges where each sequence's lie */
        void over(Tensor keys, Tensor values, KeyRanges ranges);
    }
}
