package dev.crane.engine.decoder;

import java.util.List;

import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.RelevanceResult;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Tensor;

/** One forward and one backward pass with the scores read on the way back. */
final class RelevancePass {
    private final Decoder decoder;
    private final Backend backend;
    private final PackedBatch batch;
    private final RelevanceRequest request;
    private final PassEdits edits;

    /** Checks the request. */
    RelevancePass(Decoder decoder, PackedBatch batch, RelevanceRequest request) {
        this.decoder = decoder;
        this.backend = decoder.backend();
        this.batch = batch;
        this.request = request;
        decoder.check(batch, request);
        this.edits = decoder.compile(request.interventions(), request.interventionOf(), batch.sequences()).on(request.interventionOf(),
                batch.segments(), new int[batch.sequences()]);
    }

    RelevanceResult run(boolean checkpointed) {
        Keep whole = Keep.forBackward(decoder.spec(), request);
        CaptureSheet nothing = new CaptureSheet(backend, List.of());
        try (Pass pass = new Pass(decoder.spec(), backend, batch, edits, nothing, checkpointed ? Keep.CHECKPOINTS : whole, null)) {
            Tensor hidden = decoder.hidden(pass);
            TargetGradient target = TargetGradient.of(request.target(), request.rule(), decoder, pass, hidden);
            pass.tensors.release(hidden);
            ScoreSheet scores = new ScoreSheet(decoder.spec(), backend, request, pass.segments, pass.tensors);
            DecoderBackward backward = new DecoderBackward(decoder, pass, request.rule(), scores, checkpointed ? pass.again(whole) : null,
                    request.tokenRelevance(), null);
            Tensor dx = backward.run(target.gradient());
            return new RelevanceResult(target.values(), scores.scores(), scores.gradients(),
                    request.tokenRelevance() ? tokenRelevance(pass, dx) : List.of());
        }
    }

    /** Σ over the embedding of value × gradient, for each token. */
    private List<float[]> tokenRelevance(Pass pass, Tensor dx) {
        Tensor embedding = pass.tensors.allocate(dx.rows(), dx.columns());
        decoder.embed(pass, embedding);
        Tensor sums = pass.tensors.allocate(dx.rows(), 1);
        backend.rowDots(embedding, dx, sums);
        return CaptureSheet.slices(backend.download(sums), pass.segments, 1);
    }

}
