package dev.crane.engine.decoder;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardResult;
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
        CaptureSheet captures = new CaptureSheet(backend, request.captures());
        try (Pass pass = new Pass(decoder.spec(), backend, batch, edits.on(request.interventionOf()), captures, Keep.NOTHING, null)) {
            Tensor hidden = decoder.hidden(pass);
            VocabularyHead head = new VocabularyHead(decoder, pass, hidden);
            captureLogits(head, captures, pass);
            return switch (request.output()) {
                case NONE -> new ForwardResult(List.of(), List.of(), List.of(), captures.values());
                case LAST_LOGITS -> new ForwardResult(lastLogits(head), List.of(), List.of(), captures.values());
                case ALL_LOGITS -> new ForwardResult(allLogits(head), List.of(), List.of(), captures.values());
                case NEXT_LOGPROBS -> nextLogprobs(head, captures);
            };
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

    /** Only the rows that predict a token of their sequence go through the vocabulary. */
    private ForwardResult nextLogprobs(VocabularyHead head, CaptureSheet captures) {
        int[] rows = IntStream.range(0, segments.count())
                .flatMap(b -> IntStream.range(segments.start(b) + firstScored(b) - 1, segments.start(b) + segments.length(b) - 1))
                .toArray();
        float[] logprobs = new float[rows.length];
        int[] greedy = new int[rows.length];
        head.logits(rows, (from, logits) -> {
            int[] next = IntStream.range(from, from + logits.rows()).map(i -> batch.ids()[rows[i] + 1]).toArray();
            float[] some = new float[next.length];
            int[] best = new int[next.length];
            backend.tokenLogprobs(logits, next, some, best);
            System.arraycopy(some, 0, logprobs, from, some.length);
            System.arraycopy(best, 0, greedy, from, best.length);
        });
        List<float[]> ofSequence = new ArrayList<>();
        List<boolean[]> hits = new ArrayList<>();
        int at = 0;
        for (int b = 0; b < segments.count(); b++) {
            float[] own = new float[segments.length(b) - 1];
            boolean[] hit = new boolean[own.length];
            Arrays.fill(own, Float.NaN);
            for (int t = firstScored(b) - 1; t < own.length; t++, at++) {
                own[t] = logprobs[at];
                hit[t] = greedy[at] == batch.ids()[segments.start(b) + t + 1];
            }
            ofSequence.add(own);
            hits.add(hit);
        }
        return new ForwardResult(List.of(), ofSequence, hits, captures.values());
    }

    private int firstScored(int b) {
        return request.firstScored() == null ? 1 : request.firstScored()[b];
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
