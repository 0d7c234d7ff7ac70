package dev.crane.engine.backend.reference;

import dev.crane.engine.backend.host.HostTensor;
import dev.crane.engine.backend.host.HostWeight;

/** z = x · Wᵀ + bias and its backward dx = dz · W. */
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
}
