package dev.crane.engine.decoder;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.engine.CraneException;
import dev.crane.engine.Engine;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.RelevanceResult;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.backend.reference.ReferenceBackend;
import dev.crane.engine.hook.Capture;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Intervention;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Interventions at positions, whole gradients, and what captures may take. */
class PositionsTest {
    private static final String MODELS = "dev.crane.engine.decoder.AllBackends#models";
    private static final List<int[]> SEQUENCES = TinyModel.sequences();
    private static final PackedBatch BATCH = PackedBatch.of(SEQUENCES);

    private static InterventionSet set(Intervention... changes) {
        return new InterventionSet("set", List.of(changes));
    }

    private static Intervention at(Intervention change, int... positions) {
        return new Intervention.At(change, positions);
    }

    /** The values at a point are those without interventions, but for the named units at the named positions. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource(MODELS)
    void onlyTheNamedPositionsChange(Backend backend, TinyModel model) {
        Set<Site> sites = TinyModel.sites(model.spec());
        sites.add(Site.LOGITS);
        sites.removeIf(FusedRows::isFused);
        try (Engine engine = model.engine(backend)) {
            for (Site site : sites) {
                HookPoint point = new HookPoint(site, site == Site.LOGITS ? -1 : 1);
                int width = model.spec().units(site);
                Capture capture = Capture.whole(point);
                int[] unit = {width - 1};
                List<InterventionSet> sets = List.of(
                        set(new Intervention.Zero(point, new int[]{0}),
                                at(new Intervention.Constant(point, unit, new float[]{0.75f}), 1, 3),
                                at(new Intervention.Constant(point, unit, new float[]{-2}), 2)));
                int[] setOf = {0, -1, -1, 0};
                float[][] before = engine.forward(BATCH, new ForwardRequest(Output.NONE, List.of(capture), List.of(), null)).captures()
                        .get(capture).toArray(float[][]::new);
                float[][] after = engine.forward(BATCH, new ForwardRequest(Output.NONE, List.of(capture), sets, setOf)).captures()
                        .get(capture).toArray(float[][]::new);
                for (int b = 0; b < before.length; b++) {
                    for (int t = 0; setOf[b] == 0 && t < SEQUENCES.get(b).length; t++) {
                        before[b][t * width] = 0;
                        if (t >= 1 && t <= 3)
                            before[b][t * width + width - 1] = t == 2 ? -2 : 0.75f;
                    }
                    assertArrayEquals(before[b], after[b], point + " sequence " + b);
                }
            }
        }
    }

    /** The gradient of one token's value is the derivative by a summand there (the same four points as in {@link FiniteDifferenceTest}). */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource(MODELS)
    void gradientIsTheDerivativeByASummand(Backend backend, TinyModel model) {
        PackedBatch batch = PackedBatch.of(List.of(SEQUENCES.get(0)));
        int length = SEQUENCES.get(0).length;
        Set<Site> sites = TinyModel.sites(model.spec());
        sites.remove(Site.ATTN_HEAD); // has no gradient of its own
        Set<HookPoint> points = new TreeSet<>();
        sites.forEach(site -> points.add(new HookPoint(site, 1)));
        sites.forEach(site -> points.add(new HookPoint(site, 0)));
        // Only a sequence's own last position decides this target, so every position before it acts through attention.
        Target target = Target.named("logit:-1:5:11");
        List<Intervention> standing = List.of(new Intervention.Scale(new HookPoint(Site.MLP_NEURON, 1), new int[]{3}, 2),
                at(new Intervention.Scale(new HookPoint(Site.MLP_ACT, 1), new int[]{4}, 0.5f), 0, 2));
        try (Engine engine = model.engine(backend)) {
            RelevanceRequest request = new RelevanceRequest(Rule.GRADIENT, target, Set.of(Score.RELEVANCE), sites, points, false,
                    List.of(new InterventionSet("standing", standing)), new int[]{0});
            RelevanceResult result = engine.relevance(batch, request);
            assertEquals(points, result.gradients().keySet());
            float[] logits = engine.forward(batch, ForwardRequest.of(Output.LAST_LOGITS, request.interventions(), new int[]{0})).logits()
                    .get(0);
            assertEquals(logits[5] - logits[11], result.targets()[0], 1e-6);
            for (HookPoint point : points) {
                int width = model.spec().units(point.site());
                float[] gradient = result.gradients().get(point).get(0);
                assertEquals(length * width, gradient.length);
                for (int unit : new int[]{width - 1})
                    for (int position : new int[]{0, length - 1}) {
                        double expected = derivative(h -> {
                            List<Intervention> changes = new ArrayList<>(standing);
                            changes.add(at(new Intervention.Add(point, new int[]{unit}, new float[]{h}), position));
                            return engine.relevance(batch, new RelevanceRequest(Rule.GRADIENT, target, Set.of(), Set.of(), false,
                                    List.of(new InterventionSet("step", changes)), new int[]{0})).targets()[0];
                        });
                        assertEquals(expected, gradient[position * width + unit], 1e-3, point + " unit " + unit + " position " + position);
                    }
            }
        }
    }

    private interface Step {
        float target(float h);
    }

    private static double derivative(Step f) {
        float h = 1f / 256;
        return (8.0 * (f.target(h) - f.target(-h)) - (f.target(2 * h) - f.target(-2 * h))) / (12 * h);
    }

    /** Sequences under many different changes give, all together, the bits that each gives alone. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource(MODELS)
    void manyChangesInOneBatchAreEachAlone(Backend backend, TinyModel model) {
        HookPoint neuron = new HookPoint(Site.MLP_NEURON, 0);
        HookPoint stream = new HookPoint(Site.RESID_POST, 1);
        List<InterventionSet> sets = List.of(set(new Intervention.Zero(neuron, new int[]{0, 3, 9})),
                set(at(new Intervention.Zero(neuron, new int[]{0, 3, 9}), 2)),
                set(at(new Intervention.Add(stream, new int[]{4}, new float[]{1.5f}), 0, 4),
                        new Intervention.Scale(neuron, new int[]{1}, 3)),
                set(at(new Intervention.Constant(stream, new int[]{0, 1}, new float[]{1, 2}), 5),
                        at(new Intervention.Clamp(stream, new int[]{2}, -0.1f, 0.1f), 5, 6)));
        int[] prompt = SEQUENCES.get(0);
        List<Capture> captures = List.of(Capture.whole(stream), new Capture(neuron, Reduction.MEAN));
        try (Engine engine = model.engine(backend); Engine small = model.engine(backend, new EngineOptions(1))) {
            for (Engine together : List.of(engine, small)) {
                ForwardRequest all = new ForwardRequest(Output.ALL_LOGITS, captures, sets, new int[]{0, 1, -1, 2, 3});
                var batch = together.forward(PackedBatch.of(List.of(prompt, prompt, prompt, prompt, prompt)), all);
                for (int b = 0; b < 5; b++) {
                    var alone = engine.forward(PackedBatch.of(List.of(prompt)),
                            new ForwardRequest(Output.ALL_LOGITS, captures, sets, new int[]{all.interventionOf()[b]}));
                    assertArrayEquals(alone.logits().get(0), batch.logits().get(b), "logits under " + all.interventionOf()[b]);
                    for (Capture capture : captures)
                        assertArrayEquals(alone.captures().get(capture).get(0), batch.captures().get(capture).get(b), capture.toString());
                }
            }
        }
    }

    /** A growing sequence has the bits of a pass over the whole of it: a position takes effect when it is reached. */
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource(MODELS)
    void growingSequencesReachTheirPositions(Backend backend, TinyModel model) {
        int[] ids = SEQUENCES.get(0);
        List<InterventionSet> sets = List.of(set(
                at(new Intervention.Constant(new HookPoint(Site.RESID_PRE, 1), new int[]{2, 5}, new float[]{1, -1}), 1, 4)));
        try (Engine engine = model.engine(backend)) {
            float[] all = engine.forward(PackedBatch.of(List.of(ids)), ForwardRequest.of(Output.ALL_LOGITS, sets, new int[]{0})).logits()
                    .get(0);
            int vocabulary = model.spec().vocabulary();
            try (Decoding decoding = engine.decode(List.of(Arrays.copyOf(ids, 3)), sets, new int[]{0})) {
                for (int t = 3; t < 7; t++) {
                    if (model.spec().positions().stream().noneMatch(p -> p instanceof Positions.Rope rope
                            && rope.scaling() instanceof RopeScaling.LongRope)) // whose angles depend on the whole length
                        assertArrayEquals(Arrays.copyOfRange(all, (t - 1) * vocabulary, t * vocabulary), decoding.nextLogits(0));
                    decoding.append(new int[]{ids[t]});
                }
            }
        }
    }

    @Test
    void whatCannotBeDoneIsRefused() {
        HookPoint neuron = new HookPoint(Site.MLP_NEURON, 0);
        Intervention zero = new Intervention.Zero(neuron, new int[]{3});
        try (Backend backend = new ReferenceBackend(); Engine engine = new TinyModel().engine(backend)) {
            int longest = SEQUENCES.get(0).length;
            refused(engine, "set names position " + longest + " at model.layers.0.mlp.neuron, but sequence 0 has " + longest,
                    at(zero, longest));
            refused(engine, "set names position -1", at(zero, -1));
            refused(engine, "names unit 3 of model.layers.0.mlp.neuron twice", at(zero, 1), zero);
            refused(engine, "names unit 3 of model.layers.0.mlp.neuron twice", at(zero, 1), at(zero, 2, 1));
            refused(engine, "names unit 14", at(new Intervention.Zero(neuron, new int[]{14}), 0));
            assertThrows(CraneException.class, () -> engine.decode(SEQUENCES, List.of(set(at(zero, 64))), new int[]{0, 0, 0, 0}));
            for (String target : List.of("logit:40:1", "logit:-41:1", "logit:0:37", "logit:0:1:37"))
                assertThrows(CraneException.class, () -> engine.relevance(BATCH,
                        RelevanceRequest.of(Rule.GRADIENT, Target.named(target), Set.of(), Set.of())), target);
            for (HookPoint point : List.of(new HookPoint(Site.MLP_UP, 3), new HookPoint(Site.LOGITS, -1), new HookPoint(Site.ATTN_QKV, 0)))
                assertThrows(CraneException.class, () -> engine.relevance(BATCH, new RelevanceRequest(Rule.GRADIENT, new Target.MeanLogit(),
                        Set.of(), Set.of(), Set.of(point), false, List.of(), null)), point.path());
        }
    }

    private static void refused(Engine engine, String message, Intervention... changes) {
        CraneException refusal = assertThrows(CraneException.class,
                () -> engine.forward(BATCH, ForwardRequest.of(Output.NONE, List.of(set(changes)), new int[]{0, -1, -1, -1})));
        assertTrue(refusal.getMessage().contains(message), refusal.getMessage());
    }

    /** Whole captures at every point: activations stay within the plan, results take exactly what was planned, and one byte less is refused. */
    @Test
    void wholeCapturesStayWithinThePlan() {
        List<Capture> captures = new ArrayList<>();
        for (DecoderSpec spec : TinyModel.SPECS) {
            captures.clear();
            for (int layer = 0; layer < spec.layers(); layer++) {
                for (Site site : TinyModel.sites(spec)) {
                    if (site == Site.ATTN_HEAD)
                        continue;
                    captures.add(Capture.whole(new HookPoint(site, layer)));
                    captures.add(new Capture(new HookPoint(site, layer), Reduction.MAX));
                }
                captures.add(Capture.whole(new HookPoint(Site.ATTN_PROBS, layer)));
            }
            captures.add(Capture.whole(new HookPoint(Site.LOGITS, -1)));
            ForwardRequest request = new ForwardRequest(Output.ALL_LOGITS, captures, List.of(), null);
            MemoryPlan plan = new MemoryPlan(spec, 1L << 30);
            long results = plan.resultBytes(BATCH.segments(), request);
            try (Backend backend = new ReferenceBackend()) {
                try (Engine engine = new TinyModel(spec, 7).engine(backend, new EngineOptions(1L << 30, results))) {
                    engine.forward(BATCH, request);
                    long tables = backend.allocatedBytes();
                    backend.takePeakBytes();
                    var result = engine.forward(BATCH, request);
                    long peak = backend.takePeakBytes() - tables;
                    long planned = plan.forwardBytes(BATCH.segments(), request);
                    assertTrue(peak <= planned, spec.family() + ": planned " + planned + ", peak " + peak);
                    long floats = result.logits().stream().mapToLong(values -> values.length).sum() + result.captures().values().stream()
                            .flatMap(List::stream).mapToLong(values -> values.length).sum();
                    assertEquals(results, floats * Float.BYTES);
                }
                try (Engine engine = new TinyModel(spec, 7).engine(backend, new EngineOptions(1L << 30, results - 1))) {
                    CraneException refusal = assertThrows(CraneException.class, () -> engine.forward(BATCH, request));
                    assertTrue(refusal.getMessage().startsWith("the logits and captures asked for would take 1 MiB"), refusal.getMessage());
                }
            }
        }
    }
}
