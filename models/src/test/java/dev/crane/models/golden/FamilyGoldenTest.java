package dev.crane.models.golden;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.engine.Backends;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.RelevanceResult;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.Decoding;
import dev.crane.engine.decoder.NormSpec;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;
import dev.crane.models.CausalLanguageModel;
import dev.crane.models.safetensors.SafetensorsReader;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/**
 * Tiny models of each supported family against what transformers and LXT compute for them in f32 (a golden file holds, for each of four sequences,
 * the logits, the target, and the scores of every linear layer under each rule). {@code lrp-epsilon.safetensors} comes from a script over transformers' own
 * model in f32: norms with 1/σ detached, SiLU as x · sigmoid(x) detached, gate × up halved, queries, keys and values behind their rotation times ¼, ¼, ½ in the
 * gradient, each linear layer an autograd function whose backward is (g · z / (z + ε·sign z)) · W; with ε = 0 it agrees with LXT's AttnLRP within 2e-6.
 * {@code lrp-gamma.safetensors} comes from the same script with the backward of linear layers as the generalised γ-rule is written, γ = 0.25: products of the
 * positive and negative parts of inputs and weights, and of z.
 */
class FamilyGoldenTest {
    /** Logits differ by the order of f32 sums alone; a unit in the last place is 1.2e-7 of a value, and some hundred of them are summed. */
    private static final float LOGITS = 1e-5f;
    /** Scores are sums over tokens of products of two such values, one of them behind twice as many layers. */
    private static final double SCORES = 2e-5;

    static final List<String> FAMILIES = List.of("llama", "llama-mha", "llama3-rope", "mistral", "qwen2", "qwen3", "gemma2",
            "gemma3", "phi3", "phi", "gpt_neox", "bloom", "opt", "gpt2");

    static Stream<Arguments> families() {
        return FAMILIES.stream().flatMap(family -> Stream.of("reference", "cpu").map(backend -> Arguments.of(family, backend)));
    }

    /** The linear layers that the model's files hold. */
    private static Set<Site> linear(CausalLanguageModel model) {
        return model.spec().modules().linear().keySet();
    }

    static boolean hasBiases(DecoderSpec spec) {
        return spec.norm().kind() == NormSpec.Kind.LAYER || spec.attention().qkvBias() || spec.attention().outBias() || spec.mlp().bias();
    }

    private static CausalLanguageModel model(String family, String backend, EngineOptions options) {
        return CausalLanguageModel.load(folder(family), Backends.create(backend, 2), options);
    }

    static Path folder(String family) {
        return Path.of("src/test/resources/families", family);
    }

    /** What a backend computes for a sequence alone and among others. */
    void assertSameBits(float[] expected, float[] actual, String what) {
        assertArrayEquals(expected, actual, what);
    }

    static List<int[]> sequences(SafetensorsReader golden) {
        List<int[]> sequences = new ArrayList<>();
        for (int i = 0; i < 4; i++)
            sequences.add(Arrays.stream(golden.longs(i + ".ids")).mapToInt(Math::toIntExact).toArray());
        return sequences;
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("families")
    void logits(String family, String backend) {
        try (CausalLanguageModel model = model(family, backend, EngineOptions.DEFAULT);
                CausalLanguageModel small = model(family, backend, new EngineOptions(1));
                SafetensorsReader golden = SafetensorsReader.open(folder(family).resolve("golden.safetensors"))) {
            List<int[]> sequences = sequences(golden);
            ForwardRequest request = ForwardRequest.of(Output.ALL_LOGITS);
            List<float[]> packed = model.engine().forward(PackedBatch.of(sequences), request).logits();
            List<float[]> inParts = small.engine().forward(PackedBatch.of(sequences), request).logits();
            for (int i = 0; i < 4; i++) {
                float[] expected = golden.floats(i + ".logits");
                assertArrayEquals(expected, packed.get(i), LOGITS * Closeness.largest(expected) + LOGITS, "sequence " + i);
                // The same bits alone, in one packed batch, and in a batch cut into parts.
                assertSameBits(packed.get(i), model.engine().forward(PackedBatch.of(List.of(sequences.get(i))), request).logits().get(0),
                        "alone");
                assertSameBits(packed.get(i), inParts.get(i), "in parts");
            }
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("families")
    void logprobsAndDecoding(String family, String backend) {
        try (CausalLanguageModel model = model(family, backend, EngineOptions.DEFAULT);
                SafetensorsReader golden = SafetensorsReader.open(folder(family).resolve("golden.safetensors"))) {
            List<int[]> sequences = sequences(golden);
            int vocabulary = model.spec().vocabulary();
            List<float[]> logprobs = model.engine().forward(PackedBatch.of(sequences), ForwardRequest.of(Output.NEXT_LOGPROBS)).logprobs();
            List<float[]> all = model.engine().forward(PackedBatch.of(sequences), ForwardRequest.of(Output.ALL_LOGITS)).logits();
            for (int i = 0; i < 4; i++) {
                float[] logits = golden.floats(i + ".logits");
                for (int t = 0; t + 1 < sequences.get(i).length; t++) {
                    double sum = 0;
                    for (int v = 0; v < vocabulary; v++)
                        sum += Math.exp(logits[t * vocabulary + v]);
                    assertEquals(logits[t * vocabulary + sequences.get(i)[t + 1]] - Math.log(sum), logprobs.get(i)[t], 2e-5);
                }
            }
            // Sequences that begin alike are run once as far as they do: the bits of each alone.
            List<int[]> alike = List.of(sequences.get(1), Arrays.copyOf(sequences.get(1), 31), swapped(sequences.get(1), 30));
            List<float[]> shared = model.engine().forward(PackedBatch.of(alike), ForwardRequest.of(Output.NEXT_LOGPROBS)).logprobs();
            for (int i = 0; i < alike.size(); i++)
                assertSameBits(
                        model.engine().forward(PackedBatch.of(List.of(alike.get(i))), ForwardRequest.of(Output.NEXT_LOGPROBS)).logprobs()
                                .getFirst(),
                        shared.get(i), "begins alike " + i);
            // Token by token: the bits of the full pass.
            List<int[]> prompts = sequences.stream().map(ids -> Arrays.copyOf(ids, (ids.length + 1) / 2)).toList();
            try (Decoding decoding = model.engine().decode(prompts, List.of(), null)) {
                for (boolean growing = true; growing;) {
                    int[] next = new int[4];
                    growing = false;
                    for (int i = 0; i < 4; i++) {
                        int length = decoding.length(i);
                        assertSameBits(Arrays.copyOfRange(all.get(i), (length - 1) * vocabulary, length * vocabulary),
                                decoding.nextLogits(i),
                                "token " + length);
                        next[i] = length < sequences.get(i).length ? sequences.get(i)[length] : -1;
                        growing |= next[i] >= 0;
                    }
                    decoding.append(next);
                }
            }
        }
    }

    private static int[] swapped(int[] ids, int at) {
        int[] other = ids.clone();
        other[at] = ids[at + 1];
        other[at + 1] = ids[at];
        return other;
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("families")
    void scores(String family, String backend) {
        try (CausalLanguageModel model = model(family, backend, EngineOptions.DEFAULT);
                CausalLanguageModel small = model(family, backend, new EngineOptions(1));
                SafetensorsReader golden = SafetensorsReader.open(folder(family).resolve("golden.safetensors"))) {
            List<int[]> sequences = sequences(golden);
            for (Rule rule : Rule.BUILT_IN) {
                if (rule.equals(Rule.GRAD_X_ACT))
                    continue; // the same functions as the gradient's
                RelevanceRequest request = new RelevanceRequest(rule, new Target.MeanLogit(), EnumSet.allOf(Score.class), linear(model),
                        true,
                        List.of(), null);
                RelevanceResult result = model.engine().relevance(PackedBatch.of(sequences), request);
                checkTargets(golden, result);
                if (rule.equals(Rule.GRADIENT))
                    checkGradient(golden, result);
                else if (Files.exists(folder(family).resolve(rule.name() + ".safetensors")))
                    checkRule(family, rule, result);
                if (rule.equals(Rule.CP_LRP) && !hasBiases(model.spec()))
                    checkConservation(result);
                if (rule.equals(Rule.ATTNLRP) && linear(model).contains(Site.MLP_GATE))
                    checkGateEqualsUp(result, model.spec().layers());
                // One by one, each in a part of its own with checkpoints: the same bits.
                RelevanceResult oneByOne = small.engine().relevance(PackedBatch.of(sequences), request);
                assertSameBits(result.targets(), oneByOne.targets(), "targets");
                for (Score score : Score.values())
                    result.scores().get(score).forEach((point, values) -> {
                        for (int i = 0; i < 4; i++)
                            assertSameBits(values.get(i), oneByOne.scores().get(score).get(point).get(i), score + " " + point);
                    });
            }
        }
    }

    private static void checkTargets(SafetensorsReader golden, RelevanceResult result) {
        for (int i = 0; i < 4; i++)
            if (golden.contains(i + ".target"))
                assertEquals(golden.floats(i + ".target")[0], result.targets()[i], LOGITS);
            else
                assertTrue(Float.isNaN(result.targets()[i]), "a single token has no target");
    }

    private static void checkGradient(SafetensorsReader golden, RelevanceResult result) {
        Map<HookPoint, List<float[]>> scores = result.scores().get(Score.RELEVANCE);
        assertEquals(golden.names().stream().filter(name -> name.startsWith("0.grad_x_act.")).count(), scores.size(), "all linear layers");
        scores.forEach((point, values) -> {
            for (int i = 0; i < 4; i++)
                check(golden, i + ".grad_x_act." + point.path(), values.get(i), SCORES);
        });
    }

    private static void checkRule(String family, Rule rule, RelevanceResult result) {
        try (SafetensorsReader golden = SafetensorsReader.open(folder(family).resolve(rule.name() + ".safetensors"))) {
            for (Score score : Score.values())
                result.scores().get(score).forEach((point, values) -> {
                    for (int i = 0; i < 4; i++)
                        check(golden, i + "." + score.label().replace('-', '_') + "." + point.path(), values.get(i), tolerance(rule));
                });
            for (int i = 0; i < 4; i++)
                check(golden, i + ".token_relevance", result.tokenRelevance().get(i), tolerance(rule));
        }
    }

    /** z / (z + ε) has a slope of up to 1/ε = 100 around 0, where an error of 1e-7 in z becomes one of 1e-5 in what a unit passes on. */
    private static double tolerance(Rule rule) {
        return rule.linearChanges() ? 5 * SCORES : SCORES;
    }

    private static void check(SafetensorsReader golden, String name, float[] actual, double tolerance) {
        if (golden.contains(name))
            Closeness.assertNear(golden.floats(name), actual, tolerance, name);
        else
            assertArrayEquals(new float[actual.length], actual, name + ": a single token has no scores");
    }

    /** Under cp-lrp, without biases, the tokens' relevances sum to the target. */
    private static void checkConservation(RelevanceResult result) {
        for (int i = 0; i < 4; i++)
            if (!Float.isNaN(result.targets()[i])) {
                double sum = 0;
                for (float relevance : result.tokenRelevance().get(i))
                    sum += relevance;
                assertEquals(result.targets()[i], sum, 1e-5 * Math.abs(result.targets()[i]), "sequence " + i);
            }
    }

    /** Under attnlrp both sides of gate × up get half of the product's relevance, and SiLU passes on what it gets. */
    private static void checkGateEqualsUp(RelevanceResult result, int layers) {
        for (int layer = 0; layer < layers; layer++)
            for (int i = 0; i < 4; i++)
                Closeness.assertNear(result.scores().get(Score.RELEVANCE).get(new HookPoint(Site.MLP_GATE, layer)).get(i),
                        result.scores().get(Score.RELEVANCE).get(new HookPoint(Site.MLP_UP, layer)).get(i), 1e-6, "layer " + layer);
    }
}
