package dev.crane.engine.decoder;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.engine.Engine;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.ForwardResult;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.RelevanceResult;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.cpu.CpuBackend;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Intervention;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** What a sequence gives has the same bits alone, in any batch, in a batch cut into parts, with checkpoints, and token by token. */
class SameBitsTest {
    private static final String MODELS = "dev.crane.engine.decoder.AllBackends#models";
    private static final List<int[]> SEQUENCES = TinyModel.sequences();
    private static final Set<Site> LINEAR = EnumSet.of(Site.ATTN_Q, Site.ATTN_K, Site.ATTN_V, Site.ATTN_OUT, Site.MLP_GATE, Site.MLP_UP,
            Site.MLP_DOWN);

    /** Every site with units but those that hold the rows of others. */
    private static Set<Site> all(TinyModel model) {
        Set<Site> sites = TinyModel.sites(model.spec());
        sites.removeIf(FusedRows::isFused);
        return sites;
    }

    private static Set<Site> linear(TinyModel model) {
        Set<Site> sites = EnumSet.copyOf(LINEAR);
        sites.retainAll(all(model));
        return sites;
    }

    /** Edits everywhere, one set with a clamp and an addition, one with zeroes; the first sequence runs unchanged. */
    private static List<InterventionSet> sets(TinyModel model) {
        return List.of(
                new InterventionSet("steer", edits(model, (point, units) -> List.of(new Intervention.Clamp(point, units, -0.2f, 0.3f),
                        new Intervention.Add(point, new int[]{4, 5}, new float[]{0.25f, -0.5f})))),
                new InterventionSet("zero", edits(model, (point, units) -> List.of(new Intervention.Zero(point, units)))));
    }

    private static final int[] SET_OF = {-1, 0, 1, 0};

    private interface AtPoint {
        List<Intervention> edits(HookPoint point, int[] units);
    }

    private static List<Intervention> edits(TinyModel model, AtPoint at) {
        List<Intervention> edits = new ArrayList<>();
        for (Site site : all(model))
            for (int layer = 0; layer < model.spec().layers(); layer++)
                edits.addAll(at.edits(new HookPoint(site, layer), new int[]{1, 3}));
        return edits;
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource(MODELS)
    void forwardInAnyComposition(Backend backend, TinyModel model) {
        try (Engine engine = model.engine(backend); Engine small = model.engine(backend, new EngineOptions(1))) {
            for (Output output : new Output[]{Output.ALL_LOGITS, Output.LAST_LOGITS, Output.NEXT_LOGPROBS}) {
                ForwardRequest request = ForwardRequest.of(output, sets(model), SET_OF);
                ForwardResult together = engine.forward(PackedBatch.of(SEQUENCES), request);
                ForwardResult inParts = small.forward(PackedBatch.of(SEQUENCES), request);
                for (int b = 0; b < SEQUENCES.size(); b++) {
                    ForwardRequest own = ForwardRequest.of(output, sets(model), new int[]{SET_OF[b]});
                    ForwardResult alone = engine.forward(PackedBatch.of(List.of(SEQUENCES.get(b))), own);
                    List<float[]> values = output == Output.NEXT_LOGPROBS ? alone.logprobs() : alone.logits();
                    assertSame(values.get(0), (output == Output.NEXT_LOGPROBS ? together.logprobs() : together.logits()).get(b));
                    assertSame(values.get(0), (output == Output.NEXT_LOGPROBS ? inParts.logprobs() : inParts.logits()).get(b));
                }
            }
            assertTrue(small.plan().parts(PackedBatch.of(SEQUENCES).segments(), ForwardRequest.of(Output.NONE)).size() == 4);
        }
        assertEquals(0, backend.allocatedBytes(), "all tensors are given back");
    }

    /** Log-probabilities from some token on are those of the whole sequence, and NaN before. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource(MODELS)
    void logprobsOfATail(Backend backend, TinyModel model) {
        int[] first = {4, 1, 12, 2};
        try (Engine engine = model.engine(backend); Engine small = model.engine(backend, new EngineOptions(1))) {
            ForwardRequest all = ForwardRequest.of(Output.NEXT_LOGPROBS, sets(model), SET_OF);
            ForwardResult whole = engine.forward(PackedBatch.of(SEQUENCES), all);
            for (ForwardResult tail : List.of(engine.forward(PackedBatch.of(SEQUENCES), all.scoringFrom(first)),
                    small.forward(PackedBatch.of(SEQUENCES), all.scoringFrom(first))))
                for (int b = 0; b < SEQUENCES.size(); b++) {
                    float[] expected = whole.logprobs().get(b).clone();
                    Arrays.fill(expected, 0, first[b] - 1, Float.NaN);
                    assertSame(expected, tail.logprobs().get(b));
                    for (int t = first[b] - 1; t < expected.length; t++)
                        assertEquals(whole.greedy().get(b)[t], tail.greedy().get(b)[t]);
                }
        }
    }

    /** One thread and several give the same bits. */
    @Test
    void anyNumberOfThreads() {
        TinyModel model = new TinyModel();
        try (CpuBackend one = new CpuBackend(1);
                CpuBackend three = new CpuBackend(3);
                Engine first = model.engine(one);
                Engine second = model.engine(three)) {
            ForwardRequest forward = ForwardRequest.of(Output.ALL_LOGITS, sets(model), SET_OF);
            RelevanceRequest relevance = request(model, Rule.ATTNLRP, new Target.MeanLogprob(), all(model), SET_OF);
            RelevanceResult expected = first.relevance(PackedBatch.of(SEQUENCES), relevance);
            RelevanceResult actual = second.relevance(PackedBatch.of(SEQUENCES), relevance);
            for (int b = 0; b < SEQUENCES.size(); b++) {
                assertSame(first.forward(PackedBatch.of(SEQUENCES), forward).logits().get(b),
                        second.forward(PackedBatch.of(SEQUENCES), forward).logits().get(b));
                assertSame(expected, b, actual, b);
            }
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource(MODELS)
    void relevanceInAnyCompositionAndWithCheckpoints(Backend backend, TinyModel model) {
        try (Decoder decoder = new Decoder(model.spec(), model.weights(), backend);
                Engine small = model.engine(backend, new EngineOptions(1))) {
            for (Rule rule : Rule.BUILT_IN)
                for (Target target : targets(model)) {
                    RelevanceResult together = decoder.relevance(PackedBatch.of(SEQUENCES),
                            request(model, rule, target, all(model), SET_OF), false);
                    RelevanceResult again = decoder.relevance(PackedBatch.of(SEQUENCES), request(model, rule, target, all(model), SET_OF),
                            true);
                    RelevanceResult inParts = small.relevance(PackedBatch.of(SEQUENCES), request(model, rule, target, all(model), SET_OF));
                    for (int b = 0; b < SEQUENCES.size(); b++) {
                        RelevanceResult alone = decoder.relevance(PackedBatch.of(List.of(SEQUENCES.get(b))),
                                request(model, rule, target, all(model), new int[]{SET_OF[b]}), false);
                        for (RelevanceResult other : List.of(together, again, inParts))
                            assertSame(alone, 0, other, b);
                    }
                }
            RelevanceResult whole = decoder.relevance(PackedBatch.of(SEQUENCES),
                    request(model, Rule.ATTNLRP, new Target.MeanLogit(), linear(model), SET_OF), false);
            RelevanceResult again = decoder.relevance(PackedBatch.of(SEQUENCES),
                    request(model, Rule.ATTNLRP, new Target.MeanLogit(), linear(model), SET_OF), true);
            for (int b = 0; b < SEQUENCES.size(); b++)
                assertSame(whole, b, again, b);
        }
        assertEquals(0, backend.allocatedBytes(), "all tensors are given back");
    }

    /** Without token relevance the first layer's backward ends where nothing more is read. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource(MODELS)
    void relevanceAtOneSiteAsAtAll(Backend backend, TinyModel model) {
        PackedBatch batch = PackedBatch.of(SEQUENCES);
        try (Decoder decoder = new Decoder(model.spec(), model.weights(), backend)) {
            RelevanceResult whole = decoder.relevance(batch, request(model, Rule.ATTNLRP, new Target.MeanLogit(), all(model), SET_OF),
                    false);
            for (Site site : all(model))
                for (boolean checkpointed : new boolean[]{false, true}) {
                    RelevanceResult one = decoder.relevance(batch, new RelevanceRequest(Rule.ATTNLRP, new Target.MeanLogit(),
                            EnumSet.of(Score.RELEVANCE), EnumSet.of(site), false, sets(model), SET_OF), checkpointed);
                    Map<HookPoint, List<float[]>> points = one.scores().get(Score.RELEVANCE);
                    assertEquals(model.spec().layers(), points.size());
                    for (int b = 0; b < SEQUENCES.size(); b++) {
                        int sequence = b;
                        points.forEach((point, values) -> assertSame(whole.scores().get(Score.RELEVANCE).get(point).get(sequence),
                                values.get(sequence)));
                    }
                }
        }
        assertEquals(0, backend.allocatedBytes(), "all tensors are given back");
    }

    /** What rests on the targets alone is the same for all models. */
    private static List<Target> targets(TinyModel model) {
        return model.spec().equals(TinyModel.SPEC)
                ? List.of(new Target.MeanLogit(), new Target.MeanLogprob(), new Target.LastLogit(), new Target.Contrastive(),
                        new Target.AtPositions(new int[]{1, 5}))
                : List.of(new Target.MeanLogit());
    }

    private static RelevanceRequest request(TinyModel model, Rule rule, Target target, Set<Site> sites, int[] setOf) {
        Set<Score> scores = LINEAR.containsAll(sites) ? EnumSet.allOf(Score.class) : EnumSet.of(Score.RELEVANCE);
        return new RelevanceRequest(rule, target, scores, sites, true, sets(model), setOf);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource(MODELS)
    void tokenByToken(Backend backend, TinyModel model) {
        try (Engine engine = model.engine(backend)) {
            // Prompts of 2, 1, 3 and 4 tokens: the second and the last sequence are whole at once, the others grow at different lengths.
            int[] prompt = {2, 1, 3, 4};
            List<int[]> prompts = new ArrayList<>();
            for (int b = 0; b < SEQUENCES.size(); b++)
                prompts.add(Arrays.copyOf(SEQUENCES.get(b), prompt[b]));
            try (Decoding decoding = engine.decode(prompts, sets(model), SET_OF)) {
                for (boolean grown = true; grown;) {
                    grown = false;
                    int[] next = new int[SEQUENCES.size()];
                    for (int b = 0; b < next.length; b++) {
                        int length = decoding.length(b);
                        PackedBatch soFar = PackedBatch.of(List.of(Arrays.copyOf(SEQUENCES.get(b), length)));
                        ForwardRequest last = ForwardRequest.of(Output.LAST_LOGITS, sets(model), new int[]{SET_OF[b]});
                        assertSame(engine.forward(soFar, last).logits().get(0), decoding.nextLogits(b));
                        next[b] = length < SEQUENCES.get(b).length ? SEQUENCES.get(b)[length] : -1;
                        grown |= next[b] >= 0;
                    }
                    decoding.append(next);
                }
                assertEquals(12, decoding.length(2));
            }
        }
        assertEquals(0, backend.allocatedBytes(), "all tensors are given back");
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource(MODELS)
    void zeroingAUnitIsZeroingItsRow(Backend backend, TinyModel model) {
        HookPoint neuron = new HookPoint(Site.MLP_NEURON, 1);
        HookPoint down = new HookPoint(Site.MLP_DOWN, 1);
        for (Site site : linear(model)) {
            HookPoint point = new HookPoint(site, 1);
            assertSameModel(backend, model, new Intervention.Zero(point, new int[]{5}), model.withoutRow(point, 5));
        }
        assertSameModel(backend, model, new Intervention.Zero(neuron, new int[]{5}), model.withoutColumn(down, 5));
        assertSameModel(backend, model, new Intervention.Zero(new HookPoint(Site.MLP_ACT, 1), new int[]{5}), model.withoutColumn(down, 5));
    }

    private void assertSameModel(Backend backend, TinyModel model, Intervention mask, TinyModel changed) {
        try (Engine engine = model.engine(backend); Engine other = changed.engine(backend)) {
            List<InterventionSet> sets = List.of(new InterventionSet("mask", List.of(mask)));
            PackedBatch batch = PackedBatch.of(SEQUENCES);
            List<float[]> masked = engine.forward(batch, ForwardRequest.of(Output.ALL_LOGITS, sets, new int[]{0, 0, 0, -1})).logits();
            List<float[]> rewritten = other.forward(batch, ForwardRequest.of(Output.ALL_LOGITS)).logits();
            for (int b = 0; b < 3; b++)
                assertSame(rewritten.get(b), masked.get(b));
            assertSame(engine.forward(batch, ForwardRequest.of(Output.ALL_LOGITS)).logits().get(3), masked.get(3));
        }
    }

    private static void assertSame(RelevanceResult expected, int i, RelevanceResult actual, int j) {
        assertSame(new float[]{expected.targets()[i]}, new float[]{actual.targets()[j]});
        assertEquals(expected.scores().keySet(), actual.scores().keySet());
        for (Score score : expected.scores().keySet()) {
            Map<HookPoint, List<float[]>> points = expected.scores().get(score);
            assertEquals(points.keySet(), actual.scores().get(score).keySet());
            points.forEach((point, values) -> assertSame(values.get(i), actual.scores().get(score).get(point).get(j)));
        }
        assertSame(expected.tokenRelevance().get(i), actual.tokenRelevance().get(j));
    }

    /** Bit for bit, but for the sign of a zero. */
    private static void assertSame(float[] expected, float[] actual) {
        assertArrayEquals(expected, actual);
    }
}
