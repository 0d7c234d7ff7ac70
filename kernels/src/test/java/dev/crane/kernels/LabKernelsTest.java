package dev.crane.kernels;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;

import dev.crane.cuda.ElementType;
import dev.crane.cuda.Kernel;
import dev.crane.cuda.Module;
import dev.crane.cuda.Nvrtc;
import dev.crane.cuda.Parameter;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** Every version in {@code bench/lab}, launched as its program launches it, against the formula. */
class LabKernelsTest extends KernelTest {
    private static final Path LAB = Path.of("..", "bench", "lab");
    private static final float EPS = 1e-5f;
    private static final int THREADS = 256;

    @Test
    void rmsNorm() throws IOException {
        String source = Files.readString(LAB.resolve("rms_norm.cuh"));
        List<String> versions = Pattern.compile("rms_norm_\\d(?=\\()").matcher(source).results().map(match -> match.group()).toList();
        assertEquals(List.of("rms_norm_1", "rms_norm_2", "rms_norm_3", "rms_norm_4"), versions);
        byte[] image = Nvrtc.compile("rms_norm.cuh", source, Map.of(), KernelLibrary.options(context.device().architecture()));
        try (Module module = context.module(image, "rms_norm.cuh")) {
            for (String version : versions)
                for (int[] shape : new int[][]{{3, 4}, {5, 192}, {260, 40}, {2, 8192}, {3, 37}}) {
                    boolean wholeVectors = shape[1] % 4 == 0;
                    if (wholeVectors || !version.equals("rms_norm_4"))
                        compare(module, version, shape[0], shape[1]);
                }
        }
    }

    private void compare(Module module, String version, int rows, int width) {
        float[] x = random("x", rows * width);
        float[] w = random("w", width);
        double[] y = new double[rows * width];
        for (int t = 0; t < rows; t++) {
            double squares = 0;
            for (int i = 0; i < width; i++)
                squares += (double) x[t * width + i] * x[t * width + i];
            for (int i = 0; i < width; i++)
                y[t * width + i] = x[t * width + i] / Math.sqrt(squares / width + EPS) * w[i];
        }
        int blocks = switch (version) {
            case "rms_norm_1" -> Math.ceilDiv(rows, THREADS);
            case "rms_norm_2" -> Math.ceilDiv(rows, THREADS / 32);
            default -> rows;
        };
        Kernel kernel = module.kernel(version, Parameter.POINTER, Parameter.POINTER, Parameter.FLOAT, Parameter.INT, Parameter.INT,
                Parameter.POINTER);
        Matrix out = output(ElementType.F32, rows, width);
        kernel.pointer(input(ElementType.F32, "x", rows, width).address()).pointer(floats(w)).real(EPS).integer(rows).integer(width)
                .pointer(out.address()).launch(stream, blocks, THREADS, 0);
        assertClose(y, read(out), tolerance(version, width), version + ", " + rows + " x " + width);
    }

    /**
     * Additions, one behind the other, of a version's sum of squares. Each errs by at most 2⁻²⁴ of the sum, the square root halves that; the few other
     * roundings add 2⁻²⁴ each.
     */
    private static double tolerance(String version, int width) {
        int chain = switch (version) {
            case "rms_norm_1" -> width;
            case "rms_norm_2" -> Math.ceilDiv(width, 32) + 5;
            default -> Math.ceilDiv(width, THREADS) + 5 + 8 + 3;
        };
        return (chain / 2.0 + 4) * Math.pow(2, -24);
    }
}
