package dev.crane.engine.decoder;

import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

import dev.crane.engine.CraneException;
import dev.crane.engine.Engine;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.RelevanceResult;
import dev.crane.engine.backend.cpu.CpuBackend;
import dev.crane.engine.check.RuleCheck;
import dev.crane.engine.check.RuleFinding;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Intervention;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.DeviceFunctions;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;
import dev.crane.engine.relevance.UserRule;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** LRP-γ beside interventions, and what is said of it; its values are compared with PyTorch's on the families. */
class GammaRuleTest {
    static final List<DecoderSpec> SPECS = TinyModel.SPECS;
    private static final int LAYER = 1;
    private static final PackedBatch BATCH = PackedBatch.of(TinyModel.sequences());

    /** Doubling units of a linear layer is doubling the rows of its matrix and bias: the rule sees what the layer gave, not what the edit made of it. */
    @ParameterizedTest
    @FieldSource("SPECS")
    void doublingUnitsIsDoublingRows(DecoderSpec spec) {
        TinyModel model = new TinyModel(spec, 7);
        for (Site site : new Site[]{Site.MLP_UP, Site.MLP_DOWN, Site.ATTN_OUT, Site.ATTN_V}) {
            HookPoint point = new HookPoint(site, LAYER);
            InterventionSet twice = new InterventionSet("twice", List.of(new Intervention.Scale(point, new int[]{0, 5}, 2)));
            RelevanceResult edited = relevance(model, List.of(twice));
            RelevanceResult rows = relevance(model.with(point.path(), w -> doubled(w, w.length / spec.units(site)))
                    .with(point.path() + ".bias", bias -> doubled(bias, 1)), List.of());
            for (int i = 0; i < BATCH.sequences(); i++)
                // Factors of 2 are exact; all else is the same arithmetic.
                assertArrayEquals(rows.tokenRelevance().get(i), edited.tokenRelevance().get(i), 1e-6f, point + " " + i);
        }
    }

    private static float[] doubled(float[] values, int width) {
        for (int row : new int[]{0, 5})
            for (int i = 0; i < width; i++)
                values[row * width + i] *= 2;
        return values;
    }

    private static RelevanceResult relevance(TinyModel model, List<InterventionSet> sets) {
        try (CpuBackend backend = new CpuBackend(2); Engine engine = model.engine(backend)) {
            return engine.relevance(BATCH, new RelevanceRequest(Rule.LRP_GAMMA, new Target.MeanLogit(), Set.of(Score.RELEVANCE),
                    Set.of(Site.MLP_UP), true, sets, sets.isEmpty() ? null : new int[BATCH.sequences()]));
        }
    }

    @Test
    void passesTheRuleCheck() {
        List<RuleFinding> findings = RuleCheck.run(Rule.LRP_GAMMA);
        findings.forEach(finding -> assertNotEquals(RuleFinding.Outcome.FAILED, finding.outcome(), finding.toString()));
        assertTrue(findings.getLast().detail().endsWith("linear layer with γ 1.000"), findings.getLast().detail());
        assertFalse(Rule.LRP_GAMMA.linearChanges());
    }

    @Test
    void aNegativeGammaIsRefused() {
        Rule negative = new Rule() {
            @Override
            public String name() {
                return "negative";
            }

            @Override
            public String description() {
                return "";
            }

            @Override
            public float norm(float g, float x, float mean) {
                return g;
            }

            @Override
            public float activation(float x, float y, float ratio, float derivative) {
                return ratio;
            }

            @Override
            public float gate(float product, float act, float up) {
                return product * up;
            }

            @Override
            public float up(float product, float act, float up) {
                return product * act;
            }

            @Override
            public float attentionQuery() {
                return 1;
            }

            @Override
            public float attentionKey() {
                return 1;
            }

            @Override
            public float attentionValue() {
                return 1;
            }

            @Override
            public float softcap(float ratio, float derivative) {
                return ratio;
            }

            @Override
            public float gamma() {
                return -0.5f;
            }
        };
        DeviceFunctions functions = new DeviceFunctions("negative.cuh", """
                norm( activation( gate( up( softcap( attention_query attention_key attention_value""");
        CraneException refused = assertThrows(CraneException.class, () -> new UserRule(negative, functions, "Negative.java", ""));
        assertTrue(refused.getMessage().contains("gamma of the rule 'negative' is -0.5"), refused.getMessage());
    }
}
