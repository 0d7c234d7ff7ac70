package dev.crane.engine.decoder;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

import dev.crane.engine.CraneException;
import dev.crane.engine.NonFiniteException;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Target;

/**
 * Where the backward pass starts.
 *
 * @param values the target of each sequence, NaN where it has none
 * @param gradient of the targets with respect to the hidden states after the final norm [N, hidden]; zero in the rows of a sequence without target
 * @param headBias Σ over all sequences of the biases of the logits that the targets are made of, times their gradients
 * @param softcap Σ of what the logits' softcap keeps back: capped logit · coefficient − logit · its gradient
 */
record TargetGradient(float[] values, Tensor gradient, double headBias, double softcap) {

    static TargetGradient of(Target target, Rule rule, Decoder decoder, Pass pass, Tensor hidden) {
        decoder.backend().enter("target", -1);
        Computation computation = new Computation(rule, decoder, pass, hidden);
        return switch (target) {
            case Target.MeanLogit t -> computation.logits(computation.nextTokens(p -> true));
            case Target.AtPositions t -> computation.logits(computation.nextTokens(p -> Arrays.binarySearch(t.positions(), p) >= 0));
            case Target.LastLogit t -> computation.logits(computation.mostLikelyLast());
            case Target.Contrastive t -> computation.logits(computation.againstMostLikelyOther());
            case Target.TokenLogit t -> computation.logits(computation.ofToken(t));
            case Target.MeanLogprob t -> computation.logprobs();
        };
    }

    /** What a target names and a sequence or the model does not have is a user's error. */
    static void check(Target target, DecoderSpec spec, Segments sequences) {
        if (!(target instanceof Target.TokenLogit logit))
            return;
        for (int token : new int[]{logit.token(), Math.max(logit.against(), 0)})
            if (token < 0 || token >= spec.vocabulary())
                throw new CraneException("the target " + target.label() + " names token " + token + "; the model's vocabulary has 0 to "
                        + (spec.vocabulary() - 1));
        for (int b = 0; b < sequences.count(); b++)
            if (logit.position() >= sequences.length(b) || logit.position() < -sequences.length(b))
                throw new CraneException("the target " + target.label() + " names position " + logit.position() + ", but sequence " + b
                        + " has " + sequences.length(b) + " tokens");
    }

    /** One term of a target that is a weighted sum of logits: coefficient · logit[row, token]. */
    private record Term(int row, int token, float coefficient) {}

    private static final class Computation {
        private final Rule rule;
        private final Decoder decoder;
        private final Backend backend;
        private final Pass pass;
        private final Segments segments;
        private final int[] ids;
        private final Tensor hidden;
        private final float softcap;

        Computation(Rule rule, Decoder decoder, Pass pass, Tensor hidden) {
            this.rule = rule;
            this.decoder = decoder;
            this.backend = decoder.backend();
            this.pass = pass;
            this.segments = pass.segments;
            this.ids = pass.batch.ids();
            this.hidden = hidden;
            this.softcap = decoder.spec().logitSoftcap();
        }

        /** The mean of the true next token's logit over some positions of each sequence. */
        List<Term> nextTokens(IntPredicate positions) {
            List<Term> terms = new ArrayList<>();
            for (int b = 0; b < segments.count(); b++) {
                int[] chosen = IntStream.range(0, segments.length(b) - 1).filter(positions).toArray();
                for (int t : chosen)
                    terms.add(new Term(segments.start(b) + t, ids[segments.start(b) + t + 1], 1f / chosen.length));
            }
            return terms;
        }

        List<Term> ofToken(Target.TokenLogit target) {
            List<Term> terms = new ArrayList<>();
            for (int b = 0; b < segments.count(); b++) {
                int row = segments.start(b) + target.position() + (target.position() < 0 ? segments.length(b) : 0);
                terms.add(new Term(row, target.token(), 1));
                if (target.against() >= 0)
                    terms.add(new Term(row, target.against(), -1));
            }
            return terms;
        }

        List<Term> mostLikelyLast() {
            int[] rows = IntStream.range(0, segments.count()).map(b -> segments.start(b) + segments.length(b) - 1).toArray();
            int[] best = mostLikelyOther(rows, new int[0]);
            return IntStream.range(0, rows.length).mapToObj(b -> new Term(rows[b], best[b], 1)).toList();
        }

        List<Term> againstMostLikelyOther() {
            List<Term> next = nextTokens(p -> true);
            int[] rows = next.stream().mapToInt(Term::row).toArray();
            int[] other = mostLikelyOther(rows, next.stream().mapToInt(Term::token).toArray());
            List<Term> terms = new ArrayList<>(next);
            for (int i = 0; i < rows.length; i++)
                terms.add(new Term(rows[i], other[i], -next.get(i).coefficient()));
            return terms;
        }

        /** For each row the first token with the largest logit, that of {@code except} (if any) left out. */
        private int[] mostLikelyOther(int[] rows, int[] except) {
            int[] best = new int[rows.length];
            new VocabularyHead(decoder, pass, hidden).logits(rows, (from, logits) -> {
                float[] values = backend.download(logits);
                int vocabulary = logits.columns();
                for (int i = 0; i < logits.rows(); i++) {
                    int left = except.length == 0 ? -1 : except[from + i];
                    int first = -1;
                    for (int v = 0; v < vocabulary; v++)
                        if (v != left && (first < 0 || values[i * vocabulary + v] > values[i * vocabulary + first]))
                            first = v;
                    best[from + i] = first;
                }
            });
            return best;
        }

        /** A weighted sum of single logits: only the rows of the vocabulary matrix that are named are read, forward and backward. */
        TargetGradient logits(List<Term> terms) {
            int[] rows = terms.stream().mapToInt(Term::row).toArray();
            int[] tokens = terms.stream().mapToInt(Term::token).toArray();
            float[] logits = backend.targetLogits(decoder.parameters().head(), hidden, rows, tokens);
            float[] bias = decoder.parameters().headBiasValues();
            for (int i = 0; bias != null && i < logits.length; i++)
                logits[i] += bias[tokens[i]];
            double[] sums = new double[segments.count()];
            boolean[] has = new boolean[segments.count()];
            float[] coefficients = new float[rows.length];
            double ofBias = 0;
            double ofCap = 0;
            for (int i = 0; i < rows.length; i++) {
                float capped = cap(logits[i]);
                coefficients[i] = terms.get(i).coefficient() * capDerivative(logits[i]);
                int b = segments.of(rows[i]);
                sums[b] += (double) terms.get(i).coefficient() * capped;
                ofBias += bias == null ? 0 : (double) coefficients[i] * bias[tokens[i]];
                ofCap += (double) terms.get(i).coefficient() * capped - (double) coefficients[i] * logits[i];
                has[b] = true;
            }
            Tensor gradient = pass.tensors.allocate(hidden.rows(), hidden.columns());
            backend.targetLogitsBackward(decoder.parameters().head(), rows, tokens, coefficients, gradient);
            return new TargetGradient(targets(sums, has), gradient, ofBias, ofCap);
        }

        /** The mean log-probability of the true next token: needs the whole vocabulary, a few rows at a time, and takes them back at once. */
        TargetGradient logprobs() {
            List<Term> terms = nextTokens(p -> true);
            VocabularyHead head = new VocabularyHead(decoder, pass, hidden);
            int step = VocabularyHead.rowsAtOnce(decoder.spec().vocabulary());
            double[] sums = new double[segments.count()];
            boolean[] has = new boolean[segments.count()];
            Tensor gradient = pass.tensors.zeros(hidden.rows(), hidden.columns());
            for (int from = 0; from < terms.size(); from += step) {
                List<Term> some = terms.subList(from, Math.min(terms.size(), from + step));
                int[] rows = some.stream().mapToInt(Term::row).toArray();
                int[] tokens = some.stream().mapToInt(Term::token).toArray();
                float[] coefficients = new float[rows.length];
                float[] logprobs = new float[rows.length];
                Tensor logits = head.rawLogits(rows);
                float[] raw = softcap > 0 ? backend.download(logits) : null;
                head.finish(logits, rows);
                backend.tokenLogprobs(logits, tokens, logprobs, new int[rows.length]);
                for (int i = 0; i < rows.length; i++) {
                    coefficients[i] = some.get(i).coefficient();
                    int b = segments.of(rows[i]);
                    sums[b] += (double) coefficients[i] * logprobs[i];
                    has[b] = true;
                }
                backend.logprobBackward(logits, tokens, coefficients);
                Tensor beforeCap = raw == null ? logits : throughCap(logits, raw);
                Tensor part = pass.tensors.allocate(rows.length, hidden.columns());
                backend.linearBackwardInput(decoder.parameters().head(), beforeCap, part, false);
                for (int i = 0; i < rows.length; i++)
                    backend.copyRows(part, i, gradient, rows[i], 1);
                pass.tensors.release(beforeCap, part);
            }
            return new TargetGradient(targets(sums, has), gradient, 0, 0);
        }

        /** Exchanges the gradient of capped logits for that of the raw ones; on the host, as the few models that have one are not worth an op. */
        private Tensor throughCap(Tensor gradient, float[] raw) {
            float[] values = backend.download(gradient);
            for (int i = 0; i < values.length; i++)
                values[i] *= capDerivative(raw[i]);
            Tensor result = pass.tensors.upload(values, gradient.rows(), gradient.columns());
            pass.tensors.release(gradient);
            return result;
        }

        private float cap(float logit) {
            return softcap > 0 ? softcap * (float) Math.tanh(logit / softcap) : logit;
        }

        /** What the rule takes for d cap / d logit. */
        private float capDerivative(float logit) {
            if (!(softcap > 0))
                return 1;
            double tanh = Math.tanh(logit / softcap);
            return rule.softcap(logit == 0 ? 1 : (float) (softcap * tanh / logit), (float) (1 - tanh * tanh));
        }

        private float[] targets(double[] sums, boolean[] has) {
            float[] values = new float[sums.length];
            for (int b = 0; b < sums.length; b++) {
                values[b] = has[b] ? (float) sums[b] : Float.NaN;
                if (has[b] && !Float.isFinite(values[b]))
                    throw new NonFiniteException(b, VocabularyHead.LOGITS, segments.length(b) - 1, false);
            }
            return values;
        }
    }
}
