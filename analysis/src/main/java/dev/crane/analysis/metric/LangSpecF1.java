package dev.crane.analysis.metric;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import dev.crane.engine.CraneException;

/**
 * LangSpec-F1 of a mask made for one language: whether it took away that language's ability (recall) and no other's (precision). With
 * scores where higher is better (accuracies), base unmasked and masked, and drops d_k = max(base_k − masked_k, 0):
 *
 * <pre>
 * P   = d_ℓ / (d_ℓ + D_other + 1e-12)
 * R   = d_ℓ / (base_ℓ + 1e-12)
 * F_β = (1 + β²) P R / (β² P + R), and 0 where P = R = 0
 * </pre>
 *
 * D_other is the mean, the largest or the sum of the other languages' drops. The CRANE authors' script weighs the other way round,
 * (1 + β²) P R / (P + β² R); the two agree at β = 1. A general collapse also earns a high F1 (R near 1, P near ½), so it is never shown
 * without the drops of all languages and a random control.
 *
 * @param precision P
 * @param recall R
 * @param f F_β
 * @param drops d_k of every language
 */
public record LangSpecF1(double precision, double recall, double f, SortedMap<String, Double> drops) {
    private static final double EPSILON = 1e-12;

    /** How the other languages' drops become one number. */
    public enum Others {
        /** Their mean: the default, and what the published values were computed with. */
        MEAN,
        /** The largest. */
        MAX,
        /** Their sum. */
        SUM;

        /** Its name in files and options: {@code mean}, {@code max}, {@code sum}. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        /**
         * The one of a name.
         *
         * @throws CraneException there is none
         */
        public static Others named(String label) {
            return Arrays.stream(values()).filter(others -> others.label().equals(label)).findFirst()
                    .orElseThrow(() -> new CraneException("other: expected mean, max or sum, found '" + label + "'"));
        }
    }

    /**
     * How F is computed.
     *
     * @param others how the other languages' drops become one number
     * @param beta weight of recall over precision, positive
     * @param authorsWeighting the authors' transposed weighting instead ({@code --f-compat})
     */
    public record Options(Others others, double beta, boolean authorsWeighting) {
        /** Mean of the others, β = 1. */
        public static final Options DEFAULT = new Options(Others.MEAN, 1, false);

        public Options {
            if (!(beta > 0 && beta < Double.POSITIVE_INFINITY))
                throw new IllegalArgumentException("beta must be a positive number, not " + beta);
        }

        /** In words: {@code mean of the others, β = 1}. */
        public String inWords() {
            String number = beta == Math.rint(beta) ? Long.toString((long) beta) : Double.toString(beta);
            return (others == Others.MAX ? "largest" : others.label()) + " of the others, β = " + number
                    + (authorsWeighting ? ", the authors' weighting" : "");
        }
    }

    /**
     * Computes it.
     *
     * @param language ℓ, whose mask was applied
     * @param base the unmasked score of every language, from 0 up
     * @param masked the score under the mask, of the same languages
     * @throws IllegalArgumentException if the languages differ or ℓ is not one of them
     */
    public static LangSpecF1 of(String language, Map<String, Double> base, Map<String, Double> masked, Options options) {
        if (!base.keySet().equals(masked.keySet()) || !base.containsKey(language))
            throw new IllegalArgumentException(
                    "languages " + base.keySet() + " unmasked, " + masked.keySet() + " masked, mask of " + language);
        SortedMap<String, Double> drops = new TreeMap<>();
        base.forEach((k, score) -> drops.put(k, Math.max(score - masked.get(k), 0)));
        double own = drops.get(language);
        double sum = 0;
        double max = 0;
        for (Map.Entry<String, Double> drop : drops.entrySet()) {
            if (!drop.getKey().equals(language)) {
                sum += drop.getValue();
                max = Math.max(max, drop.getValue());
            }
        }
        double other = switch (options.others) {
            case MEAN -> sum / Math.max(drops.size() - 1, 1);
            case MAX -> max;
            case SUM -> sum;
        };
        double precision = own / (own + other + EPSILON);
        double recall = own / (base.get(language) + EPSILON);
        double beta2 = options.beta * options.beta;
        double divisor = options.authorsWeighting ? precision + beta2 * recall : beta2 * precision + recall;
        double f = divisor == 0 ? 0 : (1 + beta2) * precision * recall / divisor;
        return new LangSpecF1(precision, recall, f, drops);
    }
}
