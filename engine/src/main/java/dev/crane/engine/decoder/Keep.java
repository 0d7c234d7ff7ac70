package dev.crane.engine.decoder;

import java.util.EnumSet;
import java.util.Set;

import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Score;

/**
 * What a forward pass keeps of each layer.
 *
 * @param sites the values at these sites
 * @param inputSums of these linear layers the sum over each token's inputs, which the row gradient needs
 * @param backward whether also what attention's and the norms' backward needs: the attention's output before its projection, log-sum-exp, 1/σ
 */
record Keep(Set<Site> sites, Set<Site> inputSums, boolean backward) {
    /** A forward pass alone. */
    static final Keep NOTHING = new Keep(Set.of(), Set.of(), false);
    /** Where each layer can be computed again from. */
    static final Keep CHECKPOINTS = new Keep(Set.of(Site.RESID_PRE), Set.of(), false);

    /** Whether a backward pass comes, with or without checkpoints. */
    boolean backwardFollows() {
        return backward || !sites.isEmpty();
    }

    /**
     * All that the backward pass of a request reads: q, k, v, gate and up always (the neuron is computed again from gate and up, norms and rotation of
     * q and k from these); the norms' inputs only where the rule reads them or its γ needs the inputs of linear layers, the sublayers' outputs where it changes the gradients of linear layers; other values only where
     * relevance is read or an edit must be taken back.
     */
    static Keep forBackward(DecoderSpec spec, RelevanceRequest request) {
        EnumSet<Site> sites = EnumSet.of(Site.ATTN_Q, Site.ATTN_K, Site.ATTN_V, Site.MLP_UP);
        if (spec.mlp().gated())
            sites.add(Site.MLP_GATE);
        if (request.rule().normReadsInput()) {
            if (spec.normPlacement().pre()) {
                sites.add(Site.RESID_PRE);
                if (!spec.parallelResidual())
                    sites.add(Site.RESID_MID);
            }
            if (spec.normPlacement().post()) {
                sites.add(Site.ATTN_OUT);
                sites.add(Site.MLP_DOWN);
            }
        }
        if (request.rule().gamma() != 0) { // the inputs of linear layers are computed again from these
            sites.add(Site.RESID_PRE);
            if (!spec.parallelResidual())
                sites.add(Site.RESID_MID);
        }
        if (request.rule().readsLinear()) {
            sites.add(Site.ATTN_OUT);
            sites.add(Site.MLP_DOWN);
        }
        if (request.scores().contains(Score.RELEVANCE))
            sites.addAll(request.sites());
        request.interventions().forEach(set -> set.interventions().forEach(edit -> sites.addAll(FusedRows.parts(edit.point().site()))));
        sites.remove(Site.MLP_ACT);
        sites.remove(Site.MLP_NEURON);
        return new Keep(sites, request.scores().contains(Score.ROW_GRADIENT) ? request.sites() : Set.of(), true);
    }
}
