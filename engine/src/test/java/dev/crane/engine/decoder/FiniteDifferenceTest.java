package dev.crane.engine.decoder;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.engine.Engine;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.RelevanceResult;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Intervention;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;

import static org.junit.jupiter.api.Assertions.assertEquals;

/**
 * The plain gradient against central differences of the target itself. Relevance of a unit is the derivative of the target with respect to a common factor
 * on its values, and that factor is an intervention; a token's relevance is the same for its row of the embedding; a row gradient is the
 * derivative with respect to a summand on every weight of the row.
 *
 * <p>
 * The derivative is taken over four points, (8(f(h) − f(−h)) − (f(2h) − f(−2h))) / 12h, whose own error is h⁴·f⁽⁵⁾/30. The targets are at most of size 4 and
 * computed in f32, so rounding (some 3e-7 each) adds about 3e-7 · 1.5 / h: with h = 1/256 some 1e-4, which {@link #TOLERANCE} allows for with a margin.
 */
class FiniteDifferenceTest {
    private static final String MODELS = "dev.crane.engine.decoder.AllBackends#models";
    private static final float STEP = 1f / 256;
    private static final double TOLERANCE = 4e-4;

    private static final List<Target> TARGETS = List.of(new Target.MeanLogit(), new Target.MeanLogprob(), new Target.LastLogit(),
            new Target.Contrastive(), new Target.AtPositions(new int[]{0, 2, 9}));
    /** Changes that stand while the derivatives are taken; no value lies so near a clamp's bound that a step would take it across the kink. */
    private static final List<Intervention> STANDING = List.of(
            new Intervention.Clamp(new HookPoint(Site.MLP_NEURON, 1), new int[]{0, 2}, -0.12f, 0.12f),
            new Intervention.Scale(new HookPoint(Site.MLP_ACT, 1), new int[]{3}, 2),
            new Intervention.Add(new HookPoint(Site.ATTN_Q, 2), new int[]{1}, new float[]{0.5f}),
            new Intervention.Add(new HookPoint(Site.ATTN_Z, 1), new int[]{0}, new float[]{0.05f}),
            new Intervention.Scale(new HookPoint(Site.ATTN_Z, 1), new int[]{1}, 0.8f),
            new Intervention.Clamp(new HookPoint(Site.RESID_MID, 0), new int[]{2}, -0.4f, 0.4f),
            new Intervention.Scale(new HookPoint(Site.ATTN_OUT, 1), new int[]{6}, 0.5f));

    private final PackedBatch batch = PackedBatch.of(List.of(TinyModel.sequences().get(0), TinyModel.sequences().get(2)));

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource(MODELS)
    void relevanceIsTheDerivativeByAFactorOnTheUnit(Backend backend, TinyModel model) {
        try (Engine engine = model.engine(backend)) {
            Set<Site> sites = TinyModel.sites(model.spec());
            for (Target target : targets(model))
                for (List<Intervention> standing : List.of(List.<Intervention>of(), standing(model))) {
                    RelevanceResult result = engine.relevance(batch, request(target, Set.of(Score.RELEVANCE), sites, standing));
                    for (Site site : sites)
                        for (int layer : target instanceof Target.MeanLogit ? new int[]{0, 1, 2} : new int[]{1}) {
                            HookPoint point = new HookPoint(site, layer);
                            int unit = site == Site.ATTN_HEAD ? layer : 7 + layer; // none that a standing intervention names
                            double[] expected = derivative(h -> targets(engine, target, standing, point, unit, 1 + h));
                            for (int b = 0; b < 2; b++)
                                assertEquals(expected[b], result.scores().get(Score.RELEVANCE).get(point).get(b)[unit], TOLERANCE,
                                        target + " " + point + " sequence " + b);
                        }
                }
        }
    }

    /** What rests on the targets alone is the same for all models. */
    private static List<Target> targets(TinyModel model) {
        return model.spec().equals(TinyModel.SPEC) ? TARGETS : TARGETS.subList(0, 2);
    }

    private static List<Intervention> standing(TinyModel model) {
        return STANDING.stream().filter(change -> model.spec().units(change.point().site()) > 0).toList();
    }

    private float[] targets(Engine engine, Target target, List<Intervention> standing, HookPoint point, int unit, float factor) {
        List<Intervention> interventions = new ArrayList<>(standing);
        interventions.add(new Intervention.Scale(point, new int[]{unit}, factor));
        return engine.relevance(batch, request(target, Set.of(), Set.of(), interventions)).targets();
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource(MODELS)
    void tokenRelevanceIsTheDerivativeByAFactorOnItsEmbedding(Backend backend, TinyModel model) {
        int[] ids = batch.ids();
        try (Engine engine = model.engine(backend)) {
            for (Target target : targets(model)) {
                RelevanceResult result = engine.relevance(batch, request(target, Set.of(), Set.of(), standing(model)));
                for (int t = 0; t < 7; t++) {
                    int id = ids[t];
                    double[] expected = derivative(h -> withEmbedding(model, backend, target, id, 1 + h));
                    assertEquals(expected[0], result.tokenRelevance().get(0)[t], TOLERANCE, target + " token " + t);
                }
            }
        }
    }

    private float[] withEmbedding(TinyModel model, Backend backend, Target target, int id, float factor) {
        int hidden = TinyModel.SPEC.hidden();
        TinyModel changed = model.with("embedding", e -> {
            for (int i = id * hidden; i < (id + 1) * hidden; i++)
                e[i] *= factor;
            return e;
        });
        return targetsOf(changed, backend, target, standing(model));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource(MODELS)
    void rowGradientIsTheDerivativeByASummandOnTheRow(Backend backend, TinyModel model) {
        Set<Site> linear = EnumSet.of(Site.ATTN_Q, Site.ATTN_K, Site.ATTN_V, Site.ATTN_OUT, Site.MLP_GATE, Site.MLP_UP, Site.MLP_DOWN);
        linear.retainAll(TinyModel.sites(model.spec()));
        Target target = new Target.MeanLogit();
        try (Engine engine = model.engine(backend)) {
            for (List<Intervention> standing : List.of(List.<Intervention>of(), standing(model))) {
                RelevanceResult result = engine.relevance(batch, request(target, Set.of(Score.ROW_GRADIENT), linear, standing));
                for (Site site : linear)
                    for (int row : new int[]{1, 6}) { // units that STANDING edits at attn.q and attn.out among them
                        HookPoint point = new HookPoint(site, site == Site.ATTN_Q ? 2 : 1);
                        double[] expected = derivative(h -> targetsOf(plusOnRow(model, point, row, h), backend, target, standing));
                        for (int b = 0; b < 2; b++)
                            assertEquals(expected[b], result.scores().get(Score.ROW_GRADIENT).get(point).get(b)[row], 2 * TOLERANCE,
                                    point + " row " + row);
                    }
            }
        }
    }

    private TinyModel plusOnRow(TinyModel model, HookPoint point, int row, float summand) {
        return model.with(point.path(), w -> {
            int in = w.length / model.spec().units(point.site());
            for (int i = row * in; i < (row + 1) * in; i++)
                w[i] += summand;
            return w;
        });
    }

    private float[] targetsOf(TinyModel changed, Backend backend, Target target, List<Intervention> standing) {
        try (Engine engine = changed.engine(backend)) {
            return engine.relevance(batch, request(target, Set.of(), Set.of(), standing)).targets();
        }
    }

    private static RelevanceRequest request(Target target, Set<Score> scores, Set<Site> sites, List<Intervention> interventions) {
        return new RelevanceRequest(Rule.GRADIENT, target, scores, sites, true, List.of(new InterventionSet("edits", interventions)),
                new int[]{0, 0});
    }

    private interface Targets {
        float[] at(float h);
    }

    private static double[] derivative(Targets f) {
        float[] plus = f.at(STEP);
        float[] minus = f.at(-STEP);
        float[] plusTwo = f.at(2 * STEP);
        float[] minusTwo = f.at(-2 * STEP);
        double[] result = new double[plus.length];
        for (int b = 0; b < plus.length; b++)
            result[b] = (8 * ((double) plus[b] - minus[b]) - ((double) plusTwo[b] - minusTwo[b])) / (12 * STEP);
        return result;
    }
}
