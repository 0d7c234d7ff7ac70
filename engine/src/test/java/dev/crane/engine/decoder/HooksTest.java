package dev.crane.engine.decoder;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.engine.CraneException;
import dev.crane.engine.Engine;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.ForwardResult;
import dev.crane.engine.NonFiniteException;
import dev.crane.engine.RelevanceRequest;
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

/** Captures and interventions at every hook point, and what is refused. */
class HooksTest {
    private static final String BACKENDS = "dev.crane.engine.decoder.AllBackends#backends";
    private static final List<int[]> SEQUENCES = TinyModel.sequences();
    private static final PackedBatch BATCH = PackedBatch.of(SEQUENCES);
    private static final DecoderSpec SPEC = TinyModel.SPEC;

    private final TinyModel model = new TinyModel();

    /** A captured value behind an intervention is the value without it, changed as the intervention says; nothing before it changes. */
    @ParameterizedTest
    @MethodSource(BACKENDS)
    void interventionsChangeWhatIsCaptured(Backend backend) {
        try (Engine engine = model.engine(backend)) {
            for (Site site : Site.values())
                if (site != Site.ATTN_PROBS && site != Site.ATTN_HEAD && SPEC.units(site) > 0) {
                    HookPoint point = new HookPoint(site, site == Site.LOGITS ? -1 : 1);
                    int[] unit = {SPEC.units(site) - 1};
                    changes(engine, point, new Intervention.Zero(point, unit), x -> 0);
                    changes(engine, point, new Intervention.Constant(point, unit, new float[]{0.75f}), x -> 0.75f);
                    changes(engine, point, new Intervention.Scale(point, unit, -2), x -> -2 * x);
                    changes(engine, point, new Intervention.Add(point, unit, new float[]{0.5f}), x -> (float) (x + 0.5));
                    changes(engine, point, new Intervention.Clamp(point, unit, -0.1f, 0.2f), x -> Math.clamp(x, -0.1f, 0.2f));
                }
        }
    }

    private static void changes(Engine engine, HookPoint point, Intervention intervention, DoubleUnaryOperator change) {
        Capture capture = Capture.whole(point);
        List<InterventionSet> sets = List.of(new InterventionSet("set", List.of(intervention)));
        List<float[]> before = engine.forward(BATCH, new ForwardRequest(Output.NONE, List.of(capture), List.of(), null)).captures()
                .get(capture);
        List<float[]> after = engine.forward(BATCH, new ForwardRequest(Output.NONE, List.of(capture), sets, new int[]{0, 0, 0, -1}))
                .captures()
                .get(capture);
        int width = SPEC.units(point.site());
        int unit = intervention.units()[0];
        for (int b = 0; b < SEQUENCES.size(); b++) {
            float[] expected = before.get(b).clone();
            assertEquals(SEQUENCES.get(b).length * width, expected.length);
            for (int i = unit; i < expected.length; i += width)
                if (b < 3)
                    expected[i] = (float) change.applyAsDouble(expected[i]);
            // Equal to rounding: the intervention is one fused multiply-add.
            assertArrayEquals(expected, after.get(b), 1e-6f, intervention + " sequence " + b);
        }
    }

    /** A head's relevance is the sum of that of its values; what happens to a head happens to all of them. */
    @ParameterizedTest
    @MethodSource(BACKENDS)
    void headsAreTheirValues(Backend backend) {
        int width = SPEC.attention().headDim();
        HookPoint head = new HookPoint(Site.ATTN_HEAD, 1);
        HookPoint z = new HookPoint(Site.ATTN_Z, 1);
        try (Engine engine = model.engine(backend)) {
            var scores = engine.relevance(BATCH, RelevanceRequest.of(Rule.ATTNLRP, new Target.MeanLogit(), Set.of(Score.RELEVANCE),
                    Set.of(Site.ATTN_HEAD, Site.ATTN_Z))).scores().get(Score.RELEVANCE);
            for (int b = 0; b < SEQUENCES.size(); b++)
                for (int h = 0; h < SPEC.attention().heads(); h++) {
                    double sum = 0;
                    for (int i = 0; i < width; i++)
                        sum += scores.get(z).get(b)[h * width + i];
                    assertEquals((float) sum, scores.get(head).get(b)[h]);
                }
            assertArrayEquals(lastLogits(engine, new Intervention.Zero(z, IntStream.range(2 * width, 3 * width).toArray())),
                    lastLogits(engine, new Intervention.Zero(head, new int[]{2})));
        }
        refused("names unit 2 of model.layers.1.attn.head twice", new Intervention.Zero(z, new int[]{2 * width + 1}),
                new Intervention.Zero(head, new int[]{2}));
        refused("a head has no value of its own", engine -> engine.forward(BATCH, capturing(new Capture(head, null))));
    }

    private static float[] lastLogits(Engine engine, Intervention intervention) {
        return engine.forward(BATCH, ForwardRequest.of(Output.LAST_LOGITS, List.of(new InterventionSet("set", List.of(intervention))),
                new int[SEQUENCES.size()])).logits().get(0);
    }

    @ParameterizedTest
    @MethodSource(BACKENDS)
    void reductionsAreThoseOfTheWholeTensor(Backend backend) {
        List<Capture> captures = new ArrayList<>();
        for (Site site : Site.values())
            if (site != Site.ATTN_PROBS && site != Site.ATTN_HEAD && SPEC.units(site) > 0) {
                HookPoint point = new HookPoint(site, site == Site.LOGITS ? -1 : 2);
                captures.add(Capture.whole(point));
                for (Reduction reduction : Reduction.values())
                    captures.add(new Capture(point, reduction));
            }
        try (Engine engine = model.engine(backend)) {
            ForwardResult result = engine.forward(BATCH, new ForwardRequest(Output.NONE, captures, List.of(), null));
            for (Capture capture : captures)
                if (capture.reduction() != null)
                    for (int b = 0; b < SEQUENCES.size(); b++) {
                        float[] whole = result.captures().get(Capture.whole(capture.point())).get(b);
                        float[] expected = reduced(whole, SEQUENCES.get(b).length, capture.reduction());
                        float[] actual = result.captures().get(capture).get(b);
                        for (int i = 0; i < expected.length; i++) // an f32 sum of a few tokens is off by a few units in the last place
                            assertEquals(expected[i], actual[i], 1e-6 * Math.max(1, Math.abs(expected[i])), capture + " unit " + i);
                    }
        }
    }

    private static float[] reduced(float[] whole, int tokens, Reduction reduction) {
        int width = whole.length / tokens;
        float[] result = new float[width];
        for (int i = 0; i < width; i++) {
            double value = reduction == Reduction.MAX ? Double.NEGATIVE_INFINITY : 0;
            for (int t = 0; t < tokens; t++) {
                double x = whole[t * width + i];
                value = switch (reduction) {
                    case MEAN -> value + x / tokens;
                    case MEAN_ABS -> value + Math.abs(x) / tokens;
                    case MAX -> Math.max(value, x);
                    case COUNT_POSITIVE -> value + (x > 0 ? 1 : 0);
                    case NORM -> Math.hypot(value, x);
                };
            }
            result[i] = (float) value;
        }
        return result;
    }

    @ParameterizedTest
    @MethodSource(BACKENDS)
    void attentionProbabilitiesAreDistributionsOverWhatIsSeen(Backend backend) {
        try (Engine engine = model.engine(backend)) {
            for (int layer = 0; layer < SPEC.layers(); layer++) {
                Capture capture = Capture.whole(new HookPoint(Site.ATTN_PROBS, layer));
                ForwardResult result = engine.forward(BATCH, new ForwardRequest(Output.NONE, List.of(capture), List.of(), null));
                for (int b = 0; b < SEQUENCES.size(); b++) {
                    int length = SEQUENCES.get(b).length;
                    float[] p = result.captures().get(capture).get(b);
                    assertEquals(SPEC.attention().heads() * length * length, p.length);
                    for (int row = 0; row < SPEC.attention().heads() * length; row++) {
                        double sum = 0;
                        for (int key = 0; key < length; key++) {
                            float value = p[row * length + key];
                            int query = row % length;
                            boolean seen = key <= query && (SPEC.window(layer) == 0 || key > query - SPEC.window(layer));
                            assertTrue(seen ? value > 0 : value == 0, "layer " + layer + " query " + query + " key " + key);
                            sum += value;
                        }
                        assertEquals(1, sum, 1e-5);
                    }
                }
            }
        }
    }

    @Test
    void interventionsThatCannotBeAppliedAreRefused() {
        HookPoint neuron = new HookPoint(Site.MLP_NEURON, 0);
        refused("mask.json names model.layers.3.mlp.neuron, but the model has layers 0 to 2",
                new Intervention.Zero(new HookPoint(Site.MLP_NEURON, 3), new int[]{0}));
        refused("mask.json names unit 14 of model.layers.0.mlp.neuron, which has units 0 to 13",
                new Intervention.Zero(neuron, new int[]{3, 14}));
        refused("mask.json names unit -1", new Intervention.Zero(neuron, new int[]{-1}));
        refused("mask.json names unit 3 of model.layers.0.mlp.neuron twice", new Intervention.Zero(neuron, new int[]{3}),
                new Intervention.Scale(neuron, new int[]{2, 3}, 2));
        refused("attention probabilities can be captured, not changed",
                new Intervention.Zero(new HookPoint(Site.ATTN_PROBS, 0), new int[]{0}));
        refused("mask.json gives 1 values for 2 units", new Intervention.Add(neuron, new int[]{0, 1}, new float[]{1}));
        refused("values must be finite", new Intervention.Constant(neuron, new int[]{0}, new float[]{Float.NaN}));
        refused("which is empty", new Intervention.Clamp(neuron, new int[]{0}, 1, -1));
    }

    private void refused(String message, Intervention... interventions) {
        InterventionSet set = new InterventionSet("mask.json", List.of(interventions));
        refused(message, engine -> engine.forward(BATCH, ForwardRequest.of(Output.NONE, List.of(set), new int[]{-1, -1, -1, -1})));
    }

    @Test
    void requestsThatCannotBeMetAreRefused() {
        refused("cannot capture model.layers.9.mlp.neuron",
                engine -> engine.forward(BATCH, capturing(new Capture(new HookPoint(Site.MLP_NEURON, 9), null))));
        refused("captured whole",
                engine -> engine.forward(BATCH, capturing(new Capture(new HookPoint(Site.ATTN_PROBS, 0), Reduction.MAX))));
        refused("no relevance can be read at logits", engine -> engine.relevance(BATCH, scoring(Score.RELEVANCE, Site.LOGITS)));
        refused("mlp.neuron is none", engine -> engine.relevance(BATCH, scoring(Score.ROW_GRADIENT, Site.MLP_NEURON)));
        refused("cannot be combined with relevance",
                engine -> engine.relevance(BATCH, new RelevanceRequest(Rule.ATTNLRP, new Target.MeanLogit(),
                        Set.of(), Set.of(), false,
                        List.of(new InterventionSet("s", List.of(new Intervention.Zero(new HookPoint(Site.LOGITS, -1), new int[]{0})))),
                        new int[4])));
        refused("sequence 1 of the batch has the token id 37; the model's vocabulary has 0 to 36",
                engine -> engine.forward(PackedBatch.of(List.of(new int[]{1}, new int[]{5, 37})), ForwardRequest.of(Output.NONE)));
        refused("sequence 0 of the batch has 65 tokens; the model (tiny) was made for at most 64",
                engine -> engine.forward(PackedBatch.of(List.of(new int[65])), ForwardRequest.of(Output.NONE)));
    }

    /** The last token is predicted only: a window of the whole context may have one token more. */
    @Test
    void logprobsReachBehindTheLastPosition() {
        int[] ids = new int[65];
        for (int t = 0; t < ids.length; t++)
            ids[t] = t % 37;
        try (ReferenceBackend backend = new ReferenceBackend(); Engine engine = model.engine(backend)) {
            ForwardRequest request = ForwardRequest.of(Output.NEXT_LOGPROBS);
            float[] logprobs = engine.forward(PackedBatch.of(List.of(ids)), request).logprobs().get(0);
            float[] logits = engine.forward(PackedBatch.of(List.of(Arrays.copyOf(ids, 64))), ForwardRequest.of(Output.LAST_LOGITS)).logits()
                    .get(0);
            double sum = 0;
            for (float logit : logits)
                sum += Math.exp(logit);
            assertEquals(logits[ids[64]] - Math.log(sum), logprobs[63], 1e-5);
        }
        refused("has 66 tokens; the model (tiny) was made for at most 65",
                engine -> engine.forward(PackedBatch.of(List.of(new int[66])), ForwardRequest.of(Output.NEXT_LOGPROBS)));
    }

    private static ForwardRequest capturing(Capture capture) {
        return new ForwardRequest(Output.NONE, List.of(capture), List.of(), null);
    }

    private static RelevanceRequest scoring(Score score, Site site) {
        return RelevanceRequest.of(Rule.ATTNLRP, new Target.MeanLogit(), Set.of(score), Set.of(site));
    }

    private interface Use {
        void of(Engine engine);
    }

    private void refused(String message, Use use) {
        try (ReferenceBackend backend = new ReferenceBackend(); Engine engine = model.engine(backend)) {
            String actual = assertThrows(CraneException.class, () -> use.of(engine)).getMessage();
            assertTrue(actual.contains(message), actual);
            assertEquals(1, actual.lines().count());
        }
    }

    @ParameterizedTest
    @MethodSource(BACKENDS)
    void theFirstValueThatIsNotFiniteIsNamed(Backend backend) {
        // Row 5 of up in layer 1 overflows for every token of every sequence whose intervention does not cut it off.
        TinyModel broken = model.with("model.layers.1.mlp.up_proj.bias", bias -> {
            bias[5] = Float.MAX_VALUE;
            return bias;
        }).with("model.layers.1.mlp.gate_proj.bias", bias -> {
            bias[5] = 30;
            return bias;
        });
        List<InterventionSet> cut = List
                .of(new InterventionSet("cut", List.of(new Intervention.Zero(new HookPoint(Site.MLP_UP, 1), new int[]{5}))));
        for (EngineOptions options : List.of(EngineOptions.DEFAULT, new EngineOptions(1)))
            try (Engine engine = broken.engine(backend, options)) {
                NonFiniteException e = assertThrows(NonFiniteException.class,
                        () -> engine.forward(BATCH, ForwardRequest.of(Output.LAST_LOGITS, cut, new int[]{0, 0, -1, -1})));
                assertEquals(2, e.sequence());
                assertEquals(new HookPoint(Site.MLP_NEURON, 1), e.point());
                assertEquals(0, e.token());
                engine.forward(BATCH, ForwardRequest.of(Output.LAST_LOGITS, cut, new int[]{0, 0, 0, 0}));
            }
        assertEquals(0, backend.allocatedBytes(), "all tensors are given back when a pass fails");
    }
}
