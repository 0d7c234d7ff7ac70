package dev.crane.engine.backend.reference;

import dev.crane.engine.backend.Activation;

/** The activation functions in f64. */
final class Scalars {
    private static final double TANH_SCALE = Math.sqrt(2 / Math.PI);
    private static final double TANH_CUBIC = 0.044715;

    private Scalars() {
    }

    /** a(x). */
    static double value(Activation activation, double x) {
        return activation == Activation.RELU ? Math.max(x, 0) : x * ratio(activation, x);
    }

    /** a(x) / x: sigmoid, Φ, …; at 0 its limit, but 0 for ReLU. */
    static double ratio(Activation activation, double x) {
        return switch (activation) {
            case SILU -> sigmoid(x);
            case GELU -> normalDistribution(x);
            case GELU_TANH -> sigmoid(2 * TANH_SCALE * (x + TANH_CUBIC * x * x * x));
            case RELU -> Double.isNaN(x) ? x : x > 0 ? 1 : 0;
        };
    }

    /** a′(x); 0 at ReLU's kink. */
    static double derivative(Activation activation, double x) {
        double ratio = ratio(activation, x);
        return switch (activation) {
            case SILU -> ratio * (1 + x * sigmoid(-x));
            case GELU -> ratio + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
            case GELU_TANH -> {
                double inner = TANH_SCALE * (x + TANH_CUBIC * x * x * x);
                yield ratio + x * ratio * sigmoid(-2 * inner) * 2 * TANH_SCALE * (1 + 3 * TANH_CUBIC * x * x);
            }
            case RELU -> ratio;
        };
    }

    static double sigmoid(double x) {
        return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
    }

    /**
     * Φ(x). Near 0 by the series Φ(x) = ½ + φ(x)·(x + x³/3 + x⁵/(3·5) + …), in the tails by the continued fraction
     * 1 − Φ(x) = φ(x) / (x + 1/(x + 2/(x + 3/(x + …)))) (Abramowitz and Stegun 26.2.11 and 26.2.14).
     */
    static double normalDistribution(double x) {
        double density = Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
        double size = Math.abs(x);
        if (size < 3) {
            double sum = 0;
            double term = x;
            for (int n = 3; Math.abs(term) > 1e-18 * Math.abs(sum); n += 2) {
                sum += term;
                term *= x * x / n;
            }
            return 0.5 + density * sum;
        }
        if (size > 40) // φ is 0 in f64
            return x > 0 ? 1 : 0;
        double fraction = size;
        for (int n = 100; n > 0; n--)
            fraction = size + n / fraction;
        return x > 0 ? 1 - density / fraction : Double.isNaN(x) ? x : density / fraction;
    }
}
