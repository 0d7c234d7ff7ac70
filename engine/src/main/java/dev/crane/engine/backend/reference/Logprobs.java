package dev.crane.engine.backend.reference;

import dev.crane.engine.backend.host.HostTensor;

/** Log-softmax of rows of logits at given tokens, and its backward. */
final class Logprobs {
    private Logprobs() {
    }

    static void forward(HostTensor logits, int[] tokens, float[] logprobs, int[] greedy) {
        int v = logits.columns();
        for (int t = 0; t < logits.rows(); t++) {
            greedy[t] = argmax(logits, t);
            logprobs[t] = (float) (logits.data()[t * v + tokens[t]] - logSumExp(logits, t));
        }
    }

    static void backward(HostTensor logits, int[] tokens, float[] coefficients) {
        int v = logits.columns();
        for (int t = 0; t < logits.rows(); t++) {
            double logSumExp = logSumExp(logits, t);
            for (int i = 0; i < v; i++) {
                double softmax = Math.exp(logits.data()[t * v + i] - logSumExp);
                logits.data()[t * v + i] = (float) (coefficients[t] * ((i == tokens[t] ? 1 : 0) - softmax));
            }
        }
    }

    static void softcap(HostTensor x, float cap) {
        for (int i = 0; i < x.elements(); i++)
            x.data()[i] = (float) (cap * Math.tanh((double) x.data()[i] / cap));
    }

    private static int argmax(HostTensor logits, int t) {
        int best = 0;
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < logits.columns(); i++)
            if (logits.data()[t * logits.columns() + i] > largest) {
                largest = logits.data()[t * logits.columns() + i];
                best = i;
            }
        return best;
    }

    private static double logSumExp(HostTensor logits, int t) {
        double max = logits.data()[t * logits.columns() + argmax(logits, t)];
        double sum = 0;
        for (int i = 0; i < logits.columns(); i++)
            sum += Math.exp(logits.data()[t * logits.columns() + i] - max);
        return max + Math.log(sum);
    }
}
