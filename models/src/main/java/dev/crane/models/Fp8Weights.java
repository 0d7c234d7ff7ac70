package dev.crane.models;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

import dev.crane.engine.CraneException;
import dev.crane.engine.tensor.DType;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.models.config.ModelConfig;
import dev.crane.models.safetensors.WeightFiles;

import static dev.crane.engine.file.FileErrors.quote;

/**
 * Weights stored as 8-bit floating-point numbers (E4M3 without infinities, or E5M2) times scales: one for the tensor, one for each output row, or one for
 * each block of rows and columns, in the tensor {@code NAME_scale} or {@code NAME_scale_inv} beside {@code NAME} (by either name it is what the stored
 * number is multiplied with). Widened when the model is loaded: to BF16 where all scales are powers of two, which is exact, otherwise to F32, so
 * that a weight has the one rounding of its product.
 */
final class Fp8Weights {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort B16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final List<String> SCALES = List.of("_scale", "_scale_inv");
    /** What DeepSeek's files have, and others unless they say. */
    private static final int BLOCK = 128;
    private static final float[] E4M3 = values(Fp8Weights::e4m3);
    private static final float[] E5M2 = values(bits -> Float.float16ToFloat((short) (bits << 8)));

    private final WeightFiles files;
    private final int[] block;
    private final Arena arena;

    /** @param arena takes the widened tensors */
    Fp8Weights(WeightFiles files, ModelConfig config, Arena arena) {
        this.files = files;
        this.block = block(config);
        this.arena = arena;
    }

    // ---- quantization_config ----

    /** Refuses what a configuration says of its weights' storage unless it is plain or 8-bit floating point. */
    static void check(ModelConfig config) {
        ModelConfig quantization = config.object("quantization_config").orElse(null);
        if (quantization == null) {
            return;
        }
        String method = quantization.text("quant_method").orElse("");
        boolean fp8 = switch (method) {
            case "fp8", "fbgemm_fp8" -> true;
            case "compressed-tensors" -> isFloat(quantization);
            default -> false;
        };
        if (!fp8) {
            throw config.error("quantization_config", "says that the weights are quantised" + (method.isEmpty() ? "" : " (" + method + ")")
                    + "; take a folder with F32, F16, BF16 or FP8 weights");
        }
    }

    private static boolean isFloat(ModelConfig quantization) {
        return quantization.text("format").map("float-quantized"::equals).orElse(false);
    }

    private static int[] block(ModelConfig config) {
        ModelConfig quantization = config.object("quantization_config").orElse(null);
        if (quantization == null || !quantization.has("weight_block_size")) {
            return new int[]{BLOCK, BLOCK};
        }
        List<Double> size = quantization.numbers("weight_block_size");
        if (size.size() != 2 || size.stream().anyMatch(n -> n < 1 || n > Integer.MAX_VALUE || n != Math.rint(n))) {
            throw quantization.error("weight_block_size", "is not a pair of whole numbers from 1");
        }
        return new int[]{size.get(0).intValue(), size.get(1).intValue()};
    }

    // ---- widening ----

    static boolean isFp8(StoredTensor tensor) {
        return tensor.dtype() == DType.F8_E4M3 || tensor.dtype() == DType.F8_E5M2;
    }

    /** Whether a tensor holds the scales of another one. */
    static boolean isScale(String name, WeightFiles files) {
        return SCALES.stream().anyMatch(end -> name.endsWith(end) && files.contains(name.substring(0, name.length() - end.length())));
    }

    /** The tensor's values. */
    StoredTensor widened(StoredTensor tensor) {
        int rows = tensor.shape().length == 0 ? 1 : tensor.size(0);
        int columns = Math.toIntExact(tensor.elements() / Math.max(1, rows));
        Scales scales = scales(tensor, rows, columns);
        boolean exact = scales.arePowersOfTwo();
        DType type = exact ? DType.BF16 : DType.F32;
        MemorySegment data = arena.allocate((long) rows * columns * type.bits() / 8, Long.BYTES);
        float[] table = tensor.dtype() == DType.F8_E4M3 ? E4M3 : E5M2;
        IntStream.range(0, rows).parallel().forEach(row -> {
            for (int column = 0; column < columns; column++) {
                long at = (long) row * columns + column;
                float value = table[tensor.data().get(ValueLayout.JAVA_BYTE, at) & 0xff] * scales.at(row, column);
                if (exact) {
                    data.set(B16, at * Short.BYTES, (short) (Float.floatToRawIntBits(value) >>> 16));
                } else {
                    data.set(F32, at * Float.BYTES, value);
                }
            }
        });
        return new StoredTensor(tensor.name(), type, tensor.shape(), data.asReadOnly());
    }

    /**
     * Scales of a matrix.
     *
     * @param values row-major
     * @param columns how many there are for a row
     * @param rowsEach rows that share one
     * @param columnsEach columns that share one
     */
    private record Scales(float[] values, int columns, int rowsEach, int columnsEach) {
        float at(int row, int column) {
            return values[row / rowsEach * columns + column / columnsEach];
        }

        /** Whether no product with an 8-bit number needs more bits than BF16 has, nor leaves its range of normal numbers. */
        boolean arePowersOfTwo() {
            for (float value : values) {
                int exponent = Math.getExponent(value);
                if (value != Math.scalb(1f, exponent) || exponent < -100 || exponent > 100) {
                    return false;
                }
            }
            return true;
        }
    }

    private Scales scales(StoredTensor tensor, int rows, int columns) {
        String name = SCALES.stream().map(end -> tensor.name() + end).filter(files::contains).findFirst().orElse(null);
        if (name == null) {
            return new Scales(new float[]{1}, 1, Math.max(1, rows), Math.max(1, columns));
        }
        StoredTensor stored = files.tensor(name);
        long[] shape = stored.shape();
        float[] values = floats(stored);
        if (values.length == 1) {
            return new Scales(values, 1, Math.max(1, rows), Math.max(1, columns));
        }
        if (values.length == rows && shape[0] == rows) {
            return new Scales(values, 1, 1, Math.max(1, columns));
        }
        int down = Math.ceilDiv(rows, block[0]);
        int across = Math.ceilDiv(columns, block[1]);
        if (!Arrays.equals(shape, new long[]{down, across})) {
            throw new CraneException(files.file(name) + ": tensor " + quote(name) + " has the shape " + Arrays.toString(shape)
                    + "; as the scales of " + quote(tensor.name()) + " it must hold one number, " + rows + ", or " + down + " by " + across
                    + " for blocks of " + block[0] + " by " + block[1]);
        }
        return new Scales(values, across, block[0], block[1]);
    }

    private static float[] floats(StoredTensor scales) {
        if (scales.dtype() != DType.F8_E8M0) {
            return scales.floats();
        }
        float[] values = new float[Math.toIntExact(scales.elements())];
        for (int i = 0; i < values.length; i++) {
            int exponent = scales.data().get(ValueLayout.JAVA_BYTE, i) & 0xff;
            values[i] = exponent == 0xff ? Float.NaN : (float) Math.scalb(1.0, exponent - 127);
        }
        return values;
    }

    private interface Decoding {
        float of(int bits);
    }

    private static float[] values(Decoding decoding) {
        float[] values = new float[256];
        for (int bits = 0; bits < values.length; bits++) {
            values[bits] = decoding.of(bits);
        }
        return values;
    }

    /** Four bits of exponent with bias 7, three of mantissa; all ones is NaN, and there is no infinity. */
    private static float e4m3(int bits) {
        int exponent = (bits >> 3) & 15;
        int mantissa = bits & 7;
        float size = exponent == 15 && mantissa == 7
                ? Float.NaN
                : exponent == 0 ? Math.scalb((float) mantissa, -9) : Math.scalb((float) (8 + mantissa), exponent - 10);
        return (bits & 0x80) == 0 ? size : -size;
    }
}
