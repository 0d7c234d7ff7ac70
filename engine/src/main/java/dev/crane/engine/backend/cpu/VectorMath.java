package dev.crane.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

import static dev.crane.engine.backend.cpu.Lanes.F;

/**
 * Elementary functions as fixed sequences of additions, multiplications and fused multiply-adds. The Vector API's own EXP and TANH are not used: they
 * call a vendor library where there is one and {@link Math} elsewhere, so their bits change with the machine and between the interpreter and compiled
 * code. NaN gives NaN. The polynomials are minimax fits in the relative error of the result.
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
    private static final float GELU_CUBIC = 0.044715f;

    private VectorMath() {
    }

    private static FloatVector constant(float c) {
        return FloatVector.broadcast(F, c);
    }

    /**
     * eˣ, within 1.1 units in the last place (half of one subnormal step below 2⁻¹²⁶). x = n·ln 2 + r, |r| ≤ ln 2 / 2; the factor 2ⁿ is applied as two
     * factors, so that subnormal results are rounded once and overflow gives infinity.
     */
    static FloatVector exp(FloatVector x) {
        FloatVector c = x.blend(EXP_LOW, x.compare(VectorOperators.LT, EXP_LOW));
        c = c.blend(EXP_HIGH, c.compare(VectorOperators.GT, EXP_HIGH));
        FloatVector rounded = c.fma(constant(LOG2_E), constant(ROUND));
        FloatVector n = rounded.sub(ROUND);
        FloatVector r = n.fma(constant(-LN2_HIGH), c);
        r = n.fma(constant(-LN2_LOW), r);
        FloatVector p = constant(0.001381454f).fma(r, constant(0.008368745f));
        p = p.fma(r, constant(0.04166839f));
        p = p.fma(r, constant(0.16666521f));
        p = p.fma(r, constant(0.49999994f));
        p = r.mul(r).fma(p, r).add(1f);
        IntVector power = rounded.reinterpretAsInts().sub(Float.floatToRawIntBits(ROUND));
        IntVector half = power.lanewise(VectorOperators.ASHR, 1);
        return p.mul(powerOfTwo(half)).mul(powerOfTwo(power.sub(half)));
    }

    private static FloatVector powerOfTwo(IntVector n) {
        return n.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
    }

    /** 1 / (1 + e⁻ˣ), within 3 units in the last place over the whole range. */
    static FloatVector sigmoid(FloatVector x) {
        FloatVector z = exp(x.abs().neg());
        FloatVector large = constant(1f).div(z.add(1f));
        return large.blend(z.mul(large), x.compare(VectorOperators.LT, 0f));
    }

    /** Derivative of x · sigmoid(x): s·(1 + x·(1 − s)), with 1 − s = sigmoid(−x) computed without cancellation. */
    static FloatVector siluDerivative(FloatVector x) {
        FloatVector z = exp(x.abs().neg());
        FloatVector large = constant(1f).div(z.add(1f));
        FloatVector small = z.mul(large);
        VectorMask<Float> negative = x.compare(VectorOperators.LT, 0f);
        FloatVector s = large.blend(small, negative);
        FloatVector complement = small.blend(large, negative);
        return x.mul(complement).fma(s, s);
    }

    /** tanh(x), within 2 units in the last place: an odd polynomial below 0.625, else 1 − 2 / (e²ˣ + 1). */
    static FloatVector tanh(FloatVector x) {
        FloatVector a = x.abs();
        FloatVector z = a.mul(a);
        FloatVector p = constant(-0.005704987f).fma(z, constant(0.020639088f));
        p = p.fma(z, constant(-0.053739715f));
        p = p.fma(z, constant(0.13331442f));
        p = p.fma(z, constant(-0.3333328f));
        FloatVector small = a.mul(z).fma(p, a);
        FloatVector large = constant(1f).sub(constant(2f).div(exp(a.add(a)).add(1f)));
        IntVector sign = x.reinterpretAsInts().and(Integer.MIN_VALUE);
        return large.blend(small, a.compare(VectorOperators.LT, 0.625f)).reinterpretAsInts().or(sign).reinterpretAsFloats();
    }

    /** e^(−u²/2) for 0 ≤ u ≤ 15; the rounding error of u² is carried along, or it would be magnified by the exponential. */
    private static FloatVector bell(FloatVector u) {
        FloatVector square = u.mul(u);
        FloatVector rest = u.fma(u, square.neg());
        FloatVector e = exp(square.mul(-0.5f));
        return e.fma(rest.mul(-0.5f), e);
    }

    /**
     * Φ(x), the standard normal distribution function: within 4 units in the last place for x &gt; −4, relative error below 10⁻⁶ in the tail. With u = |x|,
     * Φ(−u) = e^(−u²/2) · G, where G = e^(u²/2) Φ(−u) is smooth; fitted over s = (u − 3) / (u + 3).
     */
    static FloatVector normalDistribution(FloatVector x) {
        FloatVector u = limited(x);
        return upperOrLower(x, lowerTail(u, bell(u)));
    }

    /** Derivative of x · Φ(x): Φ(x) + x·φ(x). */
    static FloatVector geluDerivative(FloatVector x) {
        FloatVector u = limited(x);
        FloatVector e = bell(u);
        return x.mul(e).fma(constant(INV_SQRT_2PI), upperOrLower(x, lowerTail(u, e)));
    }

    private static FloatVector limited(FloatVector x) {
        FloatVector a = x.abs();
        return a.blend(15f, a.compare(VectorOperators.GT, 15f));
    }

    private static FloatVector lowerTail(FloatVector u, FloatVector bell) {
        FloatVector s = u.sub(3f).div(u.add(3f));
        FloatVector p = constant(5.267653e-05f).fma(s, constant(1.1450469e-04f));
        p = p.fma(s, constant(-3.3854606e-04f));
        p = p.fma(s, constant(-9.828225e-04f));
        p = p.fma(s, constant(2.9042137e-03f));
        p = p.fma(s, constant(6.1318115e-03f));
        p = p.fma(s, constant(-0.046213236f));
        p = p.fma(s, constant(0.123225056f));
        p = p.fma(s, constant(-0.20640261f));
        p = p.fma(s, constant(0.12151395f));
        return bell.mul(p);
    }

    private static FloatVector upperOrLower(FloatVector x, FloatVector tail) {
        return constant(1f).sub(tail).blend(tail, x.compare(VectorOperators.LT, 0f));
    }

    /** GELU's tanh form divided by x: ½(1 + tanh(y)) = sigmoid(2y) with y = √(2/π)·(x + 0.044715·x³). */
    static FloatVector geluTanhRatio(FloatVector x) {
        FloatVector y = x.mul(x).fma(constant(GELU_CUBIC * GELU_SCALE), constant(GELU_SCALE)).mul(x);
        return sigmoid(y.add(y));
    }

    /** Derivative of GELU's tanh form: s + x·s·(1 − s)·2·√(2/π)·(1 + 3·0.044715·x²). */
    static FloatVector geluTanhDerivative(FloatVector x) {
        FloatVector square = x.mul(x);
        FloatVector y = square.fma(constant(GELU_CUBIC * GELU_SCALE), constant(GELU_SCALE)).mul(x);
        FloatVector z = exp(y.add(y).abs().neg());
        FloatVector large = constant(1f).div(z.add(1f));
        FloatVector small = z.mul(large);
        VectorMask<Float> negative = x.compare(VectorOperators.LT, 0f);
        FloatVector slope = square.fma(constant(6 * GELU_CUBIC * GELU_SCALE), constant(2 * GELU_SCALE));
        return slope.mul(x).mul(small.mul(large)).add(large.blend(small, negative));
    }
}
