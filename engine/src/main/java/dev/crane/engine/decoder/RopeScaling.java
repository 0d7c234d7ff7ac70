package dev.crane.engine.decoder;

import java.util.List;

/** How rotary frequencies f_i = θ^(−2i/d) are changed to reach beyond the length a model was first trained on. */
public sealed interface RopeScaling {
    /** Frequencies as they are. */
    record None() implements RopeScaling {}

    /**
     * Position interpolation: f / factor.
     *
     * @param factor how many times longer the context becomes
     */
    record Linear(double factor) implements RopeScaling {}

    /**
     * Llama 3.1: long wavelengths are interpolated, short ones kept, those between blended.
     *
     * @param factor divides the frequencies whose wavelength exceeds originalMaxPositions / lowFrequencyFactor
     * @param lowFrequencyFactor lower bound of the blend, in turns over the original length
     * @param highFrequencyFactor upper bound of the blend, in turns over the original length
     * @param originalMaxPositions the length of the first training
     */
    record Llama3(double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalMaxPositions) implements RopeScaling {}

    /**
     * YaRN (arXiv 2309.00071): a ramp over the dimensions between interpolated and kept frequencies.
     *
     * @param factor how many times longer the context becomes
     * @param originalMaxPositions the length of the first training
     * @param attentionFactor multiplies cos and sin; see {@link #attentionFactor}
     * @param betaFast turns over the original length above which a frequency is kept, usually 32
     * @param betaSlow turns over the original length below which a frequency is interpolated, usually 1
     * @param truncate whether the ramp's ends are rounded outwards to whole dimensions, usually true
     */
    record Yarn(double factor, int originalMaxPositions, double attentionFactor, double betaFast, double betaSlow,
            boolean truncate) implements RopeScaling {
        /** The paper's factor on cos and sin, 0.1 ln(factor) + 1. */
        public static double attentionFactor(double factor) {
            return mscale(factor, 1);
        }

        /** The factor of models that give {@code mscale} and {@code mscale_all_dim} (DeepSeek): the ratio of the two. */
        public static double attentionFactor(double factor, double mscale, double mscaleAllDim) {
            return mscale(factor, mscale) / mscale(factor, mscaleAllDim);
        }

        private static double mscale(double factor, double mscale) {
            return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
        }
    }

    /**
     * LongRoPE (arXiv 2402.13753): a divisor for each dimension, one list for sequences up to the original length and one for longer ones.
     *
     * @param shortFactors divisors for sequences of at most {@code originalMaxPositions} tokens
     * @param longFactors divisors for longer ones
     * @param originalMaxPositions the length of the first training
     * @param attentionFactor multiplies cos and sin; see {@link #attentionFactor}
     */
    record LongRope(List<Double> shortFactors, List<Double> longFactors, int originalMaxPositions,
            double attentionFactor) implements RopeScaling {
        public LongRope {
            shortFactors = List.copyOf(shortFactors);
            longFactors = List.copyOf(longFactors);
        }

        /** √(1 + ln factor / ln original), factor = maximum length / original length; 1 when the model is not stretched. */
        public static double attentionFactor(double factor, int originalMaxPositions) {
            return factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalMaxPositions));
        }
    }
}
