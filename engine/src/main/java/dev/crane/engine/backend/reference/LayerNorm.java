package dev.crane.engine.backend.reference;

import dev.crane.engine.backend.host.HostTensor;
import dev.crane.engine.backend.host.HostWeight;
import dev.crane.engine.relevance.Rule;

/** y = (x − mean(x)) / √(var(x) + eps) · w + bias and its backward. */
final class LayerNorm {
    private LayerNorm() {
    }

    static void forward(HostTensor x, HostTensor delta, HostWeight w, HostWeight bias, float eps, HostTensor y, HostTensor inverse) {
        int d = x.columns();
        float[] weight = w.vector();
        float[] b = bias == null ? new float[d] : bias.vector();
        for (int t = 0; t < x.rows(); t++) {
            if (delta != null)
                for (int i = t * d; i < (t + 1) * d; i++)
                    x.data()[i] += delta.data()[i];
            double mean = mean(x, t);
            double squares = 0;
            for (int i = t * d; i < (t + 1) * d; i++)
                squares += (x.data()[i] - mean) * (x.data()[i] - mean);
            double inv = 1 / Math.sqrt(squares / d + eps);
            inverse.data()[t] = (float) inv;
            for (int i = 0; i < d; i++)
                y.data()[t * d + i] = (float) ((x.data()[t * d + i] - mean) * inv * weight[i] + b[i]);
        }
    }

    static void backward(HostTensor x, HostWeight w, HostTensor inverse, HostTensor dy, Rule rule, HostTensor dx) {
        int d = dy.columns();
        float[] weight = w.vector();
        for (int t = 0; t < dy.rows(); t++) {
            double inv = inverse.data()[t];
            double mean = rule.normReadsInput() ? mean(x, t) : 0;
            double meanG = 0;
            double meanGx = 0;
            for (int i = 0; i < d; i++) {
                double g = (double) dy.data()[t * d + i] * weight[i];
                meanG += g / d;
                if (rule.normReadsInput())
                    meanGx += g * (x.data()[t * d + i] - mean) * inv / d;
            }
            for (int i = 0; i < d; i++) {
                double normed = rule.normReadsInput() ? (x.data()[t * d + i] - mean) * inv : 0;
                double through = rule.norm(dy.data()[t * d + i] * weight[i], (float) normed, (float) meanGx) - meanG;
                dx.data()[t * d + i] = (float) (dx.data()[t * d + i] + inv * through);
            }
        }
    }

    private static double mean(HostTensor x, int t) {
        int d = x.columns();
        double sum = 0;
        for (int i = t * d; i < (t + 1) * d; i++)
            sum += x.data()[i];
        return sum / d;
    }
}
