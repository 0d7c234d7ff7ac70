package dev.crane.engine.decoder;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import dev.crane.engine.CraneException;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.ForwardResult;
import dev.crane.engine.NonFiniteException;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.RelevanceResult;
import dev.crane.engine.backend.Activation;
import dev.crane.engine.backend.AttentionShape;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.KeyRanges;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.decoder.DecoderParameters.Linear;
import dev.crane.engine.decoder.DecoderParameters.Norm;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.ConservationLedger;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Target;

/**
 * A decoder-only transformer on a backend, run as its {@link DecoderSpec} describes it. Every result depends on its own sequence alone: the same
 * bits whatever else is in the batch. A batch is run at once whatever memory that takes; {@link dev.crane.engine.Engine} cuts batches into parts.
 */
public final class Decoder implements AutoCloseable {
    private final DecoderSpec spec;
    private final Backend backend;
    private final DecoderParameters parameters;
    private final Norms norms;
    private final Map<Positions.Rope, RopeTable> tables = new HashMap<>();
    private List<InterventionSet> compiledFrom = List.of();
    private Edits compiled = Edits.NONE;

    /** Makes the weights ready on the backend. */
    public Decoder(DecoderSpec spec, DecoderWeights weights, Backend backend) {
        this.spec = spec;
        this.backend = backend;
        this.norms = new Norms(spec.norm(), backend);
        this.parameters = DecoderParameters.prepare(spec, weights, backend);
    }

    /** The description. */
    public DecoderSpec spec() {
        return spec;
    }

    /** Where it runs. */
    public Backend backend() {
        return backend;
    }

    DecoderParameters parameters() {
        return parameters;
    }

    Norms norms() {
        return norms;
    }

    /** Refuses what {@link #forward} cannot do: a user's error. */
    public void check(PackedBatch batch, ForwardRequest request) {
        // The last token of a sequence whose log-probabilities are asked for is predicted only, so it may stand behind the last position.
        check(batch, new int[batch.sequences()], request.output() == Output.NEXT_LOGPROBS ? spec.maxPositions() + 1 : spec.maxPositions());
        CaptureSheet.check(spec, request.captures());
        for (int b = 0; request.firstScored() != null && b < batch.sequences(); b++)
            if (request.firstScored()[b] < 1 || request.firstScored()[b] > batch.segments().length(b))
                throw new IllegalArgumentException("first scored token " + request.firstScored()[b] + " of " + batch.segments().length(b));
        compile(request.interventions(), request.interventionOf(), batch.sequences()).checkPositions(request.interventionOf(),
                batch.segments());
    }

    /** Refuses what {@link #relevance} cannot do: a user's error. */
    public void check(PackedBatch batch, RelevanceRequest request) {
        check(batch, new int[batch.sequences()], spec.maxPositions());
        ScoreSheet.check(spec, request);
        TargetGradient.check(request.target(), spec, batch.segments());
        Edits edits = compile(request.interventions(), request.interventionOf(), batch.sequences());
        edits.checkPositions(request.interventionOf(), batch.segments());
        if (edits.changeLogits())
            throw new CraneException("interventions at the logits cannot be combined with relevance, whose target is read from them");
    }

    /** One forward pass over the whole batch. */
    public ForwardResult forward(PackedBatch batch, ForwardRequest request) {
        return new ForwardPass(this, batch, request).run();
    }

    /**
     * One forward and one backward pass over the whole batch.
     *
     * @param checkpointed keep only each layer's input in forward and compute the layer again in backward: less memory, same bits
     */
    public RelevanceResult relevance(PackedBatch batch, RelevanceRequest request, boolean checkpointed) {
        return new RelevancePass(this, batch, request).run(checkpointed);
    }

    /** What becomes of the relevance of a sequence's target. */
    public ConservationLedger ledger(int[] ids, Rule rule, Target target) {
        return LedgerPass.run(this, ids, rule, target);
    }

    // ---- forward ----

    /**
     * The hidden states [N, hidden] after the final norm. On the way the pass's hooks change and read what they were asked to. A NaN or an infinity
     * ends the pass; then the sequence is run again alone to find where the first one arose.
     */
    Tensor hidden(Pass pass) {
        try {
            return run(pass);
        } catch (NonFiniteException found) {
            if (pass.isTracing() || pass.earlier != null)
                throw found;
            try (Pass alone = pass.tracing(found.sequence())) {
                run(alone);
            } catch (NonFiniteException first) {
                throw first.withSequence(found.sequence());
            }
            throw found;
        }
    }

    private Tensor run(Pass pass) {
        Workspace tensors = pass.tensors;
        backend.enter("embedding", -1);
        Tensor x = stream(pass);
        Tensor delta = null; // what the last sublayer gave; the next norm adds it to the stream
        for (int layer = 0; layer < spec.layers(); layer++)
            delta = layer(layer, x, delta, pass);
        backend.enter("final_norm", -1);
        Tensor inverse = tensors.allocate(pass.tokens(), 1);
        Tensor hidden = norm(parameters.finalNorm(), x, delta, inverse, pass, pass.entry(spec.layers()));
        pass.checkFinite(new HookPoint(Site.RESID_POST, spec.layers() - 1), x, false);
        pass.settle();
        if (pass.keep.backwardFollows()) {
            pass.finalInput = tensors.hold(x);
            pass.finalInverse = tensors.hold(inverse);
        }
        tensors.release(x, inverse);
        return hidden;
    }

    /** x = embedding of each token, scaled. */
    void embed(Pass pass, Tensor x) {
        backend.embed(parameters.embedding(), pass.batch.ids(), spec.embeddingScale(), x);
    }

    /** The residual stream that enters the first layer. */
    private Tensor stream(Pass pass) {
        Tensor x = embedded(pass);
        if (parameters.embeddingNorm() == null)
            return x;
        Norms.Normed normed = norms.of(parameters.embeddingNorm(), x, pass.tensors);
        if (pass.keep.backwardFollows())
            pass.embeddingInverse = pass.tensors.hold(normed.inverse());
        pass.tensors.release(x, normed.inverse());
        return normed.y();
    }

    /** The embedding of each token, learned positions added. */
    Tensor embedded(Pass pass) {
        Tensor x = pass.tensors.allocate(pass.tokens(), spec.hidden());
        embed(pass, x);
        if (spec.positions(0) instanceof Positions.Learned learned) {
            Tensor positions = pass.tensors.allocate(pass.tokens(), spec.hidden());
            backend.embed(parameters.positions(), learnedRows(pass, learned), 1, positions);
            backend.add(x, positions);
            pass.tensors.release(positions);
        }
        return x;
    }

    private int[] learnedRows(Pass pass, Positions.Learned learned) {
        int[] past = pass.past();
        int[] rows = new int[pass.tokens()];
        for (int b = 0; b < pass.segments.count(); b++)
            for (int t = 0; t < pass.segments.length(b); t++) // a token behind the last position is predicted only: nothing reads its stream
                rows[pass.segments.start(b) + t] = learned.offset() + Math.min(past[b] + t, spec.maxPositions() - 1);
        return rows;
    }

    /** Adds {@code delta} to the stream x and gives what the layer adds last. */
    Tensor layer(int layer, Tensor x, Tensor delta, Pass pass) {
        Tensor fromAttention = attention(layer, x, delta, pass);
        if (!spec.parallelResidual())
            return mlp(layer, x, fromAttention, pass);
        Tensor fromMlp = mlp(layer, x, null, pass);
        Tensor both = pass.tensors.own(fromAttention);
        backend.add(both, fromMlp);
        pass.tensors.release(fromMlp);
        return both;
    }

    /** Adds {@code delta} to the stream x and gives what attention over the normed stream adds next. */
    private Tensor attention(int layer, Tensor x, Tensor delta, Pass pass) {
        Workspace tensors = pass.tensors;
        DecoderParameters.Layer w = parameters.layers().get(layer);
        LayerActivations kept = pass.layer(layer);

        backend.enter("attn", layer);
        Tensor inverse = tensors.allocate(pass.tokens(), 1);
        Tensor y = norm(w.attentionNorm(), x, delta, inverse, pass, pass.entry(layer));
        if (layer > 0)
            pass.checkFinite(new HookPoint(Site.RESID_POST, layer - 1), x, false);
        Tensor q = linear(w.query(), y, Site.ATTN_Q, layer, pass);
        Tensor k = linear(w.key(), y, Site.ATTN_K, layer, pass);
        Tensor v = linear(w.value(), y, Site.ATTN_V, layer, pass);
        tensors.release(y);

        backend.enter("attn", layer);
        q = prepared(w.queryNorm(), q, tensors);
        k = prepared(w.keyNorm(), k, tensors);
        rotate(q, k, layer, pass, false);
        Tensor mixed = tensors.allocate(pass.tokens(), spec.attention().queryWidth());
        Tensor logSumExp = tensors.allocate(pass.tokens(), spec.attention().heads());
        if (pass.earlier == null) {
            backend.attention(q, k, v, shape(layer), pass.segments, KeyRanges.same(pass.segments), mixed, logSumExp);
            pass.readProbabilities(layer, q, k, logSumExp, shape(layer));
        } else {
            Tensor queries = q;
            pass.earlier.attend(layer, k, v, tensors, backend, (keys, values, ranges) -> backend.attention(queries, keys, values,
                    shape(layer), pass.segments, ranges, mixed, logSumExp));
        }
        tensors.release(q, k, v);

        // Attention's backward reads what attention gave, not what edits made of it.
        kept.mixed = pass.keepForBackward(mixed);
        Tensor z = pass.edits(Site.ATTN_Z, layer) == null ? mixed : tensors.own(mixed);
        pass.at(Site.ATTN_Z, layer, z);

        Tensor out = linear(w.attentionOut(), z, Site.ATTN_OUT, layer, pass);
        kept.attentionInverse = pass.keepForBackward(inverse);
        kept.logSumExp = pass.keepForBackward(logSumExp);
        tensors.release(inverse, z, logSumExp);
        if (w.postAttentionNorm() == null)
            return out;
        Norms.Normed normed = norms.of(w.postAttentionNorm(), out, tensors);
        kept.postAttentionInverse = pass.keepForBackward(normed.inverse());
        tensors.release(out, normed.inverse());
        return normed.y();
    }

    /** Queries or keys that may be rotated in place: normed where the model does; x itself is let go. */
    private Tensor prepared(Norm norm, Tensor x, Workspace tensors) {
        if (norm == null)
            return tensors.own(x);
        Norms.Normed normed = norms.ofHeads(norm, x, spec.attention().headDim(), tensors);
        tensors.release(x, normed.inverse());
        return normed.y();
    }

    /** Adds {@code delta} to the stream x and gives what the MLP over the normed stream adds next. */
    private Tensor mlp(int layer, Tensor x, Tensor delta, Pass pass) {
        Workspace tensors = pass.tensors;
        DecoderParameters.Layer w = parameters.layers().get(layer);

        LayerActivations kept = pass.layer(layer);
        backend.enter("mlp", layer);
        Tensor inverse = tensors.allocate(pass.tokens(), 1);
        Tensor y = norm(w.mlpNorm(), x, delta, inverse, pass,
                spec.parallelResidual() ? List.of() : List.of(new HookPoint(Site.RESID_MID, layer)));
        Tensor gate = spec.mlp().gated() ? linear(w.gate(), y, Site.MLP_GATE, layer, pass) : null;
        Tensor up = linear(w.up(), y, Site.MLP_UP, layer, pass);
        tensors.release(y);
        Tensor neuron = neuron(layer, gate, up, pass);
        tensors.release(gate, up);

        Tensor out = linear(w.down(), neuron, Site.MLP_DOWN, layer, pass);
        kept.mlpInverse = pass.keepForBackward(inverse);
        tensors.release(inverse, neuron);
        if (w.postMlpNorm() == null)
            return out;
        Norms.Normed normed = norms.of(w.postMlpNorm(), out, tensors);
        kept.postMlpInverse = pass.keepForBackward(normed.inverse());
        tensors.release(out, normed.inverse());
        return normed.y();
    }

    /** What the down projection reads. */
    Tensor neuron(int layer, Tensor gate, Tensor up, Pass pass) {
        Activation activation = spec.mlp().activation();
        backend.enter(Site.MLP_NEURON.label(), layer);
        Tensor neuron = pass.tensors.allocate(pass.tokens(), spec.mlp().intermediate());
        if (gate == null) {
            backend.activation(up, activation, pass.runs, pass.edits(Site.MLP_ACT, layer), neuron);
            pass.read(Site.MLP_ACT, layer, neuron);
            pass.at(Site.MLP_NEURON, layer, neuron);
            return neuron;
        }
        Tensor act = pass.wants(Site.MLP_ACT, layer) ? pass.tensors.allocate(pass.tokens(), spec.mlp().intermediate()) : null;
        backend.gatedActivation(gate, up, activation, pass.runs, pass.edits(Site.MLP_ACT, layer), pass.edits(Site.MLP_NEURON, layer),
                act, neuron);
        if (act != null)
            pass.read(Site.MLP_ACT, layer, act);
        pass.read(Site.MLP_NEURON, layer, neuron);
        pass.tensors.release(act);
        return neuron;
    }

    /** x += delta; the stream is then at {@code points}; gives the normed stream. The addition is fused with the norm unless x is changed between. */
    private Tensor norm(Norm norm, Tensor x, Tensor delta, Tensor inverse, Pass pass, List<HookPoint> points) {
        boolean changes = norm == null || pass.changesStream(points);
        if (changes) {
            if (delta != null)
                backend.add(x, delta);
            points.forEach(point -> pass.at(point.site(), point.layer(), x));
        }
        Tensor y = norm == null ? pass.tensors.copy(x) : pass.tensors.allocate(x.rows(), x.columns());
        if (norm != null)
            norms.forward(norm, x, changes ? null : delta, y, inverse);
        if (!changes)
            points.forEach(point -> pass.at(point.site(), point.layer(), x));
        pass.tensors.release(delta);
        return y;
    }

    /** z = W·x + b, at its hook point. */
    private Tensor linear(Linear w, Tensor x, Site site, int layer, Pass pass) {
        backend.enter(site.label(), layer);
        pass.readInput(site, layer, x);
        Tensor z = pass.tensors.allocate(x.rows(), w.weight().out());
        backend.linear(w.weight(), w.bias(), x, z);
        pass.at(site, layer, z);
        return z;
    }

    // ---- what forward and backward share ----

    /** Turns queries and keys, in place, by their positions, or back. */
    void rotate(Tensor q, Tensor k, int layer, Pass pass, boolean inverse) {
        if (!(spec.positions(layer) instanceof Positions.Rope rope))
            return;
        RopeTable table = tables.computeIfAbsent(rope, r -> new RopeTable(r, backend));
        int[] rows = table.rows(pass.segments, pass.past());
        backend.rope(q, spec.attention().headDim(), rows, table.cos(), table.sin(), inverse);
        backend.rope(k, spec.attention().headDim(), rows, table.cos(), table.sin(), inverse);
    }

    /** Whether a sequence's earlier keys no longer hold when it reaches this length. */
    boolean positionsChangeAt(int length) {
        return spec.positions().stream().anyMatch(p -> p instanceof Positions.Rope rope && RopeTable.changesAt(rope, length));
    }

    /** Whether what a token gives depends on it and the tokens before it alone. LongRoPE's angles depend on how long the sequence becomes. */
    boolean sharesPrefixes() {
        return spec.positions().stream().noneMatch(p -> p instanceof Positions.Rope rope && rope.scaling() instanceof RopeScaling.LongRope);
    }

    AttentionShape shape(int layer) {
        AttentionSpec a = spec.attention();
        return new AttentionShape(a.heads(), a.kvHeads(), a.headDim(), a.scale(), a.softcap(), spec.window(layer),
                spec.positions(layer) instanceof Positions.Alibi);
    }

    // ---- checks ----

    /** Interventions checked and compiled; kept for the next call, which usually asks for the same ones. */
    Edits compile(List<InterventionSet> sets, int[] setOf, int sequences) {
        if (setOf != null) {
            if (setOf.length != sequences)
                throw new IllegalArgumentException(setOf.length + " choices of interventions for " + sequences + " sequences");
            for (int set : setOf)
                Objects.checkIndex(set + 1, sets.size() + 1);
        }
        if (sets.isEmpty())
            return Edits.NONE;
        if (!sets.equals(compiledFrom)) {
            compiled = Edits.compile(spec, sets);
            compiledFrom = List.copyOf(sets);
        }
        return compiled;
    }

    /**
     * Refuses token ids and lengths that the model was not made for.
     *
     * @param past tokens that each sequence has had before
     * @param longest how many tokens a sequence may have
     */
    void check(PackedBatch batch, int[] past, int longest) {
        for (int b = 0; b < batch.sequences(); b++) {
            int length = past[b] + batch.segments().length(b);
            if (length > longest)
                throw new CraneException("sequence " + b + " of the batch has " + length + " tokens; the model (" + spec.family()
                        + ") was made for at most " + longest + ": cut the text");
        }
        for (int t = 0; t < batch.tokens(); t++)
            if (batch.ids()[t] < 0 || batch.ids()[t] >= spec.vocabulary())
                throw new CraneException("sequence " + batch.segments().of(t) + " of the batch has the token id " + batch.ids()[t]
                        + "; the model's vocabulary has 0 to " + (spec.vocabulary() - 1) + ": is the text tokenised for another model?");
    }

    /** Gives back what the decoder itself holds on the backend, which stays open. */
    @Override
    public void close() {
        tables.values().forEach(RopeTable::close);
        tables.clear();
    }
}
