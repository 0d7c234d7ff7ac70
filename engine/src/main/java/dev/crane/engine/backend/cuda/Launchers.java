package dev.crane.engine.backend.cuda;

import java.util.HashMap;
import java.util.Map;

import dev.crane.engine.CraneException;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.UserRule;
import dev.crane.kernels.Activation;
import dev.crane.kernels.ActivationBackward;
import dev.crane.kernels.Add;
import dev.crane.kernels.Attention;
import dev.crane.kernels.AttentionBackwardKey;
import dev.crane.kernels.AttentionBackwardQuery;
import dev.crane.kernels.AttentionDelta;
import dev.crane.kernels.AttentionProbabilities;
import dev.crane.kernels.Cast;
import dev.crane.kernels.Edit;
import dev.crane.kernels.Embed;
import dev.crane.kernels.Fill;
import dev.crane.kernels.FirstNonFinite;
import dev.crane.kernels.Gamma;
import dev.crane.kernels.GatedActivation;
import dev.crane.kernels.GatedActivationBackward;
import dev.crane.kernels.KernelLibrary;
import dev.crane.kernels.LayerNorm;
import dev.crane.kernels.LayerNormBackward;
import dev.crane.kernels.LinearRule;
import dev.crane.kernels.Logprobs;
import dev.crane.kernels.RandomNormal;
import dev.crane.kernels.RmsNorm;
import dev.crane.kernels.RmsNormBackward;
import dev.crane.kernels.Rope;
import dev.crane.kernels.RowSums;
import dev.crane.kernels.Rows;
import dev.crane.kernels.SegmentDot;
import dev.crane.kernels.SegmentReduce;
import dev.crane.kernels.SegmentWeightedSum;
import dev.crane.kernels.Softcap;
import dev.crane.kernels.TargetLogits;
import dev.crane.kernels.TargetLogitsBackward;

/** The launchers of all kernels; each loads its code when it is first used. */
final class Launchers {
    final Activation activation;
    final Add add;
    final Attention attention;
    final AttentionDelta attentionDelta;
    final AttentionProbabilities attentionProbabilities;
    final Cast cast;
    final Edit edit;
    final Embed embed;
    final Fill fill;
    final FirstNonFinite firstNonFinite;
    final Gamma gamma;
    final GatedActivation gatedActivation;
    final LayerNorm layerNorm;
    final Logprobs logprobs;
    final RandomNormal randomNormal;
    final RmsNorm rmsNorm;
    final Rope rope;
    final RowSums rowSums;
    final Rows rows;
    final SegmentDot segmentDot;
    final SegmentReduce segmentReduce;
    final SegmentWeightedSum segmentWeightedSum;
    final TargetLogits targetLogits;
    final TargetLogitsBackward targetLogitsBackward;
    private final KernelLibrary library;
    private final Map<String, OfRule> ofRules = new HashMap<>();

    /** Those whose kernels a relevance rule changes. */
    static final class OfRule {
        final ActivationBackward activation;
        final AttentionBackwardKey attentionKey;
        final AttentionBackwardQuery attentionQuery;
        final GatedActivationBackward gatedActivation;
        final LayerNormBackward layerNorm;
        final LinearRule linear;
        final RmsNormBackward rmsNorm;
        final Softcap softcap;

        OfRule(KernelLibrary library, String rule) {
            activation = new ActivationBackward(library, rule);
            attentionKey = new AttentionBackwardKey(library, rule);
            attentionQuery = new AttentionBackwardQuery(library, rule);
            gatedActivation = new GatedActivationBackward(library, rule);
            layerNorm = new LayerNormBackward(library, rule);
            linear = new LinearRule(library, rule);
            rmsNorm = new RmsNormBackward(library, rule);
            softcap = new Softcap(library, rule);
        }
    }

    Launchers(KernelLibrary library) {
        this.library = library;
        activation = new Activation(library);
        add = new Add(library);
        attention = new Attention(library);
        attentionDelta = new AttentionDelta(library);
        attentionProbabilities = new AttentionProbabilities(library);
        cast = new Cast(library);
        edit = new Edit(library);
        embed = new Embed(library);
        fill = new Fill(library);
        firstNonFinite = new FirstNonFinite(library);
        gamma = new Gamma(library);
        gatedActivation = new GatedActivation(library);
        layerNorm = new LayerNorm(library);
        logprobs = new Logprobs(library);
        randomNormal = new RandomNormal(library);
        rmsNorm = new RmsNorm(library);
        rope = new Rope(library);
        rowSums = new RowSums(library);
        rows = new Rows(library);
        segmentDot = new SegmentDot(library);
        segmentReduce = new SegmentReduce(library);
        segmentWeightedSum = new SegmentWeightedSum(library);
        targetLogits = new TargetLogits(library);
        targetLogitsBackward = new TargetLogitsBackward(library);
    }

    /** The backward kernels under a rule. */
    OfRule of(Rule rule) {
        return ofRules.computeIfAbsent(rule.name(), name -> {
            if (rule instanceof UserRule user)
                library.addRule(name, user.deviceFunctions().code(user));
            else if (!library.hasRule(name))
                throw new CraneException(
                        "the relevance rule '" + name + "' has no device functions: it runs on the CPU only; make it a UserRule");
            return new OfRule(library, name);
        });
    }
}
