package dev.crane.analysis.identify;

import java.util.Arrays;
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
 * Language activation probability entropy: T. Tang et al., “Language-Specific Neurons: The Key to Multilingual Capabilities in Large Language Models”, ACL
 * 2024, as its authors' {@code identify.py} computes it. p_i^ℓ is the share of the tokens of language ℓ at which SiLU(gate_i) &gt; 0; with p′ = p / Σ_ℓ p,
 * the entropy of unit i is −Σ_ℓ p′ ln p′. A unit takes part if p_i^ℓ exceeds the bar, a quantile of all p of all languages, in at least one language. Of the
 * N units in all, round(lowest · N) with the least entropy are language-specific, and each belongs to every language in which its p exceeds the bar.
 *
 * <p>Scores are the numbers of tokens with a value above 0, per sample ({@code activation.count-positive} at {@code mlp.act}).
 *
 * @param lowest share of all units that are language-specific; the authors use 0.01
 * @param bar quantile of the activation probabilities; the authors use 0.95
 */
public record Lape(double lowest, double bar) implements Method {
    /** The authors' settings. */
    public static final Lape DEFAULT = new Lape(0.01, 0.95);

    public Lape {
        if (!(lowest > 0 && lowest <= 1))
            throw new CraneException("a share of " + lowest + " of the units: it must be above 0 and at most 1");
        if (!(bar > 0 && bar <= 1))
            throw new CraneException("a bar at the quantile " + bar + ": it must be above 0 and at most 1");
    }

    @Override
    public String name() {
        return "lape";
    }

    @Override
    public SortedMap<String, String> settings() {
        return new TreeMap<>(Map.of("lowest", Double.toString(lowest), "bar", Double.toString(bar)));
    }

    @Override
    public Map<String, Selection> select(List<LanguageStatistics> languages) {
        if (languages.size() < 2)
            throw new CraneException("lape compares languages: give the statistics of at least two");
        LanguageStatistics.requireComparable(languages);
        UnitLayout layout = languages.getFirst().layout();
        double[][] probability = languages.stream().map(Lape::probabilities).toArray(double[][]::new);
        double least = quantile(probability);
        int units = layout.units();
        double[] entropy = new double[units];
        for (int i = 0; i < units; i++)
            entropy[i] = entropy(probability, i, least);
        int[] specific = new Budget.Count((int) Math.max(1, Math.rint(lowest * units))).choose(negated(entropy));
        Map<String, Selection> selections = new LinkedHashMap<>();
        for (int l = 0; l < languages.size(); l++) {
            double[] own = probability[l];
            double[] specificity = negated(entropy);
            for (int i = 0; i < units; i++)
                if (!(own[i] > least))
                    specificity[i] = Double.NaN;
            String language = languages.get(l).language();
            int[] chosen = Arrays.stream(specific).filter(i -> own[i] > least).toArray();
            selections.put(language, new Selection(language, layout, layout.mask(chosen),
                    Map.of("probability", own, "entropy", entropy, "specificity", specificity), "specificity",
                    Map.of("probability_bar", least)));
        }
        return selections;
    }

    /** Per unit the share of the language's tokens at which it is above 0. */
    private static double[] probabilities(LanguageStatistics language) {
        long tokens = language.tokens();
        if (tokens <= 0)
            throw new CraneException(
                    "the statistics of " + language.language() + " do not say of how many tokens they are, which lape needs");
        // The sum of whole numbers is a whole number again; the mean of them lost a little of it.
        return Arrays.stream(language.pooled(Moments::mean)).map(mean -> Math.rint(mean * language.samples()) / tokens).toArray();
    }

    /** The value below or at which the share {@code bar} of all probabilities lies. */
    private double quantile(double[][] probability) {
        double[] sorted = Arrays.stream(probability).flatMapToDouble(Arrays::stream).sorted().toArray();
        return sorted[(int) Math.max(1, Math.rint(bar * sorted.length)) - 1];
    }

    /** The entropy of a unit over the languages; NaN where it passes the bar in none. */
    private static double entropy(double[][] probability, int unit, double least) {
        double sum = 0;
        boolean passes = false;
        for (double[] language : probability) {
            sum += language[unit];
            passes |= language[unit] > least;
        }
        if (!passes)
            return Double.NaN;
        double entropy = 0;
        for (double[] language : probability) {
            double share = language[unit] / sum;
            entropy -= share > 0 ? share * Math.log(share) : 0;
        }
        return entropy;
    }

    private static double[] negated(double[] values) {
        return Arrays.stream(values).map(value -> -value).toArray();
    }
}
