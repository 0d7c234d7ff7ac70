package dev.crane.engine.decoder;

import java.util.ArrayList;
import java.util.List;

import dev.crane.engine.backend.Activation;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.backend.UnitEdits;
import dev.crane.engine.decoder.DecoderParameters.Linear;
import dev.crane.engine.decoder.DecoderParameters.Norm;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;

/**
 * The backward pass through the layers, from the gradient of the hidden states to that of the embedding, each op's backward as the rule says. No
 * gradient of any weight is formed: scores are read from values and gradients at the hook points.
 */
final class DecoderBackward {
    private final Decoder decoder;
    private final Backend backend;
    private final Pass pass;
    private final Workspace tensors;
    private final Rule rule;
    private final ScoreSheet scores;
    private final Pass again;
    private final boolean toEmbedding;
    private final LedgerSheet ledger;

    /**
     * @param pass the forward pass
     * @param again what runs layers again from the checkpoints that {@code pass} kept, or null when it kept everything
     * @param toEmbedding whether the gradient of the embedding is wanted; otherwise the first layer computes no more than its scores need
     * @param ledger where it is told what becomes of relevance, or null; then every value is kept
     */
    DecoderBackward(Decoder decoder, Pass pass, Rule rule, ScoreSheet scores, Pass again, boolean toEmbedding, LedgerSheet ledger) {
        this.decoder = decoder;
        this.backend = decoder.backend();
        this.pass = pass;
        this.tensors = pass.tensors;
        this.rule = rule;
        this.scores = scores;
        this.again = again;
        this.toEmbedding = toEmbedding;
        this.ledger = ledger;
    }

    /** The gradient with respect to the scaled embedding [N, hidden], or null where it is not wanted; consumes {@code dHidden}. */
    Tensor run(Tensor dHidden) {
        backend.enter("final_norm", -1);
        Tensor dx = tensors.zeros(pass.tokens(), decoder.spec().hidden());
        norm(decoder.parameters().finalNorm(), pass.finalInput, pass.finalInverse, dHidden, dx);
        if (ledger != null)
            ledger.stage("head", pass.finalInput, dx);
        tensors.release(dHidden, pass.finalInput, pass.finalInverse);
        for (int layer = decoder.spec().layers() - 1; layer >= 0; layer--) {
            LayerActivations kept = again == null ? pass.layer(layer) : forwardAgain(layer);
            boolean beforeAttention = layer > 0 || toEmbedding || scores.reads(Site.RESID_PRE);
            boolean inAttention = beforeAttention || scores.reads(Site.ATTN_OUT, Site.ATTN_Z, Site.ATTN_Q, Site.ATTN_K, Site.ATTN_V);
            at(Site.RESID_POST, layer, kept, dx);
            if (decoder.spec().parallelResidual()) {
                Tensor upstream = tensors.copy(dx); // both sublayers have what follows them from the same stream
                mlp(layer, kept, upstream, dx, beforeAttention);
                if (inAttention)
                    attention(layer, kept, upstream, dx, beforeAttention);
                tensors.release(upstream);
            } else {
                mlp(layer, kept, dx, dx, inAttention || scores.reads(Site.RESID_MID));
                at(Site.RESID_MID, layer, kept, dx);
                if (inAttention)
                    attention(layer, kept, dx, dx, beforeAttention);
            }
            at(Site.RESID_PRE, layer, kept, dx);
            if (ledger != null)
                ledger.stage("layer " + layer, kept.values.get(Site.RESID_PRE), dx);
            pass.checkFinite(new HookPoint(Site.RESID_PRE, layer), dx, true);
            kept.release(tensors);
        }
        pass.settle();
        if (!toEmbedding) {
            tensors.release(dx, pass.embeddingInverse);
            return null;
        }
        return decoder.parameters().embeddingNorm() == null ? dx : embeddingNorm(dx);
    }

    /** The gradient of the embedding from that of the normed embedding, which is let go. */
    private Tensor embeddingNorm(Tensor dx) {
        backend.enter("embedding", -1);
        Tensor x = rule.normReadsInput() || ledger != null ? decoder.embedded(pass) : null;
        Tensor dEmbedding = tensors.zeros(dx.rows(), dx.columns());
        norm(decoder.parameters().embeddingNorm(), x, pass.embeddingInverse, dx, dEmbedding);
        if (ledger != null)
            ledger.stage("embedding norm", x, dEmbedding);
        tensors.release(x, dx, pass.embeddingInverse);
        return dEmbedding;
    }

    /** dx += the gradient of the input of a norm; of the stream itself where there is no norm. */
    private void norm(Norm norm, Tensor x, Tensor inverse, Tensor dy, Tensor dx) {
        if (norm == null) {
            backend.add(dx, dy);
            return;
        }
        double before = ledger == null ? 0 : ledger.dot(x, dx);
        decoder.norms().backward(norm, x, inverse, dy, rule, dx);
        if (ledger != null)
            ledger.norm(norm, x, dy, ledger.dot(x, dx) - before);
    }

    /** Runs one layer again, from the stream that enters it. */
    private LayerActivations forwardAgain(int layer) {
        Tensor x = pass.layer(layer).values.remove(Site.RESID_PRE);
        Tensor delta = decoder.layer(layer, x, null, again);
        if (again.keep.sites().contains(Site.RESID_POST)) {
            backend.add(x, delta);
            again.at(Site.RESID_POST, layer, x);
        }
        tensors.release(x, delta);
        return again.layer(layer);
    }

    /** dx += the gradient through the MLP, unless none is wanted {@code before} it; {@code upstream} is that of the stream it is added to. */
    private void mlp(int layer, LayerActivations kept, Tensor upstream, Tensor dx, boolean before) {
        DecoderParameters.Layer w = decoder.parameters().layers().get(layer);
        int width = decoder.spec().mlp().intermediate();
        Tensor gate = kept.values.get(Site.MLP_GATE);
        Tensor up = kept.values.get(Site.MLP_UP);

        Tensor dOut = branch(Site.MLP_DOWN, layer, kept, w.down(), w.postMlpNorm(), kept.postMlpInverse, upstream);
        Tensor dNeuron = tensors.allocate(pass.tokens(), width);
        Tensor neuron = rule.gamma() == 0 ? null : neuron(layer, gate, up);
        through(Site.MLP_DOWN, layer, kept, w.down(), neuron, dOut, dNeuron, false);
        tensors.release(dOut, neuron);

        backend.enter(Site.MLP_NEURON.label(), layer);
        Tensor dUp = tensors.allocate(pass.tokens(), width);
        List<Term> terms = new ArrayList<>();
        if (gate == null) {
            activationBackward(layer, up, dNeuron, dUp);
            if (ledger != null)
                ledger.activation(neuronRelevance(layer, null, up, dNeuron), ledger.dot(up, dUp));
            tensors.release(dNeuron);
            at(Site.MLP_UP, layer, kept, dUp);
            terms.add(new Term(Site.MLP_UP, w.up(), dUp, 1));
        } else {
            neuronScores(layer, gate, up, dNeuron);
            Tensor dGate = tensors.allocate(pass.tokens(), width);
            backend.gatedActivationBackward(gate, up, decoder.spec().mlp().activation(), pass.runs, pass.edits(Site.MLP_ACT, layer),
                    pass.edits(Site.MLP_NEURON, layer), rule, dNeuron, dGate, dUp);
            if (ledger != null)
                ledger.activation(neuronRelevance(layer, gate, up, dNeuron), ledger.dot(gate, dGate) + ledger.dot(up, dUp));
            tensors.release(dNeuron);
            at(Site.MLP_GATE, layer, kept, dGate);
            at(Site.MLP_UP, layer, kept, dUp);
            terms.add(new Term(Site.MLP_GATE, w.gate(), dGate, rule.coefficients().map(Rule.Coefficients::gateShare).orElse(1f)));
            terms.add(new Term(Site.MLP_UP, w.up(), dUp, rule.coefficients().map(Rule.Coefficients::upShare).orElse(1f)));
        }
        Site entered = decoder.spec().parallelResidual() ? Site.RESID_PRE : Site.RESID_MID;
        input(layer, kept, terms, w.mlpNorm(), kept.values.get(entered), kept.mlpInverse, dx, before);
    }

    /** What the down projection read. */
    private Tensor neuron(int layer, Tensor gate, Tensor up) {
        Activation activation = decoder.spec().mlp().activation();
        UnitEdits actEdits = pass.edits(Site.MLP_ACT, layer);
        UnitEdits neuronEdits = pass.edits(Site.MLP_NEURON, layer);
        Tensor neuron = tensors.allocate(up.rows(), up.columns());
        if (gate != null) {
            backend.gatedActivation(gate, up, activation, pass.runs, actEdits, neuronEdits, null, neuron);
            return neuron;
        }
        backend.activation(up, activation, pass.runs, actEdits, neuron);
        if (neuronEdits != null)
            backend.edit(neuron, pass.runs, neuronEdits);
        return neuron;
    }

    /** For the ledger: Σ neuron · gradient. */
    private double neuronRelevance(int layer, Tensor gate, Tensor up, Tensor dNeuron) {
        Tensor neuron = decoder.neuron(layer, gate, up, pass);
        double relevance = ledger.dot(neuron, dNeuron);
        tensors.release(neuron);
        return relevance;
    }

    /** Without a gate: dUp from the gradient of what the down projection reads, which is changed on the way. */
    private void activationBackward(int layer, Tensor up, Tensor dNeuron, Tensor dUp) {
        Activation activation = decoder.spec().mlp().activation();
        UnitEdits actEdits = pass.edits(Site.MLP_ACT, layer);
        UnitEdits neuronEdits = pass.edits(Site.MLP_NEURON, layer);
        scores.gradient(Site.MLP_NEURON, layer, dNeuron);
        if (neuronEdits != null || scores.wants(Score.RELEVANCE, Site.MLP_NEURON) || scores.wants(Score.RELEVANCE, Site.MLP_ACT)) {
            Tensor act = tensors.allocate(up.rows(), up.columns());
            backend.activation(up, activation, pass.runs, actEdits, act);
            Tensor neuron = tensors.hold(act);
            if (neuronEdits != null) {
                neuron = tensors.own(neuron);
                backend.edit(neuron, pass.runs, neuronEdits);
            }
            scores.relevance(Site.MLP_NEURON, layer, neuron, dNeuron, 1);
            if (neuronEdits != null)
                backend.editBackward(dNeuron, neuron, pass.runs, neuronEdits);
            scores.relevance(Site.MLP_ACT, layer, act, dNeuron, 1);
            tensors.release(act, neuron);
        }
        scores.gradient(Site.MLP_ACT, layer, dNeuron);
        backend.activationBackward(up, activation, pass.runs, actEdits, rule, dNeuron, dUp);
    }

    /** dx += the gradient through attention, unless none is wanted {@code before} it; {@code upstream} is that of the stream it is added to. */
    private void attention(int layer, LayerActivations kept, Tensor upstream, Tensor dx, boolean before) {
        DecoderParameters.Layer w = decoder.parameters().layers().get(layer);
        AttentionSpec a = decoder.spec().attention();

        Tensor dOut = branch(Site.ATTN_OUT, layer, kept, w.attentionOut(), w.postAttentionNorm(), kept.postAttentionInverse, upstream);
        Tensor dMixed = tensors.allocate(pass.tokens(), a.queryWidth());
        through(Site.ATTN_OUT, layer, kept, w.attentionOut(), kept.values.getOrDefault(Site.ATTN_Z, kept.mixed), dOut, dMixed, false);
        tensors.release(dOut);
        at(Site.ATTN_Z, layer, kept, dMixed);

        backend.enter("attn", layer);
        Norms.Normed normedQ = headNorm(w.queryNorm(), kept.values.get(Site.ATTN_Q));
        Norms.Normed normedK = headNorm(w.keyNorm(), kept.values.get(Site.ATTN_K));
        Tensor q = normedQ.y();
        Tensor k = normedK.y();
        decoder.rotate(q, k, layer, pass, false);
        Tensor dq = tensors.allocate(pass.tokens(), a.queryWidth());
        Tensor dk = tensors.allocate(pass.tokens(), a.keyValueWidth());
        Tensor dv = tensors.allocate(pass.tokens(), a.keyValueWidth());
        backend.attentionBackward(q, k, kept.values.get(Site.ATTN_V), kept.mixed, kept.logSumExp, dMixed, decoder.shape(layer),
                pass.segments,
                rule, dq, dk, dv);
        if (ledger == null) {
            tensors.release(q, k);
        } else {
            ledger.attention(kept.mixed, dMixed, q, dq, k, dk);
            decoder.rotate(q, k, layer, pass, true);
        }
        tensors.release(dMixed);
        decoder.rotate(dq, dk, layer, pass, true);
        dq = headNormBackward(w.queryNorm(), kept.values.get(Site.ATTN_Q), normedQ, dq);
        dk = headNormBackward(w.keyNorm(), kept.values.get(Site.ATTN_K), normedK, dk);
        if (ledger != null)
            tensors.release(q, k);

        at(Site.ATTN_Q, layer, kept, dq);
        at(Site.ATTN_K, layer, kept, dk);
        at(Site.ATTN_V, layer, kept, dv);
        List<Term> terms = List.of(new Term(Site.ATTN_Q, w.query(), dq, rule.attentionQuery()),
                new Term(Site.ATTN_K, w.key(), dk, rule.attentionKey()), new Term(Site.ATTN_V, w.value(), dv, rule.attentionValue()));
        input(layer, kept, terms, w.attentionNorm(), kept.values.get(Site.RESID_PRE), kept.attentionInverse, dx, before);
    }

    /** The forward pass over queries or keys again, which only their projection's output was kept of: normed where the model does, or a copy. */
    private Norms.Normed headNorm(Norm norm, Tensor x) {
        return norm == null
                ? new Norms.Normed(tensors.copy(x), null)
                : decoder.norms().ofHeads(norm, x, decoder.spec().attention().headDim(), tensors);
    }

    /** The gradient before the norm of queries or keys; lets go of that behind it. */
    private Tensor headNormBackward(Norm norm, Tensor x, Norms.Normed normed, Tensor dy) {
        if (norm == null)
            return dy;
        Tensor before = decoder.norms().ofHeadsBackward(norm, x, decoder.spec().attention().headDim(), normed.inverse(), dy, rule, tensors);
        if (ledger != null)
            ledger.headNorm(normed.y(), dy, x, before);
        tensors.release(dy, normed.inverse());
        return before;
    }

    /**
     * The gradient that goes back through a sublayer's last projection: that of the stream, taken back through the norm behind the sublayer where there
     * is one; a copy where an edit or the rule changes it.
     */
    private Tensor branch(Site site, int layer, LayerActivations kept, Linear linear, Norm postNorm, Tensor inverse, Tensor upstream) {
        backend.enter(site.label(), layer);
        Tensor gradient;
        if (postNorm != null) {
            gradient = tensors.zeros(upstream.rows(), upstream.columns());
            norm(postNorm, rule.normReadsInput() || ledger != null ? kept.values.get(site) : null, inverse, upstream, gradient);
        } else {
            gradient = pass.edits(site, layer) == null && !rule.readsLinear() ? tensors.hold(upstream) : tensors.copy(upstream);
        }
        at(site, layer, kept, gradient);
        linearRule(site, kept, linear, gradient);
        return gradient;
    }

    /** What the rule changes of the gradient of a linear layer's output before it goes back through the matrix, in place. */
    private void linearRule(Site site, LayerActivations kept, Linear linear, Tensor gradient) {
        Tensor z = kept.values.get(site);
        double before = ledger == null ? 0 : ledger.dot(z, gradient);
        if (rule.linearChanges())
            backend.linearRule(z, rule, gradient);
        if (ledger != null)
            ledger.linear(linear, z, before, gradient);
    }

    /**
     * dx (+)= the gradient dz of a linear layer's output, taken back through its matrix; with a γ also through |W|, and dz is changed.
     *
     * @param x what the layer read; read with a γ only
     */
    private void through(Site site, int layer, LayerActivations kept, Linear linear, Tensor x, Tensor dz, Tensor dx, boolean accumulate) {
        if (rule.gamma() == 0) {
            backend.linearBackwardInput(linear.weight(), dz, dx, accumulate);
            return;
        }
        Tensor z = kept.values.get(site);
        if (pass.edits(site, layer) == null) {
            tensors.hold(z);
        } else { // what was kept is what the edits made of it
            z = tensors.allocate(dz.rows(), dz.columns());
            backend.linear(linear.weight(), linear.bias(), x, z);
        }
        Tensor magnitudes = tensors.allocate(dz.rows(), dz.columns());
        backend.linearMagnitudes(linear.weight(), x, magnitudes);
        backend.gammaRule(z, linear.bias(), rule.gamma(), dz, magnitudes);
        tensors.release(z);
        if (ledger != null)
            ledger.bias(linear, dz, 1 / (1 + 0.5 * rule.gamma()));
        backend.linearBackwardInput(linear.weight(), dz, dx, accumulate);
        backend.linearMagnitudesBackward(linear.weight(), x, magnitudes, dx);
        tensors.release(magnitudes);
    }

    /** The gradient has come back to a hook point: scores are read there, then it is taken back through the edits, in place. */
    private void at(Site site, int layer, LayerActivations kept, Tensor gradient) {
        backend.enter(site.label(), layer);
        scores.relevance(site, layer, kept.values.get(site), gradient, 1);
        scores.gradient(site, layer, gradient);
        UnitEdits edits = pass.edits(site, layer);
        if (edits != null)
            backend.editBackward(gradient, kept.values.get(site), pass.runs, edits);
        scores.rowGradient(site, layer, kept.inputSums.get(site), gradient);
    }

    /** Relevance at the activation and at the gated product, whose values are computed again from gate and up. */
    private void neuronScores(int layer, Tensor gate, Tensor up, Tensor dNeuron) {
        boolean wantsNeuron = scores.wants(Score.RELEVANCE, Site.MLP_NEURON);
        boolean wantsAct = scores.wants(Score.RELEVANCE, Site.MLP_ACT);
        boolean wantsActGradient = scores.wantsGradient(Site.MLP_ACT, layer);
        scores.gradient(Site.MLP_NEURON, layer, dNeuron);
        if (!wantsNeuron && !wantsAct && !wantsActGradient)
            return;
        UnitEdits actEdits = pass.edits(Site.MLP_ACT, layer);
        UnitEdits neuronEdits = pass.edits(Site.MLP_NEURON, layer);
        Tensor neuron = tensors.allocate(gate.rows(), gate.columns());
        backend.gatedActivation(gate, up, decoder.spec().mlp().activation(), pass.runs, actEdits, neuronEdits, null, neuron);
        scores.relevance(Site.MLP_NEURON, layer, neuron, dNeuron, 1);
        if (wantsAct || wantsActGradient) {
            // The product before its edits, with the gradient taken back through them.
            Tensor dProduct = neuronEdits == null ? tensors.hold(dNeuron) : tensors.copy(dNeuron);
            if (neuronEdits != null) {
                backend.editBackward(dProduct, neuron, pass.runs, neuronEdits);
                backend.gatedActivation(gate, up, decoder.spec().mlp().activation(), pass.runs, actEdits, null, null, neuron);
            }
            actScores(layer, gate, up, neuron, dProduct, wantsActGradient);
            tensors.release(dProduct);
        }
        tensors.release(neuron);
    }

    /** Relevance and gradient at the activation, from the gated product before its edits and its gradient. */
    private void actScores(int layer, Tensor gate, Tensor up, Tensor product, Tensor dProduct, boolean wantsGradient) {
        boolean known = rule.coefficients().isPresent();
        if (known) // act · dAct = gateShare · (act · up) · dProduct
            scores.relevance(Site.MLP_ACT, layer, product, dProduct, rule.coefficients().get().gateShare());
        if (known && !wantsGradient)
            return;
        // No op gives dAct alone; on the host, where gradients go anyway, and few rules are written otherwise.
        Tensor act = known ? null : tensors.allocate(gate.rows(), gate.columns());
        if (!known)
            backend.gatedActivation(gate, up, decoder.spec().mlp().activation(), pass.runs, pass.edits(Site.MLP_ACT, layer), null, act,
                    product);
        float[] acts = known ? null : backend.download(act);
        float[] ups = backend.download(up);
        float[] gradients = backend.download(dProduct);
        for (int i = 0; i < gradients.length; i++)
            gradients[i] = rule.gate(gradients[i], known ? 0 : acts[i], ups[i]);
        if (!known && scores.wants(Score.RELEVANCE, Site.MLP_ACT)) {
            Tensor dAct = tensors.upload(gradients, act.rows(), act.columns());
            scores.relevance(Site.MLP_ACT, layer, act, dAct, 1);
            tensors.release(dAct);
        }
        tensors.release(act);
        if (wantsGradient)
            scores.gradient(Site.MLP_ACT, layer, gradients, up.columns());
    }

    /** A linear layer whose output has the gradient {@code dz}, which is zero when the rule's factor is. */
    private record Term(Site site, Linear linear, Tensor dz, float factor) {}

    /** dx += the gradient of the normed input that some linear layers share, unless it is not wanted; lets go of their outputs' gradients. */
    private void input(int layer, LayerActivations kept, List<Term> terms, Norm norm, Tensor x, Tensor inverse, Tensor dx, boolean wanted) {
        if (wanted) {
            terms.forEach(term -> linearRule(term.site(), kept, term.linear(), term.dz()));
            Norms.Normed read = rule.gamma() == 0 || norm == null ? null : decoder.norms().of(norm, x, tensors);
            if (read != null)
                tensors.release(read.inverse());
            Tensor dy = inputGradient(layer, kept, terms, read == null ? x : read.y());
            if (read != null)
                tensors.release(read.y());
            backend.enter(terms.getFirst().site().label().replaceFirst("\\..*", ""), layer); // attn, mlp
            norm(norm, x, inverse, dy, dx);
            tensors.release(dy);
        } else {
            terms.forEach(term -> pass.checkFinite(new HookPoint(term.site(), layer), term.dz(), true));
        }
        terms.forEach(term -> tensors.release(term.dz()));
    }

    /** Those that the rule cuts off cost nothing. */
    private Tensor inputGradient(int layer, LayerActivations kept, List<Term> terms, Tensor x) {
        Tensor dy = tensors.allocate(pass.tokens(), decoder.spec().hidden());
        boolean started = false;
        for (Term term : terms)
            if (term.factor() != 0) {
                backend.enter(term.site().label(), layer);
                through(term.site(), layer, kept, term.linear(), x, term.dz(), dy, started);
                started = true;
            }
        if (!started)
            backend.fill(dy, 0);
        return dy;
    }
}
