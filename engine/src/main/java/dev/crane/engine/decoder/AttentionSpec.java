package dev.crane.engine.decoder;

/**
 * Causal self-attention. Key/value head j serves the query heads j·g … j·g + g − 1, g = heads / kvHeads.
 *
 * @param heads query heads
 * @param kvHeads key and value heads; divides {@code heads}
 * @param headDim width of one head; heads · headDim need not be the hidden width
 * @param scale factor on q·k before the softmax, usually 1/√headDim
 * @param softcap c in c · tanh(score / c), applied before the mask; 0 for none
 * @param qkNorm whether q and k are normalised per head, over headDim, before the positions are applied
 * @param qkvBias whether the q, k and v projections add a bias
 * @param outBias whether the output projection adds a bias
 * @param rows how the model's files hold the rows of query, key and value
 */
public record AttentionSpec(int heads, int kvHeads, int headDim, float scale, float softcap, boolean qkNorm, boolean qkvBias,
        boolean outBias, QkvRows rows) {
    /** How files hold the rows of query, key and value. */
    public enum QkvRows {
        /** Each in a matrix of its own. */
        SEPARATE,
        /** In one: all of the query's rows, then the key's, then the value's. */
        BLOCKS,
        /** In one: for each head its rows of the query, of the key, of the value. */
        PER_HEAD
    }

    /** Query, key and value in matrices of their own. */
    public AttentionSpec(int heads, int kvHeads, int headDim, float scale, float softcap, boolean qkNorm, boolean qkvBias,
            boolean outBias) {
        this(heads, kvHeads, headDim, scale, softcap, qkNorm, qkvBias, outBias, QkvRows.SEPARATE);
    }

    public AttentionSpec {
        if (heads < 1 || kvHeads < 1 || headDim < 1 || heads % kvHeads != 0) {
            throw new IllegalArgumentException(heads + " heads of " + headDim + ", " + kvHeads + " key/value heads");
        }
        if (!(scale > 0) || !(softcap >= 0)) {
            throw new IllegalArgumentException("attention scale " + scale + ", softcap " + softcap);
        }
        if (rows == QkvRows.PER_HEAD && heads != kvHeads) {
            throw new IllegalArgumentException(heads + " heads in one matrix with " + kvHeads + " key/value heads, head by head");
        }
    }

    /** Width of q and of the attention's output before its projection: heads · headDim. */
    public int queryWidth() {
        return Math.multiplyExact(heads, headDim);
    }

    /** Width of k and of v: kvHeads · headDim. */
    public int keyValueWidth() {
        return Math.multiplyExact(kvHeads, headDim);
    }

    /** Query heads served by one key/value head. */
    public int groupSize() {
        return heads / kvHeads;
    }
}
