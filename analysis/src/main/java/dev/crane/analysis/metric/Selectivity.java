package dev.crane.analysis.metric;

import java.util.Map;

/**
 * How much more a mask hurts its own language than the others, in [0, 1]: Δ_ℓ / (Δ_ℓ + mean over the other languages of Δ_k), where Δ_k
 * is the rise of the mean negative log-likelihood on held-out text, in nats a token, and a fall counts as 0. One half is no preference,
 * 1 means that only ℓ was hurt.
 */
public final class Selectivity {
    private Selectivity() {
    }

    /**
     * The rise in nats a token between two perplexities (per token) of the same text.
     *
     * @return ln(masked / unmasked); negative for a fall
     */
    public static double rise(double unmaskedPerplexity, double maskedPerplexity) {
        return Math.log(maskedPerplexity) - Math.log(unmaskedPerplexity);
    }

    /**
     * Computes it.
     *
     * @param language ℓ, whose mask was applied
     * @param rises for every language the rise in nats a token, negative for a fall
     * @return the selectivity; 0.5 where no language rises (a mask that does nothing prefers none); NaN where there is no other language
     */
    public static double of(String language, Map<String, Double> rises) {
        if (!rises.containsKey(language))
            throw new IllegalArgumentException("no rise of " + language + " among " + rises.keySet());
        if (rises.size() < 2)
            return Double.NaN;
        double own = Math.max(rises.get(language), 0);
        double others = 0;
        for (Map.Entry<String, Double> rise : rises.entrySet())
            if (!rise.getKey().equals(language))
                others += Math.max(rise.getValue(), 0);
        double mean = others / (rises.size() - 1);
        return own + mean == 0 ? 0.5 : own / (own + mean);
    }
}
