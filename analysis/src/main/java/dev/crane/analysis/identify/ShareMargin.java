package dev.crane.analysis.identify;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import dev.crane.analysis.mask.UnitLayout;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.engine.CraneException;
import dev.crane.engine.statistic.Moments;

/**
 * {@code crane}, by relevance: whose predictions does a unit carry? Other quantities can be compared in the same way. With m_i^ℓ the mean score of unit i over the samples of language ℓ, its share is
 * s_i^ℓ = m_i^ℓ / Σ_j |m_j^ℓ| over all units j of the language, and its margin d_i^ℓ = s_i^ℓ − max over the other languages k of s_i^k.
 * Each language gets the units with the largest margin. Two languages share a unit only at a margin of 0 or less, which a large budget
 * can reach.
 *
 * @param name what the method is called with the scores it is given
 * @param absolute whether m is the mean of |score| instead of the mean score
 * @param budget how many units each language gets, by margin
 */
public record ShareMargin(String name, boolean absolute, Budget budget) implements Method {
    /** The budget where none is given: 5 % of the units. */
    public static final Budget BUDGET = new Budget.Fraction(0.05);
    /** Mean score, 5 % of the units. */
    public static final ShareMargin CRANE = new ShareMargin("crane", false, BUDGET);

    @Override
    public SortedMap<String, String> settings() {
        return new TreeMap<>(Map.of("budget", budget.describe(), "mean", absolute ? "absolute" : "signed"));
    }

    @Override
    public Map<String, Selection> select(List<LanguageStatistics> languages) {
        if (languages.size() < 2) {
            throw new CraneException(name + " compares languages and has only "
                    + (languages.isEmpty() ? "none" : languages.getFirst().language()) + ": give the statistics of at least two");
        }
        LanguageStatistics.requireComparable(languages);
        UnitLayout layout = languages.getFirst().layout();
        List<double[]> shares = new ArrayList<>();
        for (LanguageStatistics language : languages)
            shares.add(shares(language));
        Map<String, Selection> selections = new LinkedHashMap<>();
        for (int l = 0; l < languages.size(); l++) {
            String language = languages.get(l).language();
            double[] margin = margin(shares, l);
            selections.put(language, new Selection(language, layout, layout.mask(budget.choose(margin)),
                    Map.of("share", shares.get(l), "margin", margin), "margin", Map.of()));
        }
        return selections;
    }

    private double[] shares(LanguageStatistics language) {
        double[] shares = language.pooled(absolute ? Moments::absMean : Moments::mean);
        double total = 0;
        for (double mean : shares)
            total += Math.abs(mean);
        if (total == 0)
            throw new CraneException("every score of " + language.language() + " is 0: none of its units can be told from another");
        for (int i = 0; i < shares.length; i++)
            shares[i] /= total;
        return shares;
    }

    /** For each unit its value in one language less the largest in the others; NaN in another language counts for nothing. */
    static double[] margin(List<double[]> values, int language) {
        double[] margin = values.get(language).clone();
        for (int i = 0; i < margin.length; i++) {
            double others = Double.NEGATIVE_INFINITY;
            for (int k = 0; k < values.size(); k++)
                if (k != language && values.get(k)[i] > others)
                    others = values.get(k)[i];
            margin[i] -= others;
        }
        return margin;
    }
}
