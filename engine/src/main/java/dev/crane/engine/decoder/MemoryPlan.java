package dev.crane.engine.decoder;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.hook.Capture;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Target;

/**
 * How many bytes of activations a pass holds at most, and how a batch is cut into parts so that they stay within a limit. With h = hidden width,
 * Q = heads · headDim, K = kvHeads · headDim, H = heads, I = intermediate width, L = layers, V = vocabulary, all in f32 (4 bytes):
 *
 * <ul>
 * <li>forward, a token: h for the stream, and the largest of its stages: 2h + 1 (norm), h + Q + 2K + 1 (q, k, v), 2Q + 2K + H + 1 (attention; 2K more with
 * NEXT_LOGPROBS, for sequences that share a beginning), Q + h + H + 1 (its projection), 3I + 1 (MLP; 4I + 1 when {@code mlp.act} is captured), I + h + 1 (down);
 * <li>kept for backward, a token and layer: 2Q + 2K + 2I + H + 2 (q, k, v, attention's output, gate, up, log-sum-exp, two 1/σ), 2h more when 1/σ is not
 * detached, the width of each other site where relevance is read or an edit stands, 1 for each site of the row gradient;
 * <li>relevance, a token: L times what is kept, h for the stream or its gradient, h + 1 for the end of the stream, and the largest stage of forward (2h + 1, Q + K + 1,
 * I + h + 1) or backward (3I, 2I + h, 3Q + 3K, Q + 2K + h; h more where an edit stands or the rule changes the gradients of linear layers; with a γ 3I + h,
 * 4I + 2h + 1, 4Q + 2K + h, and the widest linear layer more where an edit stands);
 * <li>relevance with checkpoints, a token: the same with L·h and what is kept of one layer in place of L times what is kept;
 * <li>what some families have more: attention and MLP in parallel, h in forward and h in backward; norms behind them, h + 1 in forward, h in backward,
 * and kept 2, and 2h more when 1/σ is not detached; norms of queries and keys, 2H + 1 in backward; without a gate nothing is kept or computed of it;
 * <li>the vocabulary, where whole rows of logits are needed: {@link VocabularyHead#rowsAtOnce} · (V + h), whatever the batch; captured logits:
 * the longest sequence times V; captured attention probabilities: H times the longest sequence squared;
 * <li>a sequence: the widest site twice (reductions);
 * <li>a token in the key/value cache: 2·K·L, and up to half as much again in reserve.
 * </ul>
 *
 * Weights, and what a backend uses within one op, come on top; so do results, which lie on the Java heap: {@link #resultBytes} says how much.
 *
 * @param spec the decoder
 * @param activationBytes the limit
 */
public record MemoryPlan(DecoderSpec spec, long activationBytes) {
    private static final long FLOAT = Float.BYTES;

    /**
     * A run of the batch's sequences that one pass takes.
     *
     * @param from first sequence
     * @param to one behind the last
     * @param checkpointed whether backward computes layers again
     */
    public record Part(int from, int to, boolean checkpointed) {
        /** What to run in its place where it was too much after all: its halves, or a single sequence with checkpoints; empty where nothing is smaller. */
        public List<Part> smaller(boolean checkpoints) {
            if (to - from > 1) {
                int middle = (from + to) >>> 1;
                return List.of(new Part(from, middle, checkpointed), new Part(middle, to, checkpointed));
            }
            return checkpoints && !checkpointed ? List.of(new Part(from, to, true)) : List.of();
        }
    }

    /** Bytes a token in a forward pass. */
    public long forwardBytesPerToken(ForwardRequest request) {
        boolean act = request.captures().stream().anyMatch(capture -> capture.point().site() == Site.MLP_ACT);
        long h = spec.hidden();
        long q = spec.attention().queryWidth();
        long k = spec.attention().keyValueWidth();
        long i = spec.mlp().intermediate();
        long heads = spec.attention().heads();
        long gathered = request.output() == Output.NEXT_LOGPROBS ? 2 * k : 0;
        long mlp = spec.mlp().gated() ? largest((act ? 4 : 3) * i, h + 2 * i) : largest(2 * i, h + i);
        long parallel = spec.parallelResidual() ? h : 0;
        long behind = spec.normPlacement().post() ? 2 * h + 1 : 0;
        return FLOAT * (h + 1 + largest(2 * h, h + q + 2 * k, 2 * q + 2 * k + heads + gathered, q + h + heads, parallel + mlp,
                parallel + i + h, behind));
    }

    /** Bytes a token in a relevance pass that keeps every layer. */
    public long relevanceBytesPerToken(RelevanceRequest request) {
        return FLOAT * (spec.layers() * keptPerToken(request) + relevanceStages(request));
    }

    /** Bytes a token in a relevance pass that keeps each layer's input only. */
    public long checkpointedBytesPerToken(RelevanceRequest request) {
        return FLOAT * ((long) spec.layers() * spec.hidden() + keptPerToken(request) + relevanceStages(request));
    }

    /** Bytes a token takes in the key/value cache of a {@link Decoding}, reserve left out. */
    public long cacheBytesPerToken() {
        return FLOAT * 2 * spec.attention().keyValueWidth() * spec.layers();
    }

    /** Bytes that a forward pass over these sequences holds at most. */
    public long forwardBytes(Segments segments, ForwardRequest request) {
        return fixedBytes(request, segments) + segments.rows() * forwardBytesPerToken(request) + segments.count() * sequenceBytes();
    }

    /** Bytes that a relevance pass over these sequences holds at most. */
    public long relevanceBytes(Segments segments, RelevanceRequest request, boolean checkpointed) {
        long perToken = checkpointed ? checkpointedBytesPerToken(request) : relevanceBytesPerToken(request);
        return fixedBytes(request) + segments.rows() * perToken + segments.count() * sequenceBytes();
    }

    /**
     * Bytes that the results of a forward pass over these sequences take on the Java heap: logits, and captures, whole ones [T, width] (attention
     * probabilities [H·T, T]) and reduced ones [width]. While a part of the batch is read, what is read of it lies there twice.
     */
    public long resultBytes(Segments segments, ForwardRequest request) {
        long bytes = 0;
        for (int b = 0; b < segments.count(); b++) {
            long tokens = segments.length(b);
            bytes += FLOAT * spec.vocabulary() * switch (request.output()) {
                case ALL_LOGITS -> tokens;
                case LAST_LOGITS -> 1;
                case NONE, NEXT_LOGPROBS -> 0;
            };
            for (Capture capture : request.captures())
                bytes += FLOAT * (capture.point().site() == Site.ATTN_PROBS
                        ? spec.attention().heads() * tokens * tokens
                        : (capture.reduction() == null ? tokens : 1) * spec.units(capture.point().site()));
        }
        return bytes;
    }

    /** Bytes that whole gradients of a relevance pass over these sequences take on the Java heap. */
    public long resultBytes(Segments segments, RelevanceRequest request) {
        return FLOAT * segments.rows() * request.gradients().stream().mapToLong(point -> spec.units(point.site())).sum();
    }

    /** Tokens of a forward pass that fit the limit. */
    public long tokensPerPart(ForwardRequest request) {
        return Math.max(1, (activationBytes - fixedBytes(request, new Segments(new int[]{0}))) / forwardBytesPerToken(request));
    }

    /** Tokens of a relevance pass, without checkpoints, that fit the limit. */
    public long tokensPerPart(RelevanceRequest request) {
        return Math.max(1, (activationBytes - fixedBytes(request)) / relevanceBytesPerToken(request));
    }

    /** The parts of a batch for a forward pass. A sequence that alone exceeds the limit is a part of its own. */
    public List<Part> parts(Segments segments, ForwardRequest request) {
        return parts(segments, activationBytes - fixedBytes(request, segments), forwardBytesPerToken(request), false);
    }

    /** The parts of a batch for a relevance pass. A sequence that alone exceeds the limit is a part of its own, run with checkpoints. */
    public List<Part> parts(Segments segments, RelevanceRequest request) {
        return parts(segments, activationBytes - fixedBytes(request), relevanceBytesPerToken(request), true);
    }

    private List<Part> parts(Segments segments, long limit, long perToken, boolean checkpoints) {
        List<Part> parts = new ArrayList<>();
        int from = 0;
        long held = 0;
        for (int b = 0; b < segments.count(); b++) {
            long need = segments.length(b) * perToken + sequenceBytes();
            if (b > from && held + need > limit) {
                parts.add(new Part(from, b, checkpoints && held > limit));
                from = b;
                held = 0;
            }
            held += need;
        }
        if (from < segments.count())
            parts.add(new Part(from, segments.count(), checkpoints && held > limit));
        return parts;
    }

    private long keptPerToken(RelevanceRequest request) {
        Keep keep = Keep.forBackward(spec, request);
        long sites = keep.sites().stream().mapToLong(spec::units).sum();
        long inverses = spec.normPlacement().post() ? 4 : 2;
        return sites + keep.inputSums().size() + spec.attention().queryWidth() + spec.attention().heads() + inverses;
    }

    /** Stream, its end, and the largest stage of forward or backward. */
    private long relevanceStages(RelevanceRequest request) {
        long h = spec.hidden();
        long q = spec.attention().queryWidth();
        long k = spec.attention().keyValueWidth();
        long i = spec.mlp().intermediate();
        boolean post = spec.normPlacement().post();
        long copies = (request.interventions().isEmpty() && !post && !request.rule().readsLinear() ? 0 : h)
                + (spec.parallelResidual() ? h : 0);
        long headNorms = spec.attention().qkNorm() ? 2L * spec.attention().heads() + 1 : 0;
        long forward = largest(2 * h, q + k, i + h, post ? 2 * h + 1 : 0) + (spec.parallelResidual() ? h : 0) + 1;
        long backward = largest(spec.mlp().gated() ? 3 * i : 2 * i, 2 * i + h, 3 * q + 3 * k + headNorms, q + 2 * k + h) + copies;
        if (request.rule().gamma() != 0) {
            long again = request.interventions().isEmpty() ? 0 : largest(i, h, q);
            backward = Math.max(backward,
                    again + largest(3 * i + h, (spec.mlp().gated() ? 4 : 3) * i + 2 * h + 1, 4 * q + 2 * k + h) + copies);
        }
        return 2 * h + 1 + largest(forward, backward);
    }

    private long fixedBytes(ForwardRequest request, Segments segments) {
        long longest = IntStream.range(0, segments.count()).map(segments::length).max().orElse(0);
        boolean captured = request.captures().stream().map(Capture::point).anyMatch(VocabularyHead.LOGITS::equals);
        boolean probabilities = request.captures().stream().anyMatch(capture -> capture.point().site() == Site.ATTN_PROBS);
        long whole = captured ? FLOAT * longest * (spec.vocabulary() + spec.hidden()) : 0;
        return (probabilities ? FLOAT * spec.attention().heads() * longest * longest : 0)
                + Math.max(whole, request.output() == Output.NONE ? 0 : vocabularyBytes());
    }

    private long fixedBytes(RelevanceRequest request) {
        boolean namedLogitsOnly = request.target() instanceof Target.MeanLogit || request.target() instanceof Target.AtPositions
                || request.target() instanceof Target.TokenLogit;
        return namedLogitsOnly ? 0 : vocabularyBytes();
    }

    private long vocabularyBytes() {
        return FLOAT * VocabularyHead.rowsAtOnce(spec.vocabulary()) * (spec.vocabulary() + spec.hidden());
    }

    private long sequenceBytes() {
        return FLOAT * 2 * Math.max(spec.hidden(), spec.mlp().intermediate());
    }

    private static long largest(long... stages) {
        long largest = 0;
        for (long stage : stages)
            largest = Math.max(largest, stage);
        return largest;
    }
}
