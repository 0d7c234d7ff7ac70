package dev.crane.models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import dev.crane.engine.tensor.DType;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

class RandomWeightsTest {
    private static final Path CONFIG = Path.of("src/test/resources/families/llama-mha/config.json");

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16"})
    void makesFoldersThatOpen(DType dtype) {
        RandomWeights.write(CONFIG, folder.resolve("model"), dtype, 1);
        try (ModelWeights weights = ModelFolder.open(folder.resolve("model")).weights()) {
            float[] embedding = weights.decoder().embedding().floats();
            double mean = mean(embedding, 0, 1);
            double variance = mean(embedding, mean, 2);
            int n = embedding.length;
            // Standard errors of mean and variance for n independent values; four of them, so chance fails this for no more than one seed in 10,000.
            assertEquals(0, mean, 4 * 0.02 / Math.sqrt(n));
            assertEquals(0.0004, variance, 4 * 0.0004 * Math.sqrt(2.0 / n));
            // The excess kurtosis of a sum of four uniform variables is −1.2 / 4; its standard error √(24/n).
            assertEquals(-0.3, mean(embedding, mean, 4) / (variance * variance) - 3, 4 * Math.sqrt(24.0 / n));
            for (float norm : weights.decoder().finalNorm().weight().floats()) {
                assertEquals(1, norm);
            }
            assertEquals(dtype, weights.decoder().head().dtype());
            assertNotEquals(embedding[0], weights.decoder().head().floats()[0]);
        }
    }

    @Test
    void repeatsItself() throws IOException {
        RandomWeights.write(CONFIG, folder.resolve("a"), DType.BF16, 1);
        RandomWeights.write(CONFIG, folder.resolve("b"), DType.BF16, 1);
        RandomWeights.write(CONFIG, folder.resolve("c"), DType.BF16, 2);
        assertEquals(-1, Files.mismatch(folder.resolve("a/model.safetensors"), folder.resolve("b/model.safetensors")));
        assertNotEquals(-1, Files.mismatch(folder.resolve("a/model.safetensors"), folder.resolve("c/model.safetensors")));
        assertEquals(-1, Files.mismatch(CONFIG, folder.resolve("a/config.json")));
    }

    /** Mean of (x − center)^power. */
    private static double mean(float[] values, double center, int power) {
        return Arrays.stream(toDoubles(values)).map(x -> Math.pow(x - center, power)).average().orElseThrow();
    }

    private static double[] toDoubles(float[] values) {
        double[] doubles = new double[values.length];
        Arrays.setAll(doubles, i -> values[i]);
        return doubles;
    }
}
