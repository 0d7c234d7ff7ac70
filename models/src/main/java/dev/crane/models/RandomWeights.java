package dev.crane.models;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;

import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.file.AtomicFile;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.tensor.DType;
import dev.crane.models.config.ModelConfig;
import dev.crane.models.family.Family;
import dev.crane.models.safetensors.SafetensorsWriter;

/**
 * Model folders with random weights, for benchmarks: of any size, since the weights are made while they are written. Distributed as transformers
 * initialises them: norm weights are 1, biases 0, all others have mean 0 and the standard deviation {@code initializer_range} (0.02).
 */
public final class RandomWeights {
    private static final int BUFFER_BYTES = 1 << 20;
    /** Standard deviation of the sum of four uniform 16-bit numbers, √(4 (2³² − 1) / 12). */
    private static final double SUM_DEVIATION = Math.sqrt(4 * (0x1p32 - 1) / 12);
    private static final double SUM_MEAN = 2 * 65535.0;

    private RandomWeights() {
    }

    /**
     * Writes {@code config.json}, a copy, and {@code model.safetensors}. The same arguments make the same bytes.
     *
     * @param config a {@code config.json} of a supported family
     * @param folder is created if need be
     * @param dtype F32, F16 or BF16
     * @throws dev.crane.engine.CraneException if the configuration is not supported or the folder cannot be written
     */
    public static void write(Path config, Path folder, DType dtype, long seed) {
        byte[] json;
        try {
            json = Files.readAllBytes(config);
        } catch (IOException e) {
            throw FileErrors.cannotRead(config, e);
        }
        ModelConfig parsed = ModelConfig.parse(config, json);
        Family family = Family.of(parsed);
        DecoderSpec spec = family.spec(parsed);
        double deviation = parsed.positive("initializer_range", 0.02);
        SafetensorsWriter writer = new SafetensorsWriter().metadata("format", "pt");
        SplittableRandom seeds = new SplittableRandom(seed);
        for (Map.Entry<String, long[]> tensor : family.tensors(spec).entrySet()) {
            SplittableRandom random = seeds.split();
            long[] shape = tensor.getValue();
            long elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
            // Matrices are linear layers and embeddings; a vector is a norm's weight or a bias.
            double constant = tensor.getKey().endsWith(".bias") ? 0 : 1;
            writer.add(tensor.getKey(), dtype, shape, out -> fill(out, dtype, elements,
                    shape.length == 1 ? () -> (float) constant : () -> (float) (deviation * normal(random))));
        }
        writer.write(folder.resolve("model.safetensors"));
        AtomicFile.write(folder.resolve("config.json"), out -> out.write(json));
    }

    private interface Values {
        float next();
    }

    /** Near enough to a normal variable, at a tenth of the cost: four uniform ones added up. */
    private static double normal(SplittableRandom random) {
        long bits = random.nextLong();
        long sum = (bits & 0xffff) + ((bits >>> 16) & 0xffff) + ((bits >>> 32) & 0xffff) + (bits >>> 48);
        return (sum - SUM_MEAN) / SUM_DEVIATION;
    }

    private static void fill(WritableByteChannel out, DType dtype, long elements, Values values) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (long i = 0; i < elements; i++) {
            switch (dtype) {
                case F32 -> buffer.putFloat(values.next());
                case F16 -> buffer.putShort(Float.floatToFloat16(values.next()));
                case BF16 -> buffer.putShort(bfloat16(values.next()));
                default -> throw new IllegalArgumentException("weights of type " + dtype);
            }
            if (!buffer.hasRemaining() || i == elements - 1) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    out.write(buffer);
                }
                buffer.clear();
            }
        }
    }

    /** The nearest bf16, ties to even; for finite values. */
    private static short bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }
}
