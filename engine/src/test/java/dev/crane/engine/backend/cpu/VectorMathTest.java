package dev.crane.engine.backend.cpu;

import java.util.function.DoubleUnaryOperator;

import org.junit.jupiter.api.Test;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** The vector functions over the whole range of floats against f64 formulas. */
class VectorMathTest {
    /** Calls {@code check} with blocks of floats that together are every {@code step}-th bit pattern, signs, subnormals, infinities and NaNs included. */
    private static void sweep(UnaryFunction function, int step, DoubleUnaryOperator exact, Check check) {
        float[] x = new float[1 << 16];
        float[] y = new float[x.length];
        long bits = Integer.MIN_VALUE;
        while (bits <= Integer.MAX_VALUE) {
            int n = 0;
            for (; n < x.length && bits <= Integer.MAX_VALUE; n++, bits += step)
                x[n] = Float.intBitsToFloat((int) bits);
            function.apply(x, 0, y, 0, n, new float[UnaryFunction.SCRATCH]);
            for (int i = 0; i < n; i++)
                if (Float.isNaN(x[i]))
                    assertTrue(Float.isNaN(y[i]));
                else
                    check.accept(x[i], y[i], exact.applyAsDouble(x[i]));
        }
    }

    private interface Check {
        void accept(float x, float y, double exact);
    }

    /** Distance in units in the last place of the exact result, which below 2⁻¹²⁶ are those of subnormals; 0 where both overflow. */
    private static double ulps(float y, double exact) {
        if (Float.isInfinite((float) exact) || Float.isInfinite(y))
            return (float) exact == y ? 0 : Double.POSITIVE_INFINITY;
        return Math.abs(y - exact) / Math.ulp((float) exact);
    }

    private static void within(UnaryFunction function, int step, double bound, DoubleUnaryOperator exact) {
        sweep(function, step, exact, (x, y, wanted) -> {
            if (!(ulps(y, wanted) <= bound))
                throw new AssertionError(function + "(" + x + ") = " + y + ", not " + wanted + ": " + ulps(y, wanted) + " ulp");
        });
    }

    @Test
    void exponentialWithinOneAndATenthUlpEverywhere() {
        within(UnaryFunction.EXP, 1021, 1.1, Math::exp);
    }

    @Test
    void exponentialAtItsBounds() {
        float[] x = {88.72283f, 88.72284f, 1e30f, Float.POSITIVE_INFINITY, -103.27893f, -103.97f, -103.98f, -1e30f, Float.NEGATIVE_INFINITY,
                0,
                -0f};
        float[] y = new float[x.length];
        UnaryFunction.EXP.apply(x, 0, y, 0, x.length, new float[UnaryFunction.SCRATCH]);
        for (int i = 0; i < x.length; i++) // one subnormal step, where the results are subnormal
            assertEquals(Math.exp(x[i]), y[i], Math.max(1.1 * Math.ulp((float) Math.exp(x[i])), Float.MIN_VALUE / 2), "exp(" + x[i] + ")");
        assertTrue(Float.isFinite(y[0]));
        assertEquals(Float.POSITIVE_INFINITY, y[1]);
        assertEquals(Float.MIN_VALUE, y[5]);
        assertEquals(0f, y[6]);
        assertEquals(1f, y[9]);
        assertEquals(1f, y[10]);
    }

    @Test
    void sigmoidWithinThreeUlpEverywhere() {
        within(UnaryFunction.SIGMOID, 4099, 3, x -> x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));
    }

    @Test
    void tanhWithinTwoUlpEverywhereAndOdd() {
        within(UnaryFunction.TANH, 4099, 2, Math::tanh);
        float[] zeros = {0f, -0f};
        UnaryFunction.TANH.apply(zeros, 0, zeros, 0, 2, new float[UnaryFunction.SCRATCH]);
        assertEquals(0, Float.floatToRawIntBits(zeros[0]));
        assertEquals(Float.floatToRawIntBits(-0f), Float.floatToRawIntBits(zeros[1]));
    }

    @Test
    void normalDistributionWithinFourUlpAndAMillionthInTheTail() {
        sweep(UnaryFunction.NORMAL_DISTRIBUTION, 16411, VectorMathTest::normalDistribution, (x, y, exact) -> {
            boolean good = x > -4 ? ulps(y, exact) <= 4 : Math.abs(y - exact) <= Math.max(1e-6 * exact, Float.MIN_VALUE);
            assertTrue(good, () -> "Φ(" + x + ") = " + y + ", not " + exact);
        });
    }

    /** Φ by Simpson's rule on the density, 600 intervals of the half that is small: good to 10⁻¹⁰ relative, and independent of any series. */
    private static double normalDistribution(double x) {
        if (x == 0)
            return 0.5;
        if (Math.abs(x) > 20)
            return x > 0 ? 1 : 0;
        double from = Math.abs(x);
        double h = (Math.sqrt(from * from + 80) - from) / 600; // there the density has fallen by e⁻⁴⁰
        double sum = density(from) + density(from + 600 * h);
        for (int i = 1; i < 600; i++)
            sum += (i % 2 == 1 ? 4 : 2) * density(from + i * h);
        double tail = sum * h / 3;
        return x > 0 ? 1 - tail : tail;
    }

    private static double density(double x) {
        return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    }

    /** Derivatives against central differences of the exact function; tolerance: the difference quotient's h²/6 · 1 and f32 rounding of terms up to 5. */
    @Test
    void derivatives() {
        double h = 1e-4;
        for (float x = -12; x < 12; x += 0.01f) {
            float at = x;
            check(UnaryFunction.SILU_DERIVATIVE, x, t -> t / (1 + Math.exp(-t)), h);
            check(UnaryFunction.GELU_TANH_DERIVATIVE, x, t -> t / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (t + 0.044715 * t * t * t))),
                    h);
            if (Math.abs(at) < 8)
                check(UnaryFunction.GELU_DERIVATIVE, x, t -> t * normalDistribution(t), h);
        }
    }

    private static void check(UnaryFunction derivative, float x, DoubleUnaryOperator f, double h) {
        float[] y = {x};
        derivative.apply(y, 0, y, 0, 1, new float[UnaryFunction.SCRATCH]);
        double quotient = (f.applyAsDouble(x + h) - f.applyAsDouble(x - h)) / (2 * h);
        assertEquals(quotient, y[0], 5e-7, derivative + " at " + x);
    }
}
