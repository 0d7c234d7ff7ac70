package dev.crane.engine.decoder;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import dev.crane.engine.CraneException;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.ConservationLedger;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Target;

/** One forward and one backward pass over one sequence with a {@link LedgerSheet}. Everything is kept; speed is no matter. */
final class LedgerPass {
    private LedgerPass() {
    }

    static ConservationLedger run(Decoder decoder, int[] ids, Rule rule, Target target) {
        PackedBatch batch = PackedBatch.of(List.of(ids));
        RelevanceRequest request = RelevanceRequest.of(rule, target, Set.of(), Set.of());
        decoder.check(batch, request);
        EnumSet<Site> sites = EnumSet.of(Site.RESID_PRE, Site.ATTN_OUT, Site.MLP_DOWN);
        if (!decoder.spec().parallelResidual())
            sites.add(Site.RESID_MID);
        sites.addAll(Keep.forBackward(decoder.spec(), request).sites());
        PassEdits none = decoder.compile(List.of(), null, 1).on(null, batch.segments(), new int[1]);
        try (Pass pass = new Pass(decoder.spec(), decoder.backend(), batch, none, new CaptureSheet(decoder.backend(), List.of()),
                new Keep(sites, Set.of(), true), null)) {
            Tensor hidden = decoder.hidden(pass);
            TargetGradient gradient = TargetGradient.of(target, rule, decoder, pass, hidden);
            if (Float.isNaN(gradient.values()[0]))
                throw new CraneException("a sequence of " + ids.length + " tokens has no target " + target.label() + ", and so no ledger");
            LedgerSheet ledger = new LedgerSheet(decoder, pass, rule, gradient);
            if (target instanceof Target.MeanLogprob)
                ledger.ofNoLogits(hidden, gradient.gradient());
            pass.tensors.release(hidden);
            ScoreSheet scores = new ScoreSheet(decoder.spec(), decoder.backend(), request, pass.segments, pass.tensors);
            new DecoderBackward(decoder, pass, rule, scores, null, true, ledger).run(gradient.gradient());
            return ledger.ledger();
        }
    }
}
