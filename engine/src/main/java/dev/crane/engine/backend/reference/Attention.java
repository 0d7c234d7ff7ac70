package dev.crane.engine.backend.reference;

import dev.crane.engine.backend.AttentionShape;
import dev.crane.engine.backend.KeyRanges;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.host.HostTensor;
import dev.crane.engine.relevance.Rule;

/** out = softmax(scale · q·k) · v per head, causal, and its backward. */
final class Attention {
    private Attention() {
    }

    static void forward(HostTensor q, HostTensor k, HostTensor v, AttentionShape shape, Segments queries, KeyRanges keys, HostTensor out,
            HostTensor logSumExp) {
        int d = shape.headDim();
        for (int b = 0; b < queries.count(); b++)
            for (int t = 0; t < queries.length(b); t++)
                for (int h = 0; h < shape.heads(); h++) {
                    int row = queries.start(b) + t;
                    int position = keys.lengths()[b] - queries.length(b) + t;
                    int first = firstKey(shape, position);
                    double[] scores = new double[position + 1];
                    double max = Double.NEGATIVE_INFINITY;
                    for (int j = first; j <= position; j++) {
                        scores[j] = capped(shape, score(q, k, shape, row, keys.starts()[b] + j, h)) + alibi(shape, h, position, j);
                        max = Math.max(max, scores[j]);
                    }
                    double sum = 0;
                    double[] weighted = new double[d];
                    for (int j = first; j <= position; j++) {
                        double weight = Math.exp(scores[j] - max);
                        sum += weight;
                        for (int i = 0; i < d; i++)
                            weighted[i] += weight * v.data()[at(v, keys.starts()[b] + j, kvHead(shape, h), d) + i];
                    }
                    for (int i = 0; i < d; i++)
                        out.data()[at(out, row, h, d) + i] = (float) (weighted[i] / sum);
                    logSumExp.data()[row * shape.heads() + h] = (float) (max + Math.log(sum));
                }
    }

    static void backward(HostTensor q, HostTensor k, HostTensor v, HostTensor out, HostTensor logSumExp, HostTensor dOut,
            AttentionShape shape, Segments segments, Rule rule, HostTensor dq, HostTensor dk, HostTensor dv) {
        int d = shape.headDim();
        double[] sumDq = new double[dq.elements()];
        double[] sumDk = new double[dk.elements()];
        double[] sumDv = new double[dv.elements()];
        for (int b = 0; b < segments.count(); b++)
            for (int t = 0; t < segments.length(b); t++)
                for (int h = 0; h < shape.heads(); h++) {
                    int row = segments.start(b) + t;
                    int query = at(q, row, h, d);
                    double lse = logSumExp.data()[row * shape.heads() + h];
                    double outDot = dot(dOut, query, out, query, d);
                    for (int j = firstKey(shape, t); j <= t; j++) {
                        int key = at(k, segments.start(b) + j, kvHead(shape, h), d);
                        double score = score(q, k, shape, row, segments.start(b) + j, h);
                        double p = Math.exp(capped(shape, score) + alibi(shape, h, t, j) - lse);
                        double ds = p * (dot(dOut, query, v, key, d) - outDot) * cappedFactor(shape, score, rule);
                        for (int i = 0; i < d; i++) {
                            sumDq[query + i] += (double) rule.attentionQuery() * shape.scale() * ds * k.data()[key + i];
                            sumDk[key + i] += (double) rule.attentionKey() * shape.scale() * ds * q.data()[query + i];
                            sumDv[key + i] += rule.attentionValue() * p * dOut.data()[query + i];
                        }
                    }
                }
        store(rule.detachesScores() ? new double[sumDq.length] : sumDq, dq);
        store(rule.detachesScores() ? new double[sumDk.length] : sumDk, dk);
        store(sumDv, dv);
    }

    static void probabilities(HostTensor q, HostTensor k, HostTensor logSumExp, AttentionShape shape, Segments segments, int b,
            HostTensor out) {
        int length = segments.length(b);
        for (int h = 0; h < shape.heads(); h++)
            for (int t = 0; t < length; t++)
                for (int j = 0; j < length; j++) {
                    int row = segments.start(b) + t;
                    boolean masked = j > t || j < firstKey(shape, t);
                    out.data()[(h * length + t) * length + j] = masked
                            ? 0
                            : (float) Math.exp(capped(shape, score(q, k, shape, row, segments.start(b) + j, h))
                                    + alibi(shape, h, t, j) - logSumExp.data()[row * shape.heads() + h]);
                }
    }

    private static int kvHead(AttentionShape shape, int h) {
        return h / (shape.heads() / shape.kvHeads());
    }

    private static int firstKey(AttentionShape shape, int position) {
        return shape.window() > 0 ? Math.max(0, position - shape.window() + 1) : 0;
    }

    private static int at(HostTensor x, int row, int head, int headDim) {
        return row * x.columns() + head * headDim;
    }

    private static double score(HostTensor q, HostTensor k, AttentionShape shape, int row, int keyRow, int h) {
        int d = shape.headDim();
        return shape.scale() * dot(q, at(q, row, h, d), k, at(k, keyRow, kvHead(shape, h), d), d);
    }

    private static double capped(AttentionShape shape, double score) {
        return shape.softcap() > 0 ? shape.softcap() * Math.tanh(score / shape.softcap()) : score;
    }

    private static double alibi(AttentionShape shape, int h, int position, int key) {
        return shape.alibi() ? (double) shape.slope(h) * (key - position) : 0;
    }

    /** What the rule takes for the derivative of {@link #capped}. */
    private static double cappedFactor(AttentionShape shape, double score, Rule rule) {
        if (shape.softcap() <= 0)
            return 1;
        double tanh = Math.tanh(score / shape.softcap());
        return rule.softcap(score == 0 ? 1 : (float) (shape.softcap() * tanh / score), (float) (1 - tanh * tanh));
    }

    private static double dot(HostTensor a, int aAt, HostTensor b, int bAt, int d) {
        double sum = 0;
        for (int i = 0; i < d; i++)
            sum += (double) a.data()[aAt + i] * b.data()[bAt + i];
        return sum;
    }

    private static void store(double[] from, HostTensor to) {
        for (int i = 0; i < from.length; i++)
            to.data()[i] = (float) from[i];
    }
}
