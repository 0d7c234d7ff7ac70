package dev.crane.models.golden;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.engine.Backends;
import dev.crane.engine.CraneException;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.relevance.ConservationLedger;
import dev.crane.engine.relevance.ConservationLedger.Entry;
import dev.crane.engine.relevance.ConservationLedger.Loss;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Target;
import dev.crane.models.CausalLanguageModel;
import dev.crane.models.safetensors.SafetensorsReader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The ledger closes at every stage, on every family, under every rule; what arrives is what LXT's token relevances sum to. */
class LedgerTest {
    /** Of the sum of the tokens' absolute relevances at a stage: some ten f32 operations on each of its terms, at 6e-8. */
    private static final double CLOSED = 1e-6;

    static Stream<String> families() {
        return FamilyGoldenTest.FAMILIES.stream();
    }

    private static CausalLanguageModel model(String family) {
        return CausalLanguageModel.load(FamilyGoldenTest.folder(family), Backends.create("cpu", 2), EngineOptions.DEFAULT);
    }

    @ParameterizedTest
    @MethodSource("families")
    void closes(String family) {
        Path folder = FamilyGoldenTest.folder(family);
        try (CausalLanguageModel model = model(family);
                SafetensorsReader golden = SafetensorsReader.open(folder.resolve("golden.safetensors"))) {
            int[] ids = FamilyGoldenTest.sequences(golden).get(1);
            for (Rule rule : Rule.BUILT_IN)
                for (Target target : new Target[]{new Target.MeanLogit(), new Target.LastLogit()}) {
                    ConservationLedger ledger = model.engine().ledger(ids, rule, target);
                    assertTrue(ledger.error() <= CLOSED, () -> rule.name() + " " + ledger.entries());
                    assertTrue(ledger.entries().size() > model.spec().layers(), "a stage for the head and each layer");
                    check(model, rule, ledger);
                }
            Path lxt = folder.resolve("cp-lrp.safetensors");
            if (Files.exists(lxt))
                for (Rule rule : new Rule[]{Rule.CP_LRP, Rule.ATTNLRP})
                    checkArrived(model.engine().ledger(ids, rule, new Target.MeanLogit()), folder.resolve(rule.name() + ".safetensors"));
        }
    }

    /** Where nothing but the named terms may be. */
    private static void check(CausalLanguageModel model, Rule rule, ConservationLedger ledger) {
        double size = ledger.entries().stream().mapToDouble(Entry::size).max().orElseThrow();
        boolean biases = FamilyGoldenTest.hasBiases(model.spec());
        Map<Loss, Double> losses = ledger.losses();
        Set<Loss> expected = rule.equals(Rule.CP_LRP)
                ? biases ? Set.of(Loss.BIAS) : Set.of()
                : rule.equals(Rule.ATTNLRP) ? biases ? Set.of(Loss.BIAS, Loss.SOFTMAX) : Set.of(Loss.SOFTMAX) : Set.of(Loss.values());
        losses.forEach((loss, value) -> {
            if (expected.contains(loss))
                assertTrue((loss != Loss.SOFTMAX && loss != Loss.BIAS) || value != 0 || !biases, loss + " is missing");
            else
                assertEquals(0, value, CLOSED * size, rule.name() + " loses relevance by " + loss.label());
        });
        if (rule.equals(Rule.CP_LRP) && !biases)
            assertEquals(ledger.target(), ledger.arrived(), CLOSED * size, "cp-lrp conserves");
    }

    private static void checkArrived(ConservationLedger ledger, Path file) {
        try (SafetensorsReader golden = SafetensorsReader.open(file)) {
            double sum = 0;
            double size = 0;
            for (float token : golden.floats("1.token_relevance")) {
                sum += token;
                size += Math.abs(token);
            }
            assertEquals(sum, ledger.arrived(), 2e-5 * size); // LXT computes in f32 too; as the scores of the families
        }
    }

    @Test
    void aTargetThatIsNoSumOfLogitsIsNamed() {
        try (CausalLanguageModel model = model("llama")) {
            ConservationLedger ledger = model.engine().ledger(new int[]{1, 5, 9, 2}, Rule.CP_LRP, new Target.MeanLogprob());
            assertTrue(ledger.error() <= CLOSED, ledger.entries().toString());
            assertTrue(Math.abs(ledger.losses().get(Loss.TARGET)) > 0.1, ledger.losses().toString());
        }
    }

    @Test
    void aSequenceWithoutTargetHasNone() {
        try (CausalLanguageModel model = model("llama")) {
            assertThrows(CraneException.class, () -> model.engine().ledger(new int[]{1}, Rule.CP_LRP, new Target.MeanLogit()));
        }
    }
}
