package dev.crane.models;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntFunction;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import dev.crane.engine.CraneException;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.models.safetensors.SafetensorsReader;
import dev.crane.models.safetensors.SafetensorsWriter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Weights in 8-bit floating point with their scales, in the layouts that published files have. */
class Fp8WeightsTest {
    private static final Path LLAMA = Path.of("src/test/resources/families/llama");
    private static final String NAME = "model.layers.1.mlp.up_proj.weight";
    private static final int ROWS = 96;
    private static final int COLUMNS = 64;

    @TempDir
    Path folder;

    @Test
    void readsEveryNumber() throws IOException {
        // All codes but the NaNs. Values of the OCP specification (OFP8, 2023): 448 and 2⁻⁹ are the largest and the smallest of E4M3.
        float[] values = up(DType.F8_E4M3, i -> (byte) (i % 127), null, new long[0], null);
        assertEquals(448, values[126]);
        assertEquals(0x1p-9f, values[1]);
        assertEquals(0x1p-6f, values[8]);
        assertEquals(1, values[0x38]);
        assertEquals(1.125f, values[0x39]);
        assertEquals(-1.125f, up(DType.F8_E4M3, i -> (byte) 0xb9, null, new long[0], null)[0]);
        values = up(DType.F8_E5M2, i -> (byte) (i % 124), null, new long[0], null);
        assertEquals(57344, values[0x7b]);
        assertEquals(0x1p-16f, values[1]);
        assertEquals(1, values[0x3c]);
        assertEquals(1.25f, values[0x3d]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"_scale", "_scale_inv"})
    void multipliesByTheScales(String name) throws IOException {
        // One for the tensor, one a row (as a vector and as a column), one a block of 128 by 128 and of 32 by 16.
        IntFunction<Byte> codes = i -> (byte) (i % 100);
        float[] plain = up(DType.F8_E4M3, codes, null, new long[0], null);
        for (long[] shape : new long[][]{{}, {1}, {ROWS}, {ROWS, 1}, {1, 1}}) {
            float[] scales = new float[shape.length == 0 ? 1 : (int) shape[0]];
            for (int i = 0; i < scales.length; i++)
                scales[i] = 0.01f * (i + 1);
            float[] expected = new float[plain.length];
            for (int i = 0; i < plain.length; i++)
                expected[i] = plain[i] * scales[scales.length == 1 ? 0 : i / COLUMNS];
            assertArrayEquals(expected, up(DType.F8_E4M3, codes, scales, shape, name));
        }
        Files.writeString(folder.resolve("config.json"), Files.readString(LLAMA.resolve("config.json")).replaceFirst("\\{",
                "{\"quantization_config\": {\"quant_method\": \"fp8\", \"weight_block_size\": [32, 16]},"));
        float[] scales = new float[3 * 4];
        for (int i = 0; i < scales.length; i++)
            scales[i] = i + 1.5f;
        float[] blocks = up(DType.F8_E4M3, codes, scales, new long[]{3, 4}, name);
        for (int i = 0; i < plain.length; i++)
            assertEquals(plain[i] * scales[i / COLUMNS / 32 * 4 + i % COLUMNS / 16], blocks[i]);
        String message = assertThrows(CraneException.class, () -> up(DType.F8_E4M3, codes, new float[5], new long[]{5, 1}, name))
                .getMessage();
        assertTrue(
                message.contains("has the shape [5, 1]; as the scales of '" + NAME + "' it must hold one number, 96, or 3 by 4 for blocks"),
                message);
    }

    @Test
    void staysInSixteenBitsWhereThatIsExact() throws IOException {
        up(DType.F8_E4M3, i -> (byte) 0x38, new float[]{0.25f}, new long[0], "_scale");
        try (ModelWeights weights = ModelFolder.open(folder).weights()) {
            assertEquals(DType.BF16, weights.decoder().layers().get(1).up().weight().dtype());
        }
    }

    @Test
    void refusesOtherQuantisation() throws IOException {
        for (String quantization : new String[]{"{\"quant_method\": \"gptq\", \"bits\": 4}",
                "{\"quant_method\": \"compressed-tensors\", \"format\": \"pack-quantized\"}"}) {
            Files.writeString(folder.resolve("config.json"), Files.readString(LLAMA.resolve("config.json")).replaceFirst("\\{",
                    "{\"quantization_config\": " + quantization + ","));
            String message = assertThrows(CraneException.class, () -> ModelFolder.open(folder)).getMessage();
            assertTrue(message.contains("quantization_config says that the weights are quantised ("), message);
        }
        for (String quantization : new String[]{"{\"quant_method\": \"fbgemm_fp8\"}", "{\"quant_method\": \"fp8\"}",
                "{\"quant_method\": \"compressed-tensors\", \"format\": \"float-quantized\"}"}) {
            Files.writeString(folder.resolve("config.json"), Files.readString(LLAMA.resolve("config.json")).replaceFirst("\\{",
                    "{\"quantization_config\": " + quantization + ","));
            ModelFolder.open(folder);
        }
    }

    /** The values of a matrix that is stored so. */
    private float[] up(DType type, IntFunction<Byte> codes, float[] scales, long[] shape, String scaleName) throws IOException {
        if (!Files.exists(folder.resolve("config.json")))
            Files.copy(LLAMA.resolve("config.json"), folder.resolve("config.json"));
        byte[] bytes = new byte[ROWS * COLUMNS];
        for (int i = 0; i < bytes.length; i++)
            bytes[i] = codes.apply(i);
        try (SafetensorsReader original = SafetensorsReader.open(LLAMA.resolve("model.safetensors"))) {
            SafetensorsWriter writer = new SafetensorsWriter();
            for (String name : original.names())
                writer.add(name.equals(NAME)
                        ? new StoredTensor(NAME, type, new long[]{ROWS, COLUMNS}, MemorySegment.ofArray(bytes))
                        : original.tensor(name));
            if (scales != null)
                writer.add(NAME + scaleName, scales, shape);
            writer.write(folder.resolve("model.safetensors"));
        }
        try (ModelWeights weights = ModelFolder.open(folder).weights()) {
            assertEquals(0, weights.unused().size());
            return weights.decoder().layers().get(1).up().weight().floats();
        }
    }
}
