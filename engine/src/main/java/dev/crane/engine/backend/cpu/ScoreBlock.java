package dev.crane.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

import static dev.crane.engine.backend.cpu.HeadGroup.BLOCK;
import static dev.crane.engine.backend.cpu.Lanes.F;
import static dev.crane.engine.backend.cpu.Lanes.L;
import static dev.crane.engine.backend.cpu.Panels.ROWS;
import static dev.crane.engine.backend.cpu.Panels.W;

/**
 * A block of rows of a {@link HeadGroup} against the keys they see, in {@link Panels} of keys: panel p of the block holds the keys from
 * {@code (firstPanel + p) · W}. The arrays that its methods work on hold {@link #size} values. Whole panels are computed in tiles of four rows; what
 * a row does not see of its tile's panels is set to zero probability, so that products over keys need no mask.
 *
 * @param heads the rows
 * @param first the block's first row
 * @param rows number of its rows, at most {@link HeadGroup#BLOCK}
 */
record ScoreBlock(HeadGroup heads, int first, int rows) {
    private static final int PANEL = BLOCK * W;
    private static final int CHUNK_PANELS = Lanes.CHUNK / W;

    /** Block {@code index} of a head group. */
    static ScoreBlock of(HeadGroup heads, int index) {
        return new ScoreBlock(heads, index * BLOCK, Math.min(BLOCK, heads.rows() - index * BLOCK));
    }

    /** Number of blocks of a head group. */
    static int count(HeadGroup heads) {
        return (heads.rows() + BLOCK - 1) / BLOCK;
    }

    /** First panel of keys that some row sees. */
    int firstPanel() {
        return heads.begin(first) / W;
    }

    /** One past the last key that some row sees. */
    int endKey() {
        return heads.end(first + rows - 1);
    }

    /** Length of an array of scores. */
    int size() {
        return (Panels.count(endKey()) - firstPanel()) * PANEL;
    }

    /** First key of the panels that the tile from row r computes. */
    int tileBegin(int r) {
        return heads.begin(first + r) / W * W;
    }

    /** One past the last key that the tile from row r needs. */
    int tileEnd(int r) {
        return heads.end(first + r + ROWS - 1);
    }

    /** Index of row r of the panel that key {@code key} begins. */
    int at(int r, int key) {
        return (key / W - firstPanel()) * PANEL + r * W;
    }

    /** Packs rows of a tensor like q, times {@code factor}; the rows that complete the last tile become zero. */
    void pack(float[] source, float factor, float[] packed) {
        int d = heads.shape().headDim();
        for (int r = 0; r < rows; r++)
            Panels.pack(source, heads.query(first + r), 0, 1, d, factor, packed, 0, BLOCK, r);
        for (int r = rows; r % ROWS != 0; r++)
            for (int p = 0; p < Panels.count(d); p++)
                java.util.Arrays.fill(packed, (p * BLOCK + r) * W, (p * BLOCK + r + 1) * W, 0);
    }

    /** Writes packed rows, times {@code factor}, to a tensor like q. */
    void unpack(float[] packed, int r, float factor, float[] target) {
        Panels.unpack(packed, 0, BLOCK, r, 1, heads.shape().headDim(), factor, target, heads.query(first + r), 0);
    }

    /** scores[r, key] = packed[r, :] · keys[key, :], for the panels that the rows' tiles see; {@code keys} packed transposed. */
    void products(float[] packed, float[] keys, int keysAt, float[] scores) {
        int d = heads.shape().headDim();
        for (int key = firstPanel() * W; key < endKey(); key += W)
            for (int r = 0; r < rows; r += ROWS)
                if (key >= tileBegin(r) && key < tileEnd(r))
                    Panels.multiply(packed, r * W, PANEL, keys, keysAt + key * d, d, scores, at(r, key), false);
    }

    /**
     * result[r, :] = Σ_key weights[r, key] · values[key, :].
     *
     * @param values packed, panels of {@code valueRows} rows
     */
    void weightedSum(float[] weights, float[] values, int valuesAt, int valueRows, float[] result) {
        int keysAtOnce = 128; // 128 keys × W values stay in the first-level cache while all tiles use them
        for (int p = 0; p < Panels.count(heads.shape().headDim()); p++)
            for (int from = firstPanel() * W; from < endKey(); from += keysAtOnce)
                for (int r = 0; r < rows; r += ROWS) {
                    int begin = Math.max(from, tileBegin(r));
                    int end = Math.min(from + keysAtOnce, tileEnd(r));
                    if (begin < end)
                        Panels.multiply(weights, at(r, begin), PANEL, values, valuesAt + (p * valueRows + begin) * W, end - begin, result,
                                p * PANEL + r * W, begin > tileBegin(r));
                }
    }

    /**
     * sums[key, :] += Σ_r weights[r, key] · packed[r, :].
     *
     * @param sums panels of {@code sumRows} rows, a multiple of W
     */
    void addTransposed(float[] weights, float[] packed, float[] sums, int sumsAt, int sumRows) {
        for (int key = firstPanel() * W; key < endKey(); key += W) {
            int begin = 0;
            while (heads.end(first + begin) <= key)
                begin++;
            int end = rows;
            while (heads.begin(first + end - 1) >= key + W)
                end--;
            for (int p = 0; p < Panels.count(heads.shape().headDim()); p++)
                for (int j = 0; j < W && key + j < endKey(); j += ROWS)
                    Panels.multiplyTransposed(weights, at(begin, key) + j, packed, p * PANEL + begin * W, end - begin, sums,
                            sumsAt + (p * sumRows + key + j) * W);
        }
    }

    /** Sets what row r does not see of its own panels, or of all its tile's. */
    private void setUnseen(float[] scores, int r, boolean tile, float value) {
        int begin = heads.begin(first + r);
        int end = heads.end(first + r);
        int from = tile ? tileBegin(r / ROWS * ROWS) : begin / W * W;
        int to = Panels.padded(tile ? tileEnd(r / ROWS * ROWS) : end);
        if (r >= rows)
            end = begin;
        for (int key = from; key < begin; key++)
            scores[at(r, key) + key % W] = value;
        for (int key = end; key < to; key++)
            scores[at(r, key) + key % W] = value;
    }

    /** Sets to zero what the tile's last rows hold beyond the block's last row. */
    private void clearRest(float[] scores) {
        for (int r = rows; r % ROWS != 0; r++)
            setUnseen(scores, r, true, 0);
    }

    /**
     * Turns each row's scores s into e^(s − max), zero where masked.
     *
     * @param max output, by row
     * @param sum output, by row: Σ e^(s − max)
     */
    void softmax(float[] scores, float[] max, double[] sum) {
        for (int r = 0; r < rows; r++) {
            setUnseen(scores, r, false, Float.NEGATIVE_INFINITY);
            int begin = heads.begin(first + r) / W;
            int end = Panels.count(heads.end(first + r));
            int at = at(r, 0);
            max[r] = max(scores, at, begin, end);
            sum[r] = 0;
            for (int panel = begin; panel < end;) {
                int chunk = Math.min(end, (panel / CHUNK_PANELS + 1) * CHUNK_PANELS);
                sum[r] += exponentials(scores, at, panel, chunk, max[r]);
                panel = chunk;
            }
            setUnseen(scores, r, true, 0);
        }
        clearRest(scores);
    }

    /** Turns each row's scores s into the probabilities e^(s − logSumExp), zero where masked. */
    void probabilities(float[] scores, float[] logSumExp) {
        for (int r = 0; r < rows; r++) {
            int end = Panels.count(heads.end(first + r));
            exponentials(scores, at(r, 0), heads.begin(first + r) / W, end, logSumExp[heads.perHead(first + r)]);
            setUnseen(scores, r, true, 0);
        }
        clearRest(scores);
    }

    private static float max(float[] scores, int at, int begin, int end) {
        FloatVector max = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        for (int panel = begin; panel < end; panel++) {
            FloatVector v0 = FloatVector.fromArray(F, scores, at + panel * PANEL);
            FloatVector v1 = FloatVector.fromArray(F, scores, at + panel * PANEL + L);
            max = max.blend(v0, v0.compare(VectorOperators.GT, max));
            max = max.blend(v1, v1.compare(VectorOperators.GT, max));
        }
        return max.reduceLanes(VectorOperators.MAX);
    }

    /** In place s → e^(s − shift); gives the sum, in the order of {@link Lanes}. */
    private static float exponentials(float[] scores, int at, int begin, int end, float shift) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int panel = begin; panel < end; panel++) {
            FloatVector v0 = VectorMath.exp(FloatVector.fromArray(F, scores, at + panel * PANEL).sub(shift));
            v0.intoArray(scores, at + panel * PANEL);
            FloatVector v1 = VectorMath.exp(FloatVector.fromArray(F, scores, at + panel * PANEL + L).sub(shift));
            v1.intoArray(scores, at + panel * PANEL + L);
            if (L == 4 && panel % 2 == 1) {
                s2 = s2.add(v0);
                s3 = s3.add(v1);
            } else {
                s0 = s0.add(v0);
                if (L == 16)
                    s0 = s0.add(v1);
                else
                    s1 = s1.add(v1);
            }
        }
        return Lanes.total(s0, s1, s2, s3);
    }

    /**
     * In place s → cap · tanh(s / cap).
     *
     * @param factors output: the derivative 1 − tanh², or with {@code ratio} the result over s; or null
     */
    void softcap(float[] scores, float cap, boolean ratio, float[] factors) {
        for (int r = 0; r < rows; r++)
            for (int panel = heads.begin(first + r) / W; panel < Panels.count(heads.end(first + r)); panel++)
                for (int i = at(r, panel * W); i < at(r, panel * W) + W; i += L) {
                    FloatVector s = FloatVector.fromArray(F, scores, i);
                    FloatVector tanh = VectorMath.tanh(s.div(cap));
                    FloatVector y = tanh.mul(cap);
                    y.intoArray(scores, i);
                    if (factors != null && ratio)
                        y.div(s).blend(1f, s.compare(VectorOperators.EQ, 0f)).intoArray(factors, i);
                    else if (factors != null)
                        tanh.mul(tanh).neg().add(1f).intoArray(factors, i);
                }
    }

    /** In place s → s + slope · (key − the query's own key), the slope that of the row's head. */
    void alibi(float[] scores) {
        FloatVector lanes = FloatVector.zero(F).addIndex(1);
        for (int r = 0; r < rows; r++) {
            int own = heads.end(first + r) - 1;
            float slope = heads.shape().slope(heads.head(first + r));
            for (int key = heads.begin(first + r) / W * W; key <= own; key += L) {
                int i = at(r, key) + key % W;
                lanes.add((float) (key - own)).fma(FloatVector.broadcast(F, slope), FloatVector.fromArray(F, scores, i)).intoArray(scores,
                        i);
            }
        }
    }

    /**
     * In place dP → dS = P · (dP − shift), times the factors where given; zero where masked.
     *
     * @param shift by row: Σ dOut · out
     */
    void softmaxBackward(float[] probabilities, float[] dScores, float[] shift, float[] factors) {
        for (int r = 0; r < rows; r++) {
            for (int panel = heads.begin(first + r) / W; panel < Panels.count(heads.end(first + r)); panel++)
                for (int i = at(r, panel * W); i < at(r, panel * W) + W; i += L) {
                    FloatVector p = FloatVector.fromArray(F, probabilities, i);
                    FloatVector ds = FloatVector.fromArray(F, dScores, i).sub(shift[r]).mul(p);
                    (factors == null ? ds : ds.mul(FloatVector.fromArray(F, factors, i))).intoArray(dScores, i);
                }
            setUnseen(dScores, r, true, 0);
        }
        clearRest(dScores);
    }
}
