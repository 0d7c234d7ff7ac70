package dev.crane.engine.decoder;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.Test;

import dev.crane.engine.Engine;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.backend.Activation;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.reference.ReferenceBackend;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The formula against the bytes that passes really hold. */
class MemoryPlanTest {
    /** Shaped like a Llama: the MLP wider than the stream. */
    private static final DecoderSpec SPEC = new DecoderSpec("tiny", 50, 24, 4, 64, new NormSpec(NormSpec.Kind.RMS, 1e-5f),
            NormSpec.Placement.PRE,
            new AttentionSpec(4, 2, 6, 0.4f, 0, false, true, true), List.of(0, 0, 0, 0),
            TinyModel.SPEC.positions(0) instanceof Positions.Rope r
                    ? List.of(r, r, r, r)
                    : List.of(),
            new MlpSpec(64, Activation.SILU, true, true), false, 1, 0, false);
    private static final PackedBatch BATCH = PackedBatch.of(List.of(sequence(30, 1), sequence(12, 2), sequence(1, 3), sequence(40, 4)));

    /** Beginning with other tokens than the rest, so that nothing is shared. */
    private static int[] sequence(int length, int first) {
        int[] ids = new int[length];
        ids[0] = first;
        return ids;
    }

    private static final Set<Site> MLP = EnumSet.of(Site.MLP_GATE, Site.MLP_UP, Site.MLP_DOWN, Site.MLP_NEURON);

    /** The peak is never above the formula, and the formula, a sum of each stage's largest, at most this far above the peak. */
    private static final double SLACK = 1.25;
    /** Where the vocabulary is multiplied: the formula has room for more rows than this small batch needs at once. */
    private static final double WITH_VOCABULARY = 2.5;

    private final MemoryPlan plan = new MemoryPlan(SPEC, 1 << 20);

    @Test
    void forward() {
        for (Output output : Output.values()) {
            ForwardRequest request = ForwardRequest.of(output);
            check(plan.forwardBytes(BATCH.segments(), request), decoder -> decoder.forward(BATCH, request),
                    output == Output.NONE ? SLACK : WITH_VOCABULARY,
                    output.name());
        }
    }

    @Test
    void relevance() {
        for (Rule rule : Rule.BUILT_IN)
            for (Target target : List.of(new Target.MeanLogit(), new Target.MeanLogprob()))
                for (Set<Site> sites : List.of(MLP, Set.of(Site.ATTN_OUT, Site.RESID_POST)))
                    for (boolean checkpointed : new boolean[]{false, true}) {
                        RelevanceRequest request = RelevanceRequest.of(rule, target, Set.of(Score.RELEVANCE), sites);
                        check(plan.relevanceBytes(BATCH.segments(), request, checkpointed),
                                decoder -> decoder.relevance(BATCH, request, checkpointed),
                                target instanceof Target.MeanLogit ? SLACK : WITH_VOCABULARY,
                                rule.name() + " " + target.label() + " " + checkpointed);
                    }
    }

    /** The other kinds of models: never above the formula, which allows for every stage of every kind. */
    @Test
    void otherKindsOfModels() {
        for (DecoderSpec spec : TinyModel.SPECS) {
            MemoryPlan own = new MemoryPlan(spec, 1 << 20);
            Set<Site> sites = TinyModel.sites(spec);
            sites.removeIf(FusedRows::isFused);
            ForwardRequest forward = ForwardRequest.of(Output.NONE);
            check(spec, own.forwardBytes(BATCH.segments(), forward), decoder -> decoder.forward(BATCH, forward), 1.6, spec.family());
            for (Rule rule : Rule.BUILT_IN)
                for (boolean checkpointed : new boolean[]{false, true}) {
                    RelevanceRequest request = RelevanceRequest.of(rule, new Target.MeanLogit(), Set.of(Score.RELEVANCE), sites);
                    check(spec, own.relevanceBytes(BATCH.segments(), request, checkpointed),
                            decoder -> decoder.relevance(BATCH, request, checkpointed), 1.6,
                            spec.family() + " " + rule.name() + " " + checkpointed);
                }
        }
    }

    private interface Run {
        Object run(Decoder decoder);
    }

    private static void check(long predicted, Run run, double slack, String what) {
        check(SPEC, predicted, run, slack, what);
    }

    private static void check(DecoderSpec spec, long predicted, Run run, double slack, String what) {
        try (ReferenceBackend backend = new ReferenceBackend();
                Decoder decoder = new Decoder(spec, new TinyModel(spec, 3).weights(), backend)) {
            run.run(decoder);
            long tables = backend.allocatedBytes(); // what stays: cosines and sines
            backend.takePeakBytes();
            run.run(decoder);
            long peak = backend.takePeakBytes() - tables;
            assertTrue(peak <= predicted && predicted <= slack * peak, what + ": predicted " + predicted + ", peak " + peak);
        }
    }

    @Test
    void batchesAreCutToTheLimit() {
        RelevanceRequest request = RelevanceRequest.of(Rule.ATTNLRP, new Target.MeanLogit(), Set.of(Score.RELEVANCE), MLP);
        Segments segments = BATCH.segments();
        long limit = plan.relevanceBytes(new Segments(new int[]{0, 30, 42}), request, false);
        List<MemoryPlan.Part> parts = new MemoryPlan(SPEC, limit).parts(segments, request);
        assertEquals(List.of(new MemoryPlan.Part(0, 2, false), new MemoryPlan.Part(2, 4, false)), parts);
        long small = plan.relevanceBytes(new Segments(new int[]{0, 35}), request, false);
        assertEquals(List.of(new MemoryPlan.Part(0, 1, false), new MemoryPlan.Part(1, 3, false), new MemoryPlan.Part(3, 4, true)),
                new MemoryPlan(SPEC, small).parts(segments, request));
    }

    @Test
    void engineStaysWithinItsLimit() {
        RelevanceRequest request = RelevanceRequest.of(Rule.ATTNLRP, new Target.MeanLogprob(), Set.of(Score.RELEVANCE), MLP);
        long limit = plan.relevanceBytes(new Segments(new int[]{0, 20}), request, false);
        try (ReferenceBackend backend = new ReferenceBackend();
                Engine engine = new TinyModel(SPEC, 3).engine(backend, new EngineOptions(limit))) {
            engine.relevance(BATCH, request);
            long tables = backend.allocatedBytes();
            assertTrue(backend.takePeakBytes() - tables <= limit);
        }
    }
}
