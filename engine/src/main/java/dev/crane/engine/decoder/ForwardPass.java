package dev.crane.engine.decoder;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.ForwardResult;
import dev.crane.engine.NonFiniteException;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.Tensor;

/** A forward pass with its output. */
final class ForwardPass {
    private final Decoder decoder;
    private final Backend backend;
    private final PackedBatch batch;
    private final Segments segments;
    private final ForwardRequest request;
    private final Edits edits;

    /** Checks the request. */
    ForwardPass(Decoder decoder, PackedBatch batch, ForwardRequest request) {
        this.decoder = decoder;
        this.backend = decoder.backend();
        this.batch = batch;
        this.segments = batch.segments();
        this.request = request;
        decoder.check(batch, request);
        this.edits = decoder.compile(request.interventions(), request.interventionOf(), batch.sequences());
    }

    ForwardResult run() {
        if (request.output() == Output.NEXT_LOGPROBS && request.captures().isEmpty() && decoder.sharesPrefixes())
            return nextLogprobs(SharedPrefixes.of(batch, request.interventionOf()));
        CaptureSheet captures = new CaptureSheet(backend, request.captures());
        try (Pass pass = new Pass(decoder.spec(), backend, batch, edits.on(request.interventionOf(), segments, new int[segments.count()]),
                captures,
                Keep.NOTHING, null)) {
            Tensor hidden = decoder.hidden(pass);
            VocabularyHead head = new VocabularyHead(decoder, pass, hidden);
            captureLogits(head, captures, pass);
            return switch (request.output()) {
                case NONE -> new ForwardResult(List.of(), List.of(), List.of(), captures.values());
                case LAST_LOGITS -> new ForwardResult(lastLogits(head), List.of(), List.of(), captures.values());
                case ALL_LOGITS -> new ForwardResult(allLogits(head), List.of(), List.of(), captures.values());
                case NEXT_LOGPROBS ->
                    nextLogprobs(pass, head, IntStream.range(0, segments.count()).mapToObj(this::rowsOf).toArray(int[][]::new), captures);
            };
        }
    }

    private ForwardResult nextLogprobs(Pass pass, VocabularyHead head, int[][] rows, CaptureSheet captures) {
        NextLogprobs scores = new NextLogprobs(batch, request.firstScored(), rows);
        scores.compute(head, pass.tensors, backend);
        return new ForwardResult(List.of(), scores.logprobs(), scores.greedy(), captures.values());
    }

    /** The same with nothing to read on the way: what sequences have in common is run once. */
    private ForwardResult nextLogprobs(SharedPrefixes shared) {
        int[] setOf = request.interventionOf() == null
                ? null
                : Arrays.stream(shared.sequences()).map(b -> request.interventionOf()[b]).toArray();
        CaptureSheet none = new CaptureSheet(backend, List.of());
        try (Pass pass = new Pass(decoder.spec(), backend, shared.fresh(), edits.on(setOf, shared.fresh().segments(), shared.past()), none,
                Keep.NOTHING,
                shared.isSharing() ? shared : null)) {
            Tensor hidden = decoder.hidden(pass);
            return nextLogprobs(pass, new VocabularyHead(decoder, pass, hidden), shared.rows(), none);
        } catch (NonFiniteException e) {
            int b = shared.sequences()[e.sequence()];
            throw shared.isSharing() ? alone(b, e) : e.withSequence(b);
        }
    }

    /** A sequence of a pass that failed, run from its first token: says where the failure really begins. */
    private NonFiniteException alone(int b, NonFiniteException among) {
        int[] ids = Arrays.copyOfRange(batch.ids(), segments.start(b), segments.start(b) + segments.length(b));
        int[] setOf = request.interventionOf() == null ? null : new int[]{request.interventionOf()[b]};
        int[] first = request.firstScored() == null ? null : new int[]{request.firstScored()[b]};
        try {
            decoder.forward(PackedBatch.of(List.of(ids)),
                    new ForwardRequest(Output.NEXT_LOGPROBS, List.of(), request.interventions(), setOf, first));
            return among.withSequence(b);
        } catch (NonFiniteException e) {
            return e.withSequence(b);
        }
    }

    private List<float[]> lastLogits(VocabularyHead head) {
        List<float[]> result = new ArrayList<>();
        int[] last = IntStream.range(0, segments.count()).map(b -> segments.start(b) + segments.length(b) - 1).toArray();
        head.logits(last, (from, logits) -> result.addAll(CaptureSheet.rows(backend.download(logits), logits.columns())));
        return result;
    }

    private List<float[]> allLogits(VocabularyHead head) {
        int vocabulary = decoder.spec().vocabulary();
        List<float[]> result = new ArrayList<>();
        for (int b = 0; b < segments.count(); b++) {
            float[] all = new float[Math.multiplyExact(segments.length(b), vocabulary)];
            head.logits(rowsOf(b), (from, logits) -> {
                float[] some = backend.download(logits);
                System.arraycopy(some, 0, all, from * vocabulary, some.length);
            });
            result.add(all);
        }
        return result;
    }

    /** Captured logits are read sequence by sequence, each whole, because a reduction needs all its rows at once. */
    private void captureLogits(VocabularyHead head, CaptureSheet captures, Pass pass) {
        if (!captures.wants(VocabularyHead.LOGITS))
            return;
        for (int b = 0; b < segments.count(); b++) {
            Tensor logits = head.rawLogits(rowsOf(b));
            head.finish(logits, rowsOf(b));
            captures.read(VocabularyHead.LOGITS, logits, new Segments(new int[]{0, segments.length(b)}), pass.tensors);
            pass.tensors.release(logits);
        }
    }

    private int[] rowsOf(int b) {
        return IntStream.range(segments.start(b), segments.start(b) + segments.length(b)).toArray();
    }
}
