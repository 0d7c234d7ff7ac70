package dev.crane.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

import static dev.crane.engine.backend.cpu.Lanes.F;
import static dev.crane.engine.backend.cpu.Lanes.L;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

/**
 * Elementary functions as fixed sequences of additions, multiplications and fused multiply-adds. The Vector API's own EXP and TANH are not used: they
 * call a vendor library where there is one and {@link Math} elsewhere, so their bits change with the machine and between the interpreter and compiled
 * code. NaN gives NaN. The polynomials are minimax fits in the relative error of the result.
 *
 * <p>Every function is a pass that prepares the exponential's argument, {@link #exponentials}, and a pass that makes the result of argument and
 * exponential. Each pass is a loop that calls nothing but the Vector API: what the compiler does not inline for its length turns vectors into objects,
 * and costs ten times as much. Lengths are multiples of the vector length; {@link UnaryFunction#apply} takes any.
 */
final class VectorMath {
    /** 1.5 · 2²³: adding it to |x| &lt; 2²² rounds x to an integer and leaves that integer in the low bits. */
    private static final float ROUND = 0x1.8p23f;
    private static final float LOG2_E = (float) 1.4426950408889634;
    private static final float LN2_HIGH = (float) 0.6931471805599453;
    private static final float LN2_LOW = (float) (0.6931471805599453 - LN2_HIGH);
    /** Below it exp is less than half the smallest subnormal. */
    private static final float EXP_LOW = -104;
    /** Above it exp is infinite. */
    private static final float EXP_HIGH = 89;
    private static final float INV_SQRT_2PI = (float) 0.3989422804014327;
    /** √(2/π) and the cubic coefficient of GELU's tanh form. */
    private static final float GELU_SCALE = (float) 0.7978845608028654;
    private static final float GELU_CUBIC = 0.044715f * GELU_SCALE;
    /** Beyond it Φ(−x) and φ(x) are below half the smallest subnormal. */
    private static final float BELL_END = 15;

    private VectorMath() {
    }

    /** In place e^(x − shift) of n values. */
    static void exponentials(float[] x, int at, int n, float shift) {
        exponentials(x, at, 1, n, n, shift);
    }

    /**
     * In place e^(x − shift) of {@code runs} runs of n values, which begin {@code stride} apart. eˣ is within 1.1 units in the last place. x = k·ln 2 + r,
     * |r| ≤ ln 2 / 2; the factor 2ᵏ is applied as two factors, so that subnormal results are rounded once and overflow gives infinity.
     */
    static void exponentials(float[] x, int at, int runs, int n, int stride, float shift) {
        for (int run = at; run < at + runs * stride; run += stride)
            for (int i = run; i < run + n; i += L) {
                FloatVector v = FloatVector.fromArray(F, x, i).sub(shift);
                v = v.blend(EXP_LOW, v.compare(LT, EXP_LOW));
                v = v.blend(EXP_HIGH, v.compare(GT, EXP_HIGH));
                FloatVector rounded = v.lanewise(FMA, LOG2_E, ROUND);
                FloatVector k = rounded.sub(ROUND);
                FloatVector r = k.lanewise(FMA, -LN2_HIGH, v);
                r = k.lanewise(FMA, -LN2_LOW, r);
                FloatVector p = r.lanewise(FMA, 0.001381454f, 0.008368745f);
                p = r.lanewise(FMA, p, 0.04166839f);
                p = r.lanewise(FMA, p, 0.16666521f);
                p = r.lanewise(FMA, p, 0.49999994f);
                p = r.mul(r).lanewise(FMA, p, r).add(1f);
                IntVector power = rounded.reinterpretAsInts().sub(Float.floatToRawIntBits(ROUND));
                IntVector half = power.lanewise(ASHR, 1);
                p = p.mul(half.add(127).lanewise(LSHL, 23).reinterpretAsFloats());
                p.mul(power.sub(half).add(127).lanewise(LSHL, 23).reinterpretAsFloats()).intoArray(x, i);
            }
    }

    // ---- sigmoid: z = e^(−|x|); sigmoid(|x|) = 1 / (1 + z), sigmoid(−|x|) = z / (1 + z), exact in the tails ----

    /** z = −|x|. */
    static void negativeSize(float[] x, int xAt, float[] z, int n) {
        for (int i = 0; i < n; i += L)
            FloatVector.fromArray(F, x, xAt + i).abs().neg().intoArray(z, i);
    }

    /** y = sigmoid(x), within 3 units in the last place over the whole range, or x · sigmoid(x); z = e^(−|x|). */
    static void sigmoid(float[] x, int xAt, float[] z, boolean timesX, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(F, x, xAt + i);
            FloatVector e = FloatVector.fromArray(F, z, i);
            FloatVector large = FloatVector.broadcast(F, 1f).div(e.add(1f));
            FloatVector s = large.blend(e.mul(large), v.compare(LT, 0f));
            if (timesX)
                s.mul(v).intoArray(y, yAt + i);
            else
                s.intoArray(y, yAt + i);
        }
    }

    /** Derivative of x · sigmoid(x): s·(1 + x·(1 − s)), with 1 − s = sigmoid(−x) computed without cancellation; z = e^(−|x|). */
    static void siluDerivative(float[] x, int xAt, float[] z, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(F, x, xAt + i);
            FloatVector e = FloatVector.fromArray(F, z, i);
            FloatVector large = FloatVector.broadcast(F, 1f).div(e.add(1f));
            FloatVector small = e.mul(large);
            VectorMask<Float> negative = v.compare(LT, 0f);
            FloatVector s = large.blend(small, negative);
            v.mul(small.blend(large, negative)).lanewise(FMA, s, s).intoArray(y, yAt + i);
        }
    }

    // ---- tanh ----

    /** z = 2·|x|. */
    static void twiceSize(float[] x, int xAt, float[] z, int n) {
        for (int i = 0; i < n; i += L)
            FloatVector.fromArray(F, x, xAt + i).abs().mul(2f).intoArray(z, i);
    }

    /** y = tanh(x), within 2 units in the last place: an odd polynomial below 0.625, else 1 − 2 / (z + 1); z = e^(2|x|). */
    static void tanh(float[] x, int xAt, float[] z, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(F, x, xAt + i);
            FloatVector a = v.abs();
            FloatVector square = a.mul(a);
            FloatVector p = square.lanewise(FMA, -0.005704987f, 0.020639088f);
            p = square.lanewise(FMA, p, -0.053739715f);
            p = square.lanewise(FMA, p, 0.13331442f);
            p = square.lanewise(FMA, p, -0.3333328f);
            FloatVector small = a.mul(square).lanewise(FMA, p, a);
            FloatVector large = FloatVector.broadcast(F, 2f).div(FloatVector.fromArray(F, z, i).add(1f)).neg().add(1f);
            IntVector sign = v.reinterpretAsInts().and(Integer.MIN_VALUE);
            large.blend(small, a.compare(LT, 0.625f)).reinterpretAsInts().or(sign).reinterpretAsFloats().intoArray(y, yAt + i);
        }
    }

    // ---- Φ, the standard normal distribution function ----

    /** z = −u²/2, u = min(|x|, 15). */
    static void bellArgument(float[] x, int xAt, float[] z, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector u = FloatVector.fromArray(F, x, xAt + i).abs();
            u = u.blend(BELL_END, u.compare(GT, BELL_END));
            u.mul(u).mul(-0.5f).intoArray(z, i);
        }
    }

    /** In place z = e^(−u²/2) from the exponential of the rounded argument: that rounding error would be magnified, so it is put right here. */
    static void bell(float[] x, int xAt, float[] z, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector u = FloatVector.fromArray(F, x, xAt + i).abs();
            u = u.blend(BELL_END, u.compare(GT, BELL_END));
            FloatVector e = FloatVector.fromArray(F, z, i);
            FloatVector rest = u.lanewise(FMA, u, u.mul(u).neg());
            e.lanewise(FMA, rest.mul(-0.5f), e).intoArray(z, i);
        }
    }

    /**
     * y = Φ(x): within 4 units in the last place for x &gt; −4, relative error below 10⁻⁶ in the tail. With u = |x|, Φ(−u) = e^(−u²/2) · G, where
     * G = e^(u²/2) Φ(−u) is smooth; fitted over s = (u − 3) / (u + 3).
     *
     * @param bell e^(−u²/2)
     */
    static void normalDistribution(float[] x, int xAt, float[] bell, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(F, x, xAt + i);
            FloatVector u = v.abs();
            u = u.blend(BELL_END, u.compare(GT, BELL_END));
            FloatVector s = u.sub(3f).div(u.add(3f));
            FloatVector p = s.lanewise(FMA, 5.267653e-05f, 1.1450469e-04f);
            p = s.lanewise(FMA, p, -3.3854606e-04f);
            p = s.lanewise(FMA, p, -9.828225e-04f);
            p = s.lanewise(FMA, p, 2.9042137e-03f);
            p = s.lanewise(FMA, p, 6.1318115e-03f);
            p = s.lanewise(FMA, p, -0.046213236f);
            p = s.lanewise(FMA, p, 0.123225056f);
            p = s.lanewise(FMA, p, -0.20640261f);
            p = s.lanewise(FMA, p, 0.12151395f);
            FloatVector tail = FloatVector.fromArray(F, bell, i).mul(p);
            tail.neg().add(1f).blend(tail, v.compare(LT, 0f)).intoArray(y, yAt + i);
        }
    }

    /** y += x · φ(x): makes the derivative of x · Φ(x) of Φ(x). */
    static void addTimesDensity(float[] x, int xAt, float[] bell, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector slope = FloatVector.fromArray(F, x, xAt + i).mul(FloatVector.fromArray(F, bell, i));
            slope.lanewise(FMA, INV_SQRT_2PI, FloatVector.fromArray(F, y, yAt + i)).intoArray(y, yAt + i);
        }
    }

    // ---- GELU's tanh form: x · sigmoid(2t), t = √(2/π)·(x + 0.044715·x³), which has the sign of x ----

    /** z = −|2t|. */
    static void geluTanhArgument(float[] x, int xAt, float[] z, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(F, x, xAt + i);
            v.mul(v).lanewise(FMA, 2 * GELU_CUBIC, 2 * GELU_SCALE).mul(v).abs().neg().intoArray(z, i);
        }
    }

    /** The derivative s + x·s·(1 − s)·2·√(2/π)·(1 + 3·0.044715·x²), s = sigmoid(2t); z = e^(−|2t|). */
    static void geluTanhDerivative(float[] x, int xAt, float[] z, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(F, x, xAt + i);
            FloatVector e = FloatVector.fromArray(F, z, i);
            FloatVector large = FloatVector.broadcast(F, 1f).div(e.add(1f));
            FloatVector small = e.mul(large);
            FloatVector slope = v.mul(v).lanewise(FMA, 6 * GELU_CUBIC, 2 * GELU_SCALE);
            slope.mul(v).mul(small.mul(large)).add(large.blend(small, v.compare(LT, 0f))).intoArray(y, yAt + i);
        }
    }

    // ---- ReLU ----

    /** y = max(x, 0), or its derivative: 1 above 0, 0 up to it. */
    static void relu(float[] x, int xAt, boolean derivative, float[] y, int yAt, int n) {
        for (int i = 0; i < n; i += L) {
            FloatVector v = FloatVector.fromArray(F, x, xAt + i);
            FloatVector positive = v.blend(0f, v.compare(LT, 0f));
            if (derivative)
                positive.blend(1f, v.compare(GT, 0f)).intoArray(y, yAt + i);
            else
                positive.blend(0f, v.compare(EQ, 0f)).intoArray(y, yAt + i);
        }
    }
}
