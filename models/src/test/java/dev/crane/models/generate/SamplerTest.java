package dev.crane.models.generate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import dev.crane.engine.CraneException;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class SamplerTest {
    private static final float[] LOGITS = {0.5f, 2, -1, 1, 2};

    /** Probabilities after all settings, against those of transformers' logits processors on the same logits. */
    @Test
    void probabilitiesAreThoseOfTransformers() throws IOException {
        JsonMapper json = new JsonMapper();
        for (String line : Files.readAllLines(Path.of("src/test/resources/generate/sampling.jsonl"))) {
            JsonNode golden = json.readTree(line);
            Sampling sampling = new Sampling(golden.get("temperature").asDouble(), golden.get("top_k").asInt(),
                    golden.get("top_p").asDouble(),
                    golden.get("repetition_penalty").asDouble(), 0);
            double[] expected = golden.get("probabilities").valueStream().mapToDouble(JsonNode::asDouble).toArray();
            float[] logits = new float[expected.length];
            for (int i = 0; i < logits.length; i++)
                logits[i] = (float) golden.get("logits").get(i).asDouble();
            int[] sequence = golden.get("sequence").valueStream().mapToInt(JsonNode::asInt).toArray();
            // The logits are divided by temperature and penalty in f32 there as here: some 1e-7 of a logit of size 10.
            assertArrayEquals(expected, new Sampler(sampling, 0).probabilities(logits, sequence), 2e-6, sampling.toString());
        }
    }

    @Test
    void greedyTakesTheFirstMostLikely() {
        assertEquals(1, new Sampler(Sampling.GREEDY, 0).next(LOGITS, new int[]{3}));
        assertEquals(4, new Sampler(new Sampling(0, 0, 1, 1.5, 0), 0).next(LOGITS, new int[]{1}));
    }

    @Test
    void drawsFollowTheProbabilities() {
        Sampling sampling = new Sampling(1, 0, 1, 1, 42);
        Sampler sampler = new Sampler(sampling, 0);
        double[] probabilities = sampler.probabilities(LOGITS, new int[0]);
        int draws = 100_000;
        int[] counts = new int[LOGITS.length];
        for (int i = 0; i < draws; i++)
            counts[sampler.next(LOGITS, new int[0])]++;
        for (int id = 0; id < counts.length; id++) {
            double deviation = Math.sqrt(probabilities[id] * (1 - probabilities[id]) / draws);
            assertEquals(probabilities[id], (double) counts[id] / draws, 4 * deviation, "token " + id);
        }
    }

    /** The seed and the sequence's number say all. */
    @Test
    void drawsAreReproducible() {
        Sampling sampling = new Sampling(1, 0, 1, 1, 7);
        assertEquals(drawn(new Sampler(sampling, 3)), drawn(new Sampler(sampling, 3)));
        assertNotEquals(drawn(new Sampler(sampling, 3)), drawn(new Sampler(sampling, 4)));
        assertNotEquals(drawn(new Sampler(sampling, 3)), drawn(new Sampler(new Sampling(1, 0, 1, 1, 8), 3)));
    }

    private static String drawn(Sampler sampler) {
        StringBuilder ids = new StringBuilder();
        for (int i = 0; i < 40; i++)
            ids.append(sampler.next(LOGITS, new int[0]));
        return ids.toString();
    }

    @ParameterizedTest
    @CsvSource({"-1,0,1,1", "NaN,0,1,1", "1,-1,1,1", "1,0,0,1", "1,0,1.5,1", "1,0,1,0"})
    void settingsOutOfRangeAreRefused(double temperature, int topK, double topP, double penalty) {
        CraneException e = assertThrows(CraneException.class, () -> new Sampling(temperature, topK, topP, penalty, 0));
        assertTrue(e.getMessage().contains("is not possible; give"), e.getMessage());
    }
}
