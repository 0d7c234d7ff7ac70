package dev.crane.engine.backend.reference;

import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.host.HostTensor;

/** Sums over the tokens of each sequence and over the width of each row. */
final class Reductions {
    private Reductions() {
    }

    static void dot(HostTensor z, HostTensor delta, Segments segments, HostTensor out) {
        int width = z.columns();
        for (int b = 0; b < segments.count(); b++)
            for (int i = 0; i < width; i++) {
                double sum = 0;
                for (int t = segments.start(b); t < segments.start(b) + segments.length(b); t++)
                    sum += (double) z.data()[t * width + i] * delta.data()[t * width + i];
                out.data()[b * width + i] = (float) sum;
            }
    }

    static void weightedSum(HostTensor s, HostTensor delta, Segments segments, HostTensor out) {
        int width = delta.columns();
        for (int b = 0; b < segments.count(); b++)
            for (int i = 0; i < width; i++) {
                double sum = 0;
                for (int t = segments.start(b); t < segments.start(b) + segments.length(b); t++)
                    sum += (double) s.data()[t] * delta.data()[t * width + i];
                out.data()[b * width + i] = (float) sum;
            }
    }

    static void reduce(HostTensor x, Segments segments, Reduction reduction, HostTensor out) {
        int width = x.columns();
        for (int b = 0; b < segments.count(); b++)
            for (int i = 0; i < width; i++) {
                double result = reduction == Reduction.MAX ? Double.NEGATIVE_INFINITY : 0;
                for (int t = segments.start(b); t < segments.start(b) + segments.length(b); t++) {
                    double value = x.data()[t * width + i];
                    result = switch (reduction) {
                        case MEAN -> result + value;
                        case MEAN_ABS -> result + Math.abs(value);
                        case MAX -> Math.max(result, value);
                        case COUNT_POSITIVE -> value > 0 ? result + 1 : result;
                        case NORM -> result + value * value;
                    };
                }
                out.data()[b * width + i] = (float) switch (reduction) {
                    case MEAN, MEAN_ABS -> result / segments.length(b);
                    case MAX, COUNT_POSITIVE -> result;
                    case NORM -> Math.sqrt(result);
                };
            }
    }

    static void rowSums(HostTensor x, HostTensor out) {
        for (int t = 0; t < x.rows(); t++) {
            double sum = 0;
            for (int i = t * x.columns(); i < (t + 1) * x.columns(); i++)
                sum += x.data()[i];
            out.data()[t] = (float) sum;
        }
    }

    static void rowDots(HostTensor x, HostTensor y, HostTensor out) {
        for (int t = 0; t < x.rows(); t++) {
            double sum = 0;
            for (int i = t * x.columns(); i < (t + 1) * x.columns(); i++)
                sum += (double) x.data()[i] * y.data()[i];
            out.data()[t] = (float) sum;
        }
    }
}
