package dev.crane.engine.backend.cpu;

import dev.crane.engine.backend.Activation;

import static dev.crane.engine.backend.cpu.Lanes.L;

/** The functions of one variable that ops apply to whole rows. */
enum UnaryFunction {
    EXP, SIGMOID, SILU, SILU_DERIVATIVE, TANH, NORMAL_DISTRIBUTION, GELU, GELU_DERIVATIVE, GELU_TANH_RATIO, GELU_TANH, GELU_TANH_DERIVATIVE, RELU, STEP;

    /** Length of the scratch array that {@link #apply} needs. */
    static final int SCRATCH = 1024;
    /** Values between passes, so that they stay in the first-level cache; a multiple of every vector length. */
    private static final int BLOCK = SCRATCH - 32;

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

    /** a(x) / x or a′. */
    static UnaryFunction factor(Activation activation, boolean ratio) {
        return ratio ? ratio(activation) : derivative(activation);
    }

    /** y[yAt + i] = f(x[xAt + i]) for i &lt; n, with {@link #SCRATCH} values to work in. */
    void apply(float[] x, int xAt, float[] y, int yAt, int n, float[] scratch) {
        int whole = n / L * L;
        for (int i = 0; i < whole; i += BLOCK)
            block(x, xAt + i, y, yAt + i, Math.min(BLOCK, whole - i), scratch);
        if (whole < n) {
            int in = BLOCK;
            int out = in + L;
            System.arraycopy(x, xAt + whole, scratch, in, n - whole);
            block(scratch, in, scratch, out, L, scratch);
            System.arraycopy(scratch, out, y, yAt + whole, n - whole);
        }
    }

    /** The same for n ≤ BLOCK, a multiple of the vector length; uses the first n values of scratch. */
    private void block(float[] x, int xAt, float[] y, int yAt, int n, float[] scratch) {
        switch (this) {
            case EXP -> {
                System.arraycopy(x, xAt, scratch, 0, n);
                VectorMath.exponentials(scratch, 0, n, 0);
                System.arraycopy(scratch, 0, y, yAt, n);
            }
            case SIGMOID, SILU, SILU_DERIVATIVE -> {
                VectorMath.negativeSize(x, xAt, scratch, n);
                VectorMath.exponentials(scratch, 0, n, 0);
                if (this == SILU_DERIVATIVE)
                    VectorMath.siluDerivative(x, xAt, scratch, y, yAt, n);
                else
                    VectorMath.sigmoid(x, xAt, scratch, this == SILU, y, yAt, n);
            }
            case TANH -> {
                VectorMath.twiceSize(x, xAt, scratch, n);
                VectorMath.exponentials(scratch, 0, n, 0);
                VectorMath.tanh(x, xAt, scratch, y, yAt, n);
            }
            case NORMAL_DISTRIBUTION, GELU, GELU_DERIVATIVE -> {
                VectorMath.bellArgument(x, xAt, scratch, n);
                VectorMath.exponentials(scratch, 0, n, 0);
                VectorMath.bell(x, xAt, scratch, n);
                VectorMath.normalDistribution(x, xAt, scratch, y, yAt, n);
                if (this == GELU)
                    RowArithmetic.multiply(y, yAt, 1, x, xAt, y, yAt, n);
                else if (this == GELU_DERIVATIVE)
                    VectorMath.addTimesDensity(x, xAt, scratch, y, yAt, n);
            }
            case GELU_TANH_RATIO, GELU_TANH, GELU_TANH_DERIVATIVE -> {
                VectorMath.geluTanhArgument(x, xAt, scratch, n);
                VectorMath.exponentials(scratch, 0, n, 0);
                if (this == GELU_TANH_DERIVATIVE)
                    VectorMath.geluTanhDerivative(x, xAt, scratch, y, yAt, n);
                else
                    VectorMath.sigmoid(x, xAt, scratch, this == GELU_TANH, y, yAt, n);
            }
            case RELU, STEP -> VectorMath.relu(x, xAt, this == STEP, y, yAt, n);
        }
    }
}
