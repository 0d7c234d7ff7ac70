package dev.crane.engine.decoder;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.decoder.DecoderParameters.Linear;
import dev.crane.engine.decoder.DecoderParameters.Norm;
import dev.crane.engine.relevance.ConservationLedger;
import dev.crane.engine.relevance.ConservationLedger.Entry;
import dev.crane.engine.relevance.ConservationLedger.Loss;
import dev.crane.engine.relevance.Rule;

/** Keeps the ledger of one sequence while its backward pass runs; sums are taken on the host in f64. */
final class LedgerSheet {
    private final Decoder decoder;
    private final Backend backend;
    private final Workspace tensors;
    private final Rule rule;
    private final double target;
    private final List<Entry> entries = new ArrayList<>();
    private Map<Loss, Double> losses = new EnumMap<>(Loss.class);
    private double above;
    private double sizeAbove;

    LedgerSheet(Decoder decoder, Pass pass, Rule rule, TargetGradient target) {
        this.decoder = decoder;
        this.backend = decoder.backend();
        this.tensors = pass.tensors;
        this.rule = rule;
        this.target = target.values()[0];
        above = this.target;
        sizeAbove = Math.abs(above);
        lose(Loss.BIAS, target.headBias());
        lose(Loss.SOFTCAP, target.softcap());
    }

    /** The target is no weighted sum of logits: what it is more than Σ hidden · gradient has no other name. */
    void ofNoLogits(Tensor hidden, Tensor gradient) {
        lose(Loss.TARGET, target - dot(hidden, gradient));
    }

    ConservationLedger ledger() {
        return new ConservationLedger(rule.name(), target, List.copyOf(entries));
    }

    private void lose(Loss loss, double value) {
        losses.merge(loss, value, Double::sum);
    }

    /** The stream x with its gradient is a stage's front. */
    void stage(String name, Tensor x, Tensor dx) {
        float[] values = backend.download(x);
        float[] gradients = backend.download(dx);
        double sum = 0;
        double size = 0;
        for (int t = 0; t < x.rows(); t++) {
            double token = 0;
            for (int i = t * x.columns(); i < (t + 1) * x.columns(); i++)
                token += (double) values[i] * gradients[i];
            sum += token;
            size += Math.abs(token);
        }
        entries.add(new Entry(name, above, sum, Math.max(size, sizeAbove), Map.copyOf(losses)));
        losses = new EnumMap<>(Loss.class);
        above = sum;
        sizeAbove = size;
    }

    /** Σ value · gradient. */
    double dot(Tensor value, Tensor gradient) {
        float[] values = backend.download(value);
        float[] gradients = backend.download(gradient);
        double sum = 0;
        for (int i = 0; i < values.length; i++)
            sum += (double) values[i] * gradients[i];
        return sum;
    }

    /**
     * A norm has been taken back.
     *
     * @param back Σ input·gradient that it added
     */
    void norm(Norm norm, Tensor x, Tensor dy, double back) {
        Norms.Normed normed = decoder.norms().of(norm, x, tensors);
        double bias = 0;
        if (norm.bias() != null) { // a layer norm of zeros is its bias
            Tensor zeros = tensors.zeros(1, x.columns());
            Norms.Normed ofZeros = decoder.norms().of(norm, zeros, tensors);
            bias = biasDot(ofZeros.y(), dy);
            tensors.release(zeros, ofZeros.y(), ofZeros.inverse());
        }
        lose(Loss.BIAS, bias);
        lose(Loss.NORM, dot(normed.y(), dy) - bias - back);
        tensors.release(normed.y(), normed.inverse());
    }

    /** The norms of queries or keys have been taken back; {@code x} is before them. */
    void headNorm(Tensor normed, Tensor dNormed, Tensor x, Tensor dx) {
        lose(Loss.NORM, dot(normed, dNormed) - dot(x, dx));
    }

    /** A linear layer's output z has the gradient {@code dz}, and behind the rule {@code changed}, given as Σ z·dz and the tensor. */
    void linear(Linear linear, Tensor z, double before, Tensor changed) {
        if (rule.linearChanges())
            lose(Loss.EPSILON, before - dot(z, changed));
        if (rule.gamma() == 0)
            bias(linear, changed, 1);
    }

    /** A linear layer's bias takes this share of Σ bias · gradient. */
    void bias(Linear linear, Tensor gradient, double share) {
        if (linear.bias() == null)
            return;
        Tensor zeros = tensors.zeros(1, linear.weight().in());
        Tensor bias = tensors.allocate(1, linear.weight().out());
        backend.linear(linear.weight(), linear.bias(), zeros, bias);
        lose(Loss.BIAS, share * biasDot(bias, gradient));
        tensors.release(zeros, bias);
    }

    private double biasDot(Tensor bias, Tensor gradient) {
        float[] values = backend.download(bias);
        float[] gradients = backend.download(gradient);
        double sum = 0;
        for (int i = 0; i < gradients.length; i++)
            sum += (double) values[i % values.length] * gradients[i];
        return sum;
    }

    /** An activation, or gate × up, has been taken back. */
    void activation(double behind, double before) {
        lose(Loss.ACTIVATION, behind - before);
    }

    /** Attention has been taken back; queries and keys as they enter it. */
    void attention(Tensor out, Tensor dOut, Tensor q, Tensor dq, Tensor k, Tensor dk) {
        double scores = 0; // Σ S·dS: the scores are linear in the queries, and in the keys
        if (rule.attentionQuery() != 0)
            scores = dot(q, dq) / rule.attentionQuery();
        else if (rule.attentionKey() != 0)
            scores = dot(k, dk) / rule.attentionKey();
        lose(Loss.SOFTMAX, (1 - rule.attentionValue()) * dot(out, dOut) - (rule.attentionQuery() + rule.attentionKey()) * scores);
    }
}
