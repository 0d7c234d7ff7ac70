package dev.crane.kernels;

import java.util.stream.Stream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.cuda.ElementType;

import static dev.crane.cuda.ElementType.BF16;
import static dev.crane.cuda.ElementType.F32;

/** RMS norm and layer norm, with and without the residual add, and their backward under each rule. */
class NormKernelsTest extends KernelTest {
    private static final float EPS = 1e-5f;

    /** Widths of a single element, of part of a warp, of a few warps, and beyond what the threads of a block keep in registers. */
    static Stream<Arguments> shapes() {
        return Stream.of(F32, BF16).flatMap(type -> Stream.of(new int[]{1, 1}, new int[]{3, 37}, new int[]{4, 192}, new int[]{2, 9000},
                new int[]{2, 8999}).map(s -> Arguments.of(type, s[0], s[1])));
    }

    /** One row normalised. */
    private record Row(double mean, double inverse) {
        static Row of(double[] x, int at, int width, boolean layer) {
            double mean = 0;
            for (int i = 0; layer && i < width; i++)
                mean += x[at + i] / width;
            double squares = 0;
            for (int i = 0; i < width; i++)
                squares += (x[at + i] - mean) * (x[at + i] - mean);
            return new Row(mean, 1 / Math.sqrt(squares / width + EPS));
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void rms(ElementType type, int rows, int width) {
        forward(type, rows, width, false);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void layer(ElementType type, int rows, int width) {
        forward(type, rows, width, true);
    }

    private void forward(ElementType type, int rows, int width, boolean layer) {
        float[] weight = random("w", width);
        float[] bias = random("bias", width);
        long w = floats(weight);
        for (boolean residual : new boolean[]{false, true})
            for (ElementType stream : residual ? new ElementType[]{F32} : new ElementType[]{F32, type}) {
                float[] before = random("x", rows * width);
                float[] delta = random("delta", rows * width);
                double[] x = doubles(before);
                double[] y = new double[rows * width];
                double[] inverses = new double[rows];
                for (int i = 0; residual && i < x.length; i++)
                    x[i] += delta[i];
                for (int t = 0; t < rows; t++) {
                    Row row = Row.of(x, t * width, width, layer);
                    inverses[t] = row.inverse;
                    for (int i = 0; i < width; i++)
                        y[t * width + i] = (x[t * width + i] - row.mean) * row.inverse * (layer ? weight[i] : weight[i] + 1.0)
                                + (layer ? bias[i] : 0);
                }
                Matrix input = input(stream, "x", rows, width);
                Matrix out = output(type, rows, width);
                Matrix inverse = output(F32, rows, 1);
                Matrix added = residual ? input(type, "delta", rows, width) : null;
                if (layer)
                    new LayerNorm(library).launch(this.stream, input, added, w, floats(bias), EPS, out, inverse.address());
                else
                    new RmsNorm(library).launch(this.stream, input, added, w, 1, EPS, out, inverse.address());
                assertClose(y, out, "y");
                assertClose(x, input, "x");
                assertClose(inverses, inverse, "inverse");
            }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void rmsBackward(ElementType type, int rows, int width) {
        backward(type, rows, width, false);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void layerBackward(ElementType type, int rows, int width) {
        backward(type, rows, width, true);
    }

    private void backward(ElementType type, int rows, int width, boolean layer) {
        float[] weight = random("w", width);
        double[] x = doubles(random("x", rows * width));
        float[] dy = random("dy", rows * width);
        float[] inverses = new float[rows];
        for (int t = 0; t < rows; t++)
            inverses[t] = (float) Row.of(x, t * width, width, layer).inverse;
        for (RuleTwin rule : RuleTwin.ALL)
            for (ElementType stream : new ElementType[]{F32, type}) {
                double[] expected = doubles(random("dx", rows * width));
                for (int t = 0; t < rows; t++)
                    addBackward(x, dy, weight, t * width, layer, rule.detachNorm(), inverses[t], expected);
                Matrix dx = input(stream, "dx", rows, width);
                Matrix input = rule.detachNorm() ? null : input(stream, "x", rows, width);
                Matrix gradient = input(type, "dy", rows, width);
                Matrix cast = type == BF16 && stream == F32 ? output(BF16, rows, width) : null;
                if (layer)
                    new LayerNormBackward(library, rule.name()).launch(this.stream, input, gradient, floats(weight), floats(inverses), dx,
                            cast);
                else
                    new RmsNormBackward(library, rule.name()).launch(this.stream, input, gradient, floats(weight), 1, floats(inverses), dx,
                            cast);
                assertClose(expected, dx, "dx, " + rule);
                if (cast != null)
                    assertClose(expected, cast, "dx rounded, " + rule);
            }
    }

    private static void addBackward(double[] x, float[] dy, float[] weight, int at, boolean layer, boolean detached, double inverse,
            double[] dx) {
        int width = weight.length;
        double mean = layer ? Row.of(x, at, width, true).mean : 0;
        double meanG = 0;
        double meanGx = 0;
        for (int i = 0; i < width; i++) {
            double g = dy[at + i] * (layer ? weight[i] : weight[i] + 1.0);
            meanG += layer ? g / width : 0;
            meanGx += detached ? 0 : g * (x[at + i] - mean) * inverse / width;
        }
        for (int i = 0; i < width; i++)
            dx[at + i] += inverse * (dy[at + i] * (layer ? weight[i] : weight[i] + 1.0) - meanG - (x[at + i] - mean) * inverse * meanGx);
    }
}
