package dev.crane.engine.backend.reference;

import dev.crane.engine.backend.host.HostTensor;
import dev.crane.engine.backend.host.HostWeight;
import dev.crane.engine.relevance.Rule;

/** y = x / √(mean(x²) + eps) · (w + weightOffset) and its backward. */
final class RmsNorm {
    private RmsNorm() {
    }

    static void forward(HostTensor x, HostTensor delta, HostWeight w, float weightOffset, float eps, HostTensor y, HostTensor inverse) {
        int d = x.columns();
        float[] weight = w.vector();
        for (int t = 0; t < x.rows(); t++) {
            double squares = 0;
            for (int i = t * d; i < (t + 1) * d; i++) {
                if (delta != null)
                    x.data()[i] += delta.data()[i];
                squares += (double) x.data()[i] * x.data()[i];
            }
            double inv = 1 / Math.sqrt(squares / d + eps);
            inverse.data()[t] = (float) inv;
            for (int i = 0; i < d; i++)
                y.data()[t * d + i] = (float) (x.data()[t * d + i] * inv * ((double) weight[i] + weightOffset));
        }
    }

    static void backward(HostTensor x, HostWeight w, float weightOffset, HostTensor inverse, HostTensor dy, Rule rule,
            HostTensor dx) {
        int d = dy.columns();
        float[] weight = w.vector();
        double[] g = new double[d];
        for (int t = 0; t < dy.rows(); t++) {
            double inv = inverse.data()[t];
            double mean = 0;
            for (int i = 0; i < d; i++) {
                g[i] = dy.data()[t * d + i] * ((double) weight[i] + weightOffset);
                if (rule.normReadsInput())
                    mean += g[i] * x.data()[t * d + i] * inv / d;
            }
            for (int i = 0; i < d; i++) {
                double normed = rule.normReadsInput() ? x.data()[t * d + i] * inv : 0;
                double through = rule.norm((float) g[i], (float) normed, (float) mean);
                dx.data()[t * d + i] = (float) (dx.data()[t * d + i] + inv * through);
            }
        }
    }
}
