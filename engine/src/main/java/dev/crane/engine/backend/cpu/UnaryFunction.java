package dev.crane.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

import dev.crane.engine.backend.Activation;

import static dev.crane.engine.backend.cpu.Lanes.F;
import static dev.crane.engine.backend.cpu.Lanes.L;

/** The functions of one variable that ops apply to whole rows. */
enum UnaryFunction {
    SIGMOID, SILU, SILU_DERIVATIVE, NORMAL_DISTRIBUTION, GELU, GELU_DERIVATIVE, GELU_TANH_RATIO, GELU_TANH, GELU_TANH_DERIVATIVE, STEP, RELU, EXP, TANH;

    /** a. */
    static UnaryFunction value(Activation activation) {
        return switch (activation) {
            case SILU -> SILU;
            case GELU -> GELU;
            case GELU_TANH -> GELU_TANH;
            case RELU -> RELU;
        };
    }

    /** a(x) / x. */
    static UnaryFunction ratio(Activation activation) {
        return switch (activation) {
            case SILU -> SIGMOID;
            case GELU -> NORMAL_DISTRIBUTION;
            case GELU_TANH -> GELU_TANH_RATIO;
            case RELU -> STEP;
        };
    }

    /** a′. */
    static UnaryFunction derivative(Activation activation) {
        return switch (activation) {
            case SILU -> SILU_DERIVATIVE;
            case GELU -> GELU_DERIVATIVE;
            case GELU_TANH -> GELU_TANH_DERIVATIVE;
            case RELU -> STEP;
        };
    }

    /** y[yAt + i] = f(x[xAt + i]) for i &lt; n; x and y may be the same place. */
    void apply(float[] x, int xAt, float[] y, int yAt, int n) {
        int i = 0;
        for (; i <= n - L; i += L)
            store(FloatVector.fromArray(F, x, xAt + i), y, yAt + i);
        if (i < n) {
            float[] rest = new float[L];
            System.arraycopy(x, xAt + i, rest, 0, n - i);
            store(FloatVector.fromArray(F, rest, 0), rest, 0);
            System.arraycopy(rest, 0, y, yAt + i, n - i);
        }
    }

    // Every case stores its own result: a vector that came out of the switch would be an object on the heap.
    private void store(FloatVector x, float[] y, int at) {
        switch (this) {
            case SIGMOID -> VectorMath.sigmoid(x).intoArray(y, at);
            case SILU -> VectorMath.sigmoid(x).mul(x).intoArray(y, at);
            case SILU_DERIVATIVE -> VectorMath.siluDerivative(x).intoArray(y, at);
            case NORMAL_DISTRIBUTION -> VectorMath.normalDistribution(x).intoArray(y, at);
            case GELU -> VectorMath.normalDistribution(x).mul(x).intoArray(y, at);
            case GELU_DERIVATIVE -> VectorMath.geluDerivative(x).intoArray(y, at);
            case GELU_TANH_RATIO -> VectorMath.geluTanhRatio(x).intoArray(y, at);
            case GELU_TANH -> VectorMath.geluTanhRatio(x).mul(x).intoArray(y, at);
            case GELU_TANH_DERIVATIVE -> VectorMath.geluTanhDerivative(x).intoArray(y, at);
            case STEP -> // 1 above 0, 0 up to it, NaN at NaN
                x.blend(0f, x.compare(VectorOperators.LE, 0f)).blend(1f, x.compare(VectorOperators.GT, 0f)).intoArray(y, at);
            case RELU -> x.blend(0f, x.compare(VectorOperators.LE, 0f)).intoArray(y, at);
            case EXP -> VectorMath.exp(x).intoArray(y, at);
            case TANH -> VectorMath.tanh(x).intoArray(y, at);
        }
    }
}
