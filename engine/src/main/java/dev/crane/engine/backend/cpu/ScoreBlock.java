package dev.crane.engine.backend.cpu;

import java.util.Arrays;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

import dev.crane.engine.relevance.Rule;

import static dev.crane.engine.backend.cpu.HeadGroup.BLOCK;
import static dev.crane.engine.backend.cpu.Lanes.F;
import static dev.crane.engine.backend.cpu.Lanes.L;
import static dev.crane.engine.backend.cpu.Panels.ROWS;
import static dev.crane.engine.backend.cpu.Panels.W;

/**
 * A block of rows of a {@link HeadGroup} against the keys they see, in {@link Panels} of keys: panel p of the block holds the keys from
 * {@code (firstPanel + p) · W}. The arrays that its methods work on hold {@link #size} values. Whole panels are computed in tiles of four rows; what
 * a row does not see of its tile's panels is set to zero probability, so that products over keys need no mask.
 */
final class ScoreBlock {
    private static final int PANEL = BLOCK * W;
    private static final int CHUNK_PANELS = Lanes.CHUNK / W;

    private final HeadGroup heads;
    private final int first;
    private final int rows;
    private final int firstPanel;
    private final int endKey;
    /** By row, up to the last tile's last: first key seen, and one past the last. */
    private final int[] begin = new int[BLOCK];
    private final int[] end = new int[BLOCK];
    private final float[] partial = new float[Lanes.PARTIAL];

    /** Block {@code index} of a head group. */
    ScoreBlock(HeadGroup heads, int index) {
        this.heads = heads;
        first = index * BLOCK;
        rows = Math.min(BLOCK, heads.rows() - first);
        for (int r = 0; r < BLOCK; r++) {
            end[r] = heads.end(first + Math.min(r, rows - 1));
            begin[r] = heads.begin(end[r]);
        }
        firstPanel = begin[0] / W;
        endKey = end[rows - 1];
    }

    /** Number of blocks of a head group. */
    static int count(HeadGroup heads) {
        return (heads.rows() + BLOCK - 1) / BLOCK;
    }

    HeadGroup heads() {
        return heads;
    }

    /** The block's first row. */
    int first() {
        return first;
    }

    /** Number of its rows, at most {@link HeadGroup#BLOCK}. */
    int rows() {
        return rows;
    }

    /** First key that row r sees. */
    int begin(int r) {
        return begin[r];
    }

    /** One past the last key that row r sees. */
    int end(int r) {
        return end[r];
    }

    /** Length of an array of scores. */
    int size() {
        return (Panels.count(endKey) - firstPanel) * PANEL;
    }

    /** Index of row r of the panel that key {@code key} begins. */
    int at(int r, int key) {
        return (key / W - firstPanel) * PANEL + r * W;
    }

    /** First key of the panels that the tile from row r computes. */
    private int tileBegin(int r) {
        return begin[r] / W * W;
    }

    /** One past the last key that the tile from row r needs. */
    private int tileEnd(int r) {
        return end[r + ROWS - 1];
    }

    /** Packs rows of a tensor like q, times {@code factor}; the rows that complete the last tile become zero. */
    void pack(float[] source, float factor, float[] packed) {
        int d = heads.shape().headDim();
        for (int r = 0; r < rows; r++)
            Panels.pack(source, heads.query(first + r), 0, 1, d, factor, packed, 0, BLOCK, r);
        for (int r = rows; r % ROWS != 0; r++)
            for (int p = 0; p < Panels.count(d); p++)
                Arrays.fill(packed, (p * BLOCK + r) * W, (p * BLOCK + r + 1) * W, 0);
    }

    /** Writes a packed row, times {@code factor}, to a tensor like q. */
    void unpack(float[] packed, int r, float factor, float[] target) {
        Panels.unpack(packed, 0, BLOCK, r, 1, heads.shape().headDim(), factor, target, heads.query(first + r), 0);
    }

    /** scores[r, key] = packed[r, :] · keys[key, :], for the panels that the rows' tiles see; {@code keys} packed transposed. */
    void products(float[] packed, float[] keys, int keysAt, float[] scores) {
        int d = heads.shape().headDim();
        for (int key = firstPanel * W; key < endKey; key += W)
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
            for (int from = firstPanel * W; from < endKey; from += keysAtOnce)
                for (int r = 0; r < rows; r += ROWS) {
                    int firstKey = Math.max(from, tileBegin(r));
                    int lastKey = Math.min(from + keysAtOnce, tileEnd(r));
                    if (firstKey < lastKey)
                        Panels.multiply(weights, at(r, firstKey), PANEL, values, valuesAt + (p * valueRows + firstKey) * W,
                                lastKey - firstKey, result, p * PANEL + r * W, firstKey > tileBegin(r));
                }
    }

    /**
     * sums[key, :] += Σ_r weights[r, key] · packed[r, :].
     *
     * @param sums panels of {@code sumRows} rows, a multiple of W
     */
    void addTransposed(float[] weights, float[] packed, float[] sums, int sumsAt, int sumRows) {
        int firstRow = 0;
        int lastRow = 0;
        for (int key = firstPanel * W; key < endKey; key += W) {
            while (end[firstRow] <= key)
                firstRow++;
            while (lastRow < rows && begin[lastRow] < key + W)
                lastRow++;
            for (int p = 0; p < Panels.count(heads.shape().headDim()); p++)
                for (int j = 0; j < W && key + j < endKey; j += ROWS)
                    Panels.multiplyTransposed(weights, at(firstRow, key) + j, packed, p * PANEL + firstRow * W, lastRow - firstRow, sums,
                            sumsAt + (p * sumRows + key + j) * W);
        }
    }

    /** Sets the keys from {@code from} to {@code to} of row r. */
    private void set(float[] scores, int r, int from, int to, float value) {
        for (int key = from; key < to;) {
            int next = Math.min(to, (key / W + 1) * W);
            int at = at(r, key);
            Arrays.fill(scores, at + key % W, at + (next - 1) % W + 1, value);
            key = next;
        }
    }

    /** Sets what row r does not see of its own panels. */
    private void setUnseen(float[] scores, int r, float value) {
        set(scores, r, begin[r] / W * W, begin[r], value);
        set(scores, r, end[r], Panels.padded(end[r]), value);
    }

    /** Sets to zero what rows do not see of their tiles' panels, and all of the rows that complete the last tile. */
    private void clearUnseen(float[] scores) {
        for (int r = 0; r < rows; r++) {
            set(scores, r, tileBegin(r / ROWS * ROWS), begin[r], 0);
            set(scores, r, end[r], Panels.padded(tileEnd(r / ROWS * ROWS)), 0);
        }
        for (int r = rows; r % ROWS != 0; r++)
            set(scores, r, tileBegin(r / ROWS * ROWS), Panels.padded(tileEnd(r / ROWS * ROWS)), 0);
    }

    /**
     * Turns each row's scores s into e^(s − max), zero where masked.
     *
     * @param max output, by row
     * @param sum output, by row: Σ e^(s − max)
     */
    void softmax(float[] scores, float[] max, double[] sum) {
        for (int r = 0; r < rows; r++) {
            setUnseen(scores, r, Float.NEGATIVE_INFINITY);
            int at = at(r, 0);
            int from = begin[r] / W;
            int to = Panels.count(end[r]);
            max[r] = max(scores, at, from, to);
            VectorMath.exponentials(scores, at(r, begin[r]), to - from, W, PANEL, max[r]);
            sum[r] = 0;
            for (int panel = from; panel < to;) {
                int chunk = Math.min(to, (panel / CHUNK_PANELS + 1) * CHUNK_PANELS);
                sum[r] += sum(scores, at, panel, chunk, partial);
                panel = chunk;
            }
        }
        clearUnseen(scores);
    }

    /** Turns each row's scores s into the probabilities e^(s − logSumExp), zero where masked. */
    void probabilities(float[] scores, float[] logSumExp) {
        for (int r = 0; r < rows; r++)
            VectorMath.exponentials(scores, at(r, begin[r]), Panels.count(end[r]) - begin[r] / W, W, PANEL,
                    logSumExp[heads.perHead(first + r)]);
        clearUnseen(scores);
    }

    private static float max(float[] scores, int at, int from, int to) {
        FloatVector m0 = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        FloatVector m1 = m0;
        for (int panel = from; panel < to; panel++) {
            FloatVector v0 = FloatVector.fromArray(F, scores, at + panel * PANEL);
            FloatVector v1 = FloatVector.fromArray(F, scores, at + panel * PANEL + L);
            m0 = m0.blend(v0, v0.compare(VectorOperators.GT, m0));
            m1 = m1.blend(v1, v1.compare(VectorOperators.GT, m1));
        }
        return m0.blend(m1, m1.compare(VectorOperators.GT, m0)).reduceLanes(VectorOperators.MAX);
    }

    /** The sum over some panels of a row, in the order of {@link Lanes}. */
    private static float sum(float[] scores, int at, int from, int to, float[] partial) {
        FloatVector s0 = FloatVector.zero(F);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        for (int panel = from; panel < to; panel++) {
            FloatVector v0 = FloatVector.fromArray(F, scores, at + panel * PANEL);
            FloatVector v1 = FloatVector.fromArray(F, scores, at + panel * PANEL + L);
            if (L == 16)
                s0 = s0.add(v0).add(v1);
            else if (L == 8 || panel % 2 == 0) {
                s0 = s0.add(v0);
                s1 = s1.add(v1);
            } else {
                s2 = s2.add(v0);
                s3 = s3.add(v1);
            }
        }
        s0.intoArray(partial, 0);
        if (L < 16)
            s1.intoArray(partial, L);
        if (L < 8) {
            s2.intoArray(partial, 2 * L);
            s3.intoArray(partial, 3 * L);
        }
        return Lanes.pairwise(partial);
    }

    /**
     * In place s → cap · tanh(s / cap).
     *
     * @param factors output: what the rule takes for the derivative; or null
     */
    void softcap(float[] scores, float cap, Rule rule, float[] factors) {
        Rule.Coefficients known = rule == null ? null : rule.coefficients().orElse(null);
        float[] scratch = new float[UnaryFunction.SCRATCH];
        for (int r = 0; r < rows; r++)
            for (int panel = begin[r] / W; panel < Panels.count(end[r]); panel++) {
                int at = at(r, panel * W);
                if (factors != null)
                    System.arraycopy(scores, at, factors, at, W);
                for (int i = at; i < at + W; i++)
                    scores[i] /= cap;
                UnaryFunction.TANH.apply(scores, at, scores, at, W, scratch);
                if (factors != null)
                    softcapFactors(scores, at, cap, rule, known, factors);
                RowArithmetic.scale(scores, at, cap, W);
            }
    }

    /** From {@code factors} the scores, and {@code tanh} of them over the cap. */
    private static void softcapFactors(float[] tanh, int at, float cap, Rule rule, Rule.Coefficients known, float[] factors) {
        if (known == null) {
            for (int i = at; i < at + W; i++)
                factors[i] = rule.softcap(factors[i] == 0 ? 1 : tanh[i] * cap / factors[i], 1 - tanh[i] * tanh[i]);
            return;
        }
        for (int i = at; i < at + W; i += L) {
            FloatVector s = FloatVector.fromArray(F, factors, i);
            FloatVector t = FloatVector.fromArray(F, tanh, i);
            if (known.softcapRatio())
                t.mul(cap).div(s).blend(1f, s.compare(VectorOperators.EQ, 0f)).intoArray(factors, i);
            else
                t.neg().fma(t, FloatVector.broadcast(F, 1f)).intoArray(factors, i);
        }
    }

    /** In place s → s + slope · (key − the query's own key), the slope that of the row's head. */
    void alibi(float[] scores) {
        FloatVector lanes = FloatVector.zero(F).addIndex(1);
        for (int r = 0; r < rows; r++) {
            int own = end[r] - 1;
            float slope = heads.shape().slope(heads.head(first + r));
            for (int key = begin[r] / W * W; key <= own; key += L) {
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
        for (int r = 0; r < rows; r++)
            for (int panel = begin[r] / W; panel < Panels.count(end[r]); panel++) {
                int at = at(r, panel * W);
                for (int i = at; i < at + W; i += L)
                    FloatVector.fromArray(F, dScores, i).sub(shift[r]).mul(FloatVector.fromArray(F, probabilities, i)).intoArray(dScores,
                            i);
                if (factors != null)
                    RowArithmetic.multiply(dScores, at, 1, factors, at, dScores, at, W);
            }
        clearUnseen(dScores);
    }
}
