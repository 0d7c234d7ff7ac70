package dev.crane.engine.backend.reference;

import dev.crane.engine.backend.host.HostTensor;
import dev.crane.engine.backend.host.HostWeight;

/** z = x · Wᵀ + bias and its backward dx = dz · W; both with the signs of x and W taken off, for LRP-γ. */
final class Linear {
    private Linear() {
    }

    static void forward(HostWeight w, HostWeight bias, HostTensor x, HostTensor z) {
        int in = w.in();
        int out = w.out();
        float[] b = bias == null ? new float[out] : bias.vector();
        for (int j = 0; j < out; j++) {
            float[] row = w.row(j);
            for (int t = 0; t < x.rows(); t++) {
                double sum = 0;
                for (int i = 0; i < in; i++)
                    sum += (double) x.data()[t * in + i] * row[i];
                z.data()[t * out + j] = (float) (sum + b[j]);
            }
        }
    }

    static void backwardInput(HostWeight w, HostTensor dz, HostTensor dx, boolean accumulate) {
        int in = w.in();
        int out = w.out();
        double[] sum = new double[dx.elements()];
        for (int j = 0; j < out; j++) {
            float[] row = w.row(j);
            for (int t = 0; t < dz.rows(); t++)
                for (int i = 0; i < in; i++)
                    sum[t * in + i] += (double) dz.data()[t * out + j] * row[i];
        }
        for (int i = 0; i < sum.length; i++)
            dx.data()[i] = (float) (accumulate ? dx.data()[i] + sum[i] : sum[i]);
    }

    static void magnitudes(HostWeight w, HostTensor x, HostTensor z) {
        int in = w.in();
        int out = w.out();
        for (int j = 0; j < out; j++) {
            float[] row = w.row(j);
            for (int t = 0; t < x.rows(); t++) {
                double sum = 0;
                for (int i = 0; i < in; i++)
                    sum += Math.abs((double) x.data()[t * in + i] * row[i]);
                z.data()[t * out + j] = (float) sum;
            }
        }
    }

    static void magnitudesBackward(HostWeight w, HostTensor x, HostTensor dz, HostTensor dx) {
        int in = w.in();
        int out = w.out();
        double[] sum = new double[dx.elements()];
        for (int j = 0; j < out; j++) {
            float[] row = w.row(j);
            for (int t = 0; t < dz.rows(); t++)
                for (int i = 0; i < in; i++)
                    sum[t * in + i] += (double) dz.data()[t * out + j] * Math.abs(row[i]);
        }
        for (int i = 0; i < sum.length; i++)
            dx.data()[i] = (float) (dx.data()[i] + Math.signum(x.data()[i]) * sum[i]);
    }

    static void gammaRule(HostTensor z, HostWeight bias, float gamma, HostTensor gradient, HostTensor magnitudes) {
        float[] b = bias == null ? new float[z.columns()] : bias.vector();
        for (int i = 0; i < z.elements(); i++) {
            double value = z.data()[i];
            double sign = value < 0 ? -1 : 1;
            double ofItsSign = Math.max(0, (sign * (value - b[i % b.length]) + magnitudes.data()[i]) / 2);
            double share = value == 0 ? 0 : Math.abs(value) / (Math.abs(value) + gamma * ofItsSign);
            double c = gradient.data()[i] * share;
            gradient.data()[i] = (float) ((1 + gamma / 2.0) * c);
            magnitudes.data()[i] = (float) (sign * gamma / 2.0 * c);
        }
    }
}
