package dev.crane.models.golden;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.engine.Backends;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.RelevanceResult;
import dev.crane.engine.decoder.Decoding;
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

/** The demo model against golden log-probabilities and scores, computed in f32 by transformers and an independent implementation of the rule. */
class BabelGoldenTest {
    private static final Path RESOURCES = Path.of("src/test/resources/babel");
    private static final int MAX_TOKENS = 192;
    private static final JsonMapper JSON = new JsonMapper();

    private static CausalLanguageModel model;

    @BeforeAll
    static void load() {
        model = CausalLanguageModel.load(Path.of("babel-base"), Backends.create("cpu", 2), EngineOptions.DEFAULT);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static List<JsonNode> lines(Path file) throws IOException {
        return Files.readAllLines(file).stream().map(JSON::readTree).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void logprobs(String backend) throws IOException {
        List<JsonNode> golden = lines(RESOURCES.resolve("logprobs.jsonl"));
        if (backend.equals("reference"))
            golden = golden.subList(0, 1);
        List<int[]> sequences = golden.stream().map(line -> line.get("ids").valueStream().mapToInt(JsonNode::asInt).toArray()).toList();
        try (CausalLanguageModel own = CausalLanguageModel.load(Path.of("babel-base"), Backends.create(backend, 2),
                EngineOptions.DEFAULT)) {
            List<float[]> logprobs = own.engine().forward(PackedBatch.of(sequences), ForwardRequest.of(Output.NEXT_LOGPROBS)).logprobs();
            for (int i = 0; i < sequences.size(); i++)
                for (int t = 1; t < sequences.get(i).length; t++)
                    // The file has six decimals; the rest is the order of f32 sums in logits of size 10 to 20.
                    assertEquals(golden.get(i).get("logprobs").get(t).asDouble(), logprobs.get(i)[t - 1], 2e-5,
                            "text " + i + " token " + t);
        }
    }

    /** On a real model's sizes: one thread or two, one batch or sequence by sequence, whole or token by token. */
    @Test
    void sameBits() throws IOException {
        List<int[]> sequences = new ArrayList<>();
        for (JsonNode line : lines(RESOURCES.resolve("logprobs.jsonl")).subList(0, 5))
            sequences.add(line.get("ids").valueStream().mapToInt(JsonNode::asInt).toArray());
        ForwardRequest request = ForwardRequest.of(Output.NEXT_LOGPROBS);
        RelevanceRequest relevance = RelevanceRequest.of(Rule.ATTNLRP, new Target.MeanLogit(), EnumSet.allOf(Score.class),
                EnumSet.of(Site.ATTN_Q, Site.MLP_GATE, Site.MLP_DOWN));
        try (CausalLanguageModel one = CausalLanguageModel.load(Path.of("babel-base"), Backends.create("cpu", 1), EngineOptions.DEFAULT)) {
            List<float[]> logprobs = model.engine().forward(PackedBatch.of(sequences), request).logprobs();
            RelevanceResult scores = model.engine().relevance(PackedBatch.of(sequences), relevance);
            for (int i = 0; i < sequences.size(); i++) {
                PackedBatch alone = PackedBatch.of(List.of(sequences.get(i)));
                assertArrayEquals(logprobs.get(i), one.engine().forward(alone, request).logprobs().get(0));
                RelevanceResult own = one.engine().relevance(alone, relevance);
                for (Score score : Score.values())
                    for (HookPoint point : own.scores().get(score).keySet())
                        assertArrayEquals(scores.scores().get(score).get(point).get(i), own.scores().get(score).get(point).get(0),
                                point.path());
            }
            ForwardRequest last = ForwardRequest.of(Output.LAST_LOGITS);
            try (Decoding decoding = model.engine().decode(List.of(Arrays.copyOf(sequences.get(0), 70)), List.of(), null)) {
                for (int t = 70; t < 75; t++) {
                    PackedBatch soFar = PackedBatch.of(List.of(Arrays.copyOf(sequences.get(0), t)));
                    assertArrayEquals(one.engine().forward(soFar, last).logits().get(0), decoding.nextLogits(0));
                    decoding.append(new int[]{sequences.get(0)[t]});
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"en", "zh", "vi"})
    void scores(String language) throws IOException {
        List<int[]> samples = new ArrayList<>();
        for (JsonNode line : lines(Path.of("corpora", language + ".identify.jsonl")).subList(0, 64)) {
            int[] ids = model.tokenizer().encodeWithBos(line.get("text").asString());
            samples.add(Arrays.copyOf(ids, Math.min(ids.length, MAX_TOKENS)));
        }
        RelevanceRequest request = new RelevanceRequest(Rule.ATTNLRP, new Target.MeanLogit(), EnumSet.allOf(Score.class),
                EnumSet.of(Site.MLP_GATE, Site.MLP_UP, Site.MLP_DOWN), true, List.of(), null);
        RelevanceResult result = model.engine().relevance(PackedBatch.of(samples), request);
        try (SafetensorsReader golden = SafetensorsReader.open(RESOURCES.resolve("scores.safetensors"))) {
            for (Score score : Score.values()) {
                float[] targets = golden.floats(language + "." + score.label() + ".target");
                assertArrayEquals(targets, result.targets(), 1e-5f * Closeness.largest(targets));
                result.scores().get(score).forEach((point, values) -> {
                    for (int i = 0; i < 3; i++) {
                        String name = language + "." + i + "." + score.label() + "." + point.path();
                        Closeness.assertNear(golden.floats(name), values.get(i), 2e-5, name);
                    }
                });
            }
            for (int i = 0; i < 3; i++)
                Closeness.assertNear(golden.floats(language + "." + i + ".token_relevance"), result.tokenRelevance().get(i), 2e-5,
                        "tokens of " + i);
        }
    }
}
