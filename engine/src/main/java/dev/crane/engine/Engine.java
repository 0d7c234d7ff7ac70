package dev.crane.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.OutOfDeviceMemoryException;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.decoder.Decoder;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.DecoderWeights;
import dev.crane.engine.decoder.Decoding;
import dev.crane.engine.decoder.FusedRows;
import dev.crane.engine.decoder.MemoryPlan;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.hook.Capture;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.relevance.ConservationLedger;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;

/**
 * A model ready to run. Batches may have any size: they are cut into parts that stay within {@link EngineOptions#activationBytes}, and what a sequence
 * gives has the same bits however its batch is put together or cut. Used by one thread at a time. The backend and the weights belong to the caller
 * and must stay open for as long as the engine.
 */
public final class Engine implements AutoCloseable {
    private final Decoder decoder;
    private final long resultBytes;
    private MemoryPlan plan;

    private Engine(Decoder decoder, MemoryPlan plan, long resultBytes) {
        this.decoder = decoder;
        this.plan = plan;
        this.resultBytes = resultBytes;
    }

    /**
     * Makes a model ready on a backend.
     *
     * @throws CraneException if the model has something that cannot be run
     */
    public static Engine load(DecoderSpec spec, DecoderWeights weights, Backend backend, EngineOptions options) {
        try {
            Decoder decoder = new Decoder(spec, weights, backend);
            long bytes = options.equals(EngineOptions.DEFAULT)
                    ? backend.activationBytes().orElse(options.activationBytes())
                    : options.activationBytes();
            return new Engine(decoder, new MemoryPlan(spec, bytes), options.resultBytes());
        } catch (RuntimeException e) {
            throw backend.explained(e);
        }
    }

    /** What the model is. */
    public DecoderSpec spec() {
        return decoder.spec();
    }

    /** Where it runs. */
    public Backend backend() {
        return decoder.backend();
    }

    /** How much memory passes take and how batches are cut. */
    public MemoryPlan plan() {
        return plan;
    }

    /** Bytes that the results of one call may take on the Java heap; see {@link EngineOptions#resultBytes}. */
    public long resultBytes() {
        return resultBytes;
    }

    /**
     * One forward pass.
     *
     * @throws CraneException for a token id or length the model does not have, or a capture or intervention it cannot apply, before anything is run
     * @throws NonFiniteException when a NaN or an infinity arises
     */
    public ForwardResult forward(PackedBatch batch, ForwardRequest asked) {
        List<float[]> logits = new ArrayList<>();
        List<float[]> logprobs = new ArrayList<>();
        List<boolean[]> greedy = new ArrayList<>();
        Map<Capture, List<float[]>> captures = new LinkedHashMap<>();
        decoder.check(batch, asked);
        checkResults(plan.resultBytes(batch.segments(), asked), "logits and captures");
        ForwardRequest request = FusedRows.apart(asked);
        inParts(plan.parts(batch.segments(), request), false, part -> {
            ForwardRequest ofPart = new ForwardRequest(request.output(), request.captures(), request.interventions(),
                    choices(request.interventionOf(), part),
                    choices(request.firstScored(), part));
            ForwardResult result = decoder.forward(sequences(batch, part), ofPart);
            logits.addAll(result.logits());
            logprobs.addAll(result.logprobs());
            greedy.addAll(result.greedy());
            result.captures().forEach((capture, values) -> captures.computeIfAbsent(capture, c -> new ArrayList<>()).addAll(values));
        });
        return FusedRows.together(spec(), asked, new ForwardResult(logits, logprobs, greedy, captures));
    }

    /**
     * One forward and one backward pass.
     *
     * @throws CraneException for a token id or length the model does not have, or a site or intervention it cannot apply, before anything is run
     * @throws NonFiniteException when a NaN or an infinity arises
     */
    public RelevanceResult relevance(PackedBatch batch, RelevanceRequest asked) {
        float[] targets = new float[batch.sequences()];
        Map<Score, Map<HookPoint, List<float[]>>> scores = new EnumMap<>(Score.class);
        Map<HookPoint, List<float[]>> gradients = new TreeMap<>();
        List<float[]> tokenRelevance = new ArrayList<>();
        decoder.check(batch, asked);
        checkResults(plan.resultBytes(batch.segments(), asked), "gradients");
        RelevanceRequest request = FusedRows.apart(asked);
        inParts(plan.parts(batch.segments(), request), true, part -> {
            RelevanceRequest ofPart = new RelevanceRequest(request.rule(), request.target(), request.scores(), request.sites(),
                    request.gradients(), request.tokenRelevance(), request.interventions(), choices(request.interventionOf(), part));
            RelevanceResult result = decoder.relevance(sequences(batch, part), ofPart, part.checkpointed());
            System.arraycopy(result.targets(), 0, targets, part.from(), part.to() - part.from());
            result.scores().forEach((score, points) -> points.forEach((point, values) -> scores.computeIfAbsent(score, s -> new TreeMap<>())
                    .computeIfAbsent(point, p -> new ArrayList<>()).addAll(values)));
            result.gradients().forEach((point, values) -> gradients.computeIfAbsent(point, p -> new ArrayList<>()).addAll(values));
            tokenRelevance.addAll(result.tokenRelevance());
        });
        return FusedRows.together(spec(), asked, new RelevanceResult(targets, scores, gradients, tokenRelevance));
    }

    /**
     * Where the relevance of a sequence's target goes, layer by layer. A pass of its own, for diagnosis: it keeps every value, and sums on the host.
     *
     * @throws CraneException if the sequence has no such target, or as for {@link #relevance}
     */
    public ConservationLedger ledger(int[] ids, Rule rule, Target target) {
        try {
            return decoder.ledger(ids, rule, target);
        } catch (RuntimeException e) {
            throw backend().explained(e);
        }
    }

    /**
     * Runs prompts and keeps their keys and values, so that the sequences can grow token by token.
     *
     * @param interventions the distinct sets of interventions in use
     * @param interventionOf for each prompt the index of its set, −1 for none; null: none for all
     */
    public Decoding decode(List<int[]> prompts, List<InterventionSet> interventions, int[] interventionOf) {
        return new Decoding(decoder, prompts, interventions, interventionOf, plan);
    }

    /** Gives back what the engine holds; backend and weights stay open. */
    @Override
    public void close() {
        decoder.close();
    }

    private void checkResults(long bytes, String what) {
        if (bytes > resultBytes)
            throw new CraneException(
                    "the " + what + " asked for would take " + Math.ceilDiv(bytes, 1L << 20) + " MiB of memory, more than the "
                            + (resultBytes >> 20)
                            + " MiB set aside for results: give fewer sequences at once, name fewer hook points, reduce over tokens,"
                            + " or start Java with a larger heap (-Xmx)");
    }

    private interface Run {
        void run(MemoryPlan.Part part);
    }

    /**
     * Runs parts in order. One that the device has too little memory for is halved, and a single sequence is run with checkpoints; the next batches are cut
     * smaller too. A failure in a sequence is told with that sequence's index in the whole batch.
     */
    private void inParts(List<MemoryPlan.Part> parts, boolean checkpoints, Run run) {
        Deque<MemoryPlan.Part> left = new ArrayDeque<>(parts);
        while (!left.isEmpty()) {
            MemoryPlan.Part part = left.removeFirst();
            try {
                run.run(part);
            } catch (NonFiniteException e) {
                throw e.withSequence(part.from() + e.sequence());
            } catch (RuntimeException e) {
                RuntimeException explained = backend().explained(e);
                if (!(explained instanceof OutOfDeviceMemoryException))
                    throw explained;
                List<MemoryPlan.Part> smaller = part.smaller(checkpoints);
                if (smaller.isEmpty())
                    throw explained;
                smaller.reversed().forEach(left::addFirst);
                plan = new MemoryPlan(plan.spec(), Math.max(1, plan.activationBytes() / 2));
            }
        }
    }

    private static PackedBatch sequences(PackedBatch batch, MemoryPlan.Part part) {
        Segments all = batch.segments();
        int first = all.offsets()[part.from()];
        int[] offsets = Arrays.stream(all.offsets(), part.from(), part.to() + 1).map(offset -> offset - first).toArray();
        return new PackedBatch(Arrays.copyOfRange(batch.ids(), first, all.offsets()[part.to()]), new Segments(offsets));
    }

    private static int[] choices(int[] ofSequence, MemoryPlan.Part part) {
        return ofSequence == null ? null : Arrays.copyOfRange(ofSequence, part.from(), part.to());
    }
}
