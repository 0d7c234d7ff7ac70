package dev.crane.engine.backend.reference;

import dev.crane.engine.backend.host.HostTensor;

/** Rotary positions, half-split: components i and i + r of a head are the two coordinates of one rotation. */
final class Rotation {
    private Rotation() {
    }

    static void rotate(HostTensor x, int headDim, int[] positions, HostTensor cos, HostTensor sin, boolean inverse) {
        int r = cos.columns();
        for (int t = 0; t < x.rows(); t++)
            for (int head = t * x.columns(); head < (t + 1) * x.columns(); head += headDim)
                for (int i = 0; i < r; i++) {
                    double c = cos.data()[positions[t] * r + i];
                    double s = sin.data()[positions[t] * r + i] * (inverse ? -1.0 : 1.0);
                    double first = x.data()[head + i];
                    double second = x.data()[head + i + r];
                    x.data()[head + i] = (float) (first * c - second * s);
                    x.data()[head + i + r] = (float) (second * c + first * s);
                }
    }
}
