package dev.crane.engine.decoder;

import java.util.List;

import dev.crane.engine.decoder.Positions.Rope;

/**
 * The angular frequencies of rotary positions, in f32 with the order of operations of Hugging Face's {@code modeling_rope_utils.py}, because
 * models were trained with exactly these roundings.
 *
 * @param inverse f_i in radians a position, rotaryDim/2 of them
 * @param attentionScaling multiplies every cosine and sine
 */
public record RopeFrequencies(float[] inverse, float attentionScaling) {
    /**
     * The frequencies for sequences of a given length.
     *
     * @param sequenceLength tokens in the sequence; matters for {@link RopeScaling.LongRope} alone
     */
    public static RopeFrequencies of(Rope rope, int sequenceLength) {
        float[] wavelengths = wavelengths(rope);
        return switch (rope.scaling()) {
            case RopeScaling.None none -> new RopeFrequencies(reciprocals(wavelengths), 1);
            case RopeScaling.Linear linear -> new RopeFrequencies(linear(reciprocals(wavelengths), linear), 1);
            case RopeScaling.Llama3 llama3 -> new RopeFrequencies(llama3(reciprocals(wavelengths), llama3), 1);
            case RopeScaling.Yarn yarn -> new RopeFrequencies(yarn(wavelengths, rope, yarn), (float) yarn.attentionFactor());
            case RopeScaling.LongRope longRope -> new RopeFrequencies(longRope(wavelengths, longRope, sequenceLength),
                    (float) longRope.attentionFactor());
        };
    }

    /**
     * Cosines and sines of one position: cos(f_i · position) and sin(f_i · position), times the attention scaling. The angle is rounded to f32 before
     * the cosine is taken, as the models' own code does.
     *
     * @param cos receives inverse.length values from {@code offset} on
     * @param sin likewise
     */
    public void rotation(int position, float[] cos, float[] sin, int offset) {
        for (int i = 0; i < inverse.length; i++) {
            float angle = inverse[i] * position;
            cos[offset + i] = (float) Math.cos(angle) * attentionScaling;
            sin[offset + i] = (float) Math.sin(angle) * attentionScaling;
        }
    }

    /** θ^(2i/d), the wavelengths over 2π. */
    private static float[] wavelengths(Rope rope) {
        float[] w = new float[rope.rotaryDim() / 2];
        for (int i = 0; i < w.length; i++) {
            float exponent = (float) (2 * i) / rope.rotaryDim();
            w[i] = (float) Math.pow((float) rope.theta(), exponent);
        }
        return w;
    }

    private static float[] reciprocals(float[] wavelengths) {
        float[] f = new float[wavelengths.length];
        for (int i = 0; i < f.length; i++) {
            f[i] = 1 / wavelengths[i];
        }
        return f;
    }

    private static float[] linear(float[] f, RopeScaling.Linear scaling) {
        float[] scaled = new float[f.length];
        for (int i = 0; i < f.length; i++) {
            scaled[i] = f[i] / (float) scaling.factor();
        }
        return scaled;
    }

    private static float[] llama3(float[] f, RopeScaling.Llama3 scaling) {
        int original = scaling.originalMaxPositions();
        float factor = (float) scaling.factor();
        float low = (float) scaling.lowFrequencyFactor();
        float span = (float) (scaling.highFrequencyFactor() - scaling.lowFrequencyFactor());
        float shortest = (float) (original / scaling.highFrequencyFactor());
        float longest = (float) (original / scaling.lowFrequencyFactor());
        float[] scaled = new float[f.length];
        for (int i = 0; i < f.length; i++) {
            float wavelength = (float) (2 * Math.PI) / f[i];
            if (wavelength < shortest) {
                scaled[i] = f[i];
            } else if (wavelength > longest) {
                scaled[i] = f[i] / factor;
            } else {
                float smooth = (original / wavelength - low) / span;
                scaled[i] = (1 - smooth) * f[i] / factor + smooth * f[i];
            }
        }
        return scaled;
    }

    private static float[] yarn(float[] wavelengths, Rope rope, RopeScaling.Yarn scaling) {
        int dim = rope.rotaryDim();
        double low = yarnDimension(scaling.betaFast(), rope, scaling);
        double high = yarnDimension(scaling.betaSlow(), rope, scaling);
        if (scaling.truncate()) {
            low = Math.floor(low);
            high = Math.ceil(high);
        }
        low = Math.max(low, 0);
        high = Math.min(high, dim - 1);
        if (low == high) {
            high += 0.001; // a ramp of no width would divide by zero
        }
        float[] scaled = new float[wavelengths.length];
        for (int i = 0; i < wavelengths.length; i++) {
            float ramp = Math.clamp((i - (float) low) / (float) (high - low), 0f, 1f);
            float kept = 1 - ramp;
            float interpolated = 1 / ((float) scaling.factor() * wavelengths[i]);
            scaled[i] = interpolated * (1 - kept) + 1 / wavelengths[i] * kept;
        }
        return scaled;
    }

    /** The dimension whose frequency makes {@code turns} turns over the original length. */
    private static double yarnDimension(double turns, Rope rope, RopeScaling.Yarn scaling) {
        return rope.rotaryDim() * Math.log(scaling.originalMaxPositions() / (turns * 2 * Math.PI)) / (2 * Math.log(rope.theta()));
    }

    private static float[] longRope(float[] wavelengths, RopeScaling.LongRope scaling, int sequenceLength) {
        List<Double> factors = sequenceLength > scaling.originalMaxPositions() ? scaling.longFactors() : scaling.shortFactors();
        if (factors.size() != wavelengths.length) {
            throw new IllegalArgumentException(factors.size() + " LongRoPE factors for " + wavelengths.length + " frequencies");
        }
        float[] scaled = new float[wavelengths.length];
        for (int i = 0; i < wavelengths.length; i++) {
            scaled[i] = 1 / (factors.get(i).floatValue() * wavelengths[i]);
        }
        return scaled;
    }
}
