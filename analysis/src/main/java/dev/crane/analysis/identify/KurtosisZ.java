package dev.crane.analysis.identify;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;

import dev.crane.analysis.mask.UnitLayout;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.engine.CraneException;
import dev.crane.engine.statistic.Moments;

/**
 * {@code crane-kurtosis}: what the CRANE authors' scripts select by. K_i^ℓ is the unbiased excess kurtosis of unit i's scores over the
 * samples of language ℓ ({@link Moments#excessKurtosis}), z_i^ℓ = (K_i^ℓ − mean) / deviation, with mean and population standard
 * deviation over all units of the language that have a K. A unit whose score never varies has none: it counts for neither and is never
 * selected.
 *
 * <p>A unit must pass every condition that is given; of those that do, the budget takes the ones with the largest z.
 *
 * @param budget by z; the default takes all with z &gt; 1
 * @param margin if given, z_i^ℓ − max over the other languages k of z_i^k must be larger than this; a language in which the unit has no
 * z does not
 *        count
 * @param preference if given, |z_i^ℓ| / Σ_k |z_i^k| over all languages k, ℓ included, must be at least this
 */
public record KurtosisZ(Budget budget, OptionalDouble margin, OptionalDouble preference) implements Method {
    /** All units with z &gt; 1. */
    public static final KurtosisZ DEFAULT = new KurtosisZ(new Budget.Above(1), OptionalDouble.empty(), OptionalDouble.empty());

    public KurtosisZ {
        if (margin.isPresent() && !Double.isFinite(margin.getAsDouble()))
            throw new CraneException("a margin in z of " + margin.getAsDouble() + ": it must be a finite number");
        if (preference.isPresent() && !(preference.getAsDouble() >= 0 && preference.getAsDouble() <= 1))
            throw new CraneException("a preference of " + preference.getAsDouble() + ": it must be between 0 and 1");
    }

    @Override
    public String name() {
        return "crane-kurtosis";
    }

    @Override
    public SortedMap<String, String> settings() {
        SortedMap<String, String> settings = new TreeMap<>(Map.of("z", budget.describe()));
        margin.ifPresent(value -> settings.put("margin", "above " + value));
        preference.ifPresent(value -> settings.put("preference", "at least " + value));
        return settings;
    }

    @Override
    public Map<String, Selection> select(List<LanguageStatistics> languages) {
        LanguageStatistics.requireComparable(languages);
        SortedMap<String, double[]> kurtosis = new TreeMap<>();
        List<String> names = new ArrayList<>();
        for (LanguageStatistics language : languages) {
            if (language.samples() < 4) {
                throw new CraneException("crane-kurtosis needs at least 4 samples a language; " + language.language() + " has "
                        + language.samples());
            }
            names.add(language.language());
            kurtosis.put(language.language(), language.pooled(Moments::excessKurtosis));
        }
        return names.isEmpty() ? Map.of() : select(names, kurtosis, languages.getFirst().layout());
    }

    /** Chooses by the kurtosis of each unit, in the layout's pooled order, per language. */
    Map<String, Selection> select(List<String> languages, Map<String, double[]> kurtosis, UnitLayout layout) {
        List<Standard> standards = new ArrayList<>();
        List<double[]> z = new ArrayList<>();
        for (String language : languages) {
            standards.add(Standard.of(language, kurtosis.get(language)));
            z.add(standards.getLast().z(kurtosis.get(language)));
        }
        Map<String, Selection> selections = new LinkedHashMap<>();
        for (int l = 0; l < languages.size(); l++) {
            Map<String, double[]> values = new TreeMap<>(Map.of("kurtosis", kurtosis.get(languages.get(l)), "z", z.get(l)));
            double[] passing = z.get(l).clone();
            if (margin.isPresent()) {
                double[] ahead = ShareMargin.margin(z, l);
                values.put("margin", ahead);
                for (int i = 0; i < passing.length; i++)
                    passing[i] = ahead[i] > margin.getAsDouble() ? passing[i] : Double.NaN;
            }
            if (preference.isPresent()) {
                double[] preferred = preference(z, l);
                values.put("preference", preferred);
                for (int i = 0; i < passing.length; i++)
                    passing[i] = preferred[i] >= preference.getAsDouble() ? passing[i] : Double.NaN;
            }
            String language = languages.get(l);
            Standard standard = standards.get(l);
            selections.put(language, new Selection(language, layout, layout.mask(budget.choose(passing)), values, "z",
                    Map.of("kurtosis_mean", standard.mean, "kurtosis_sd", standard.deviation)));
        }
        return selections;
    }

    private static double[] preference(List<double[]> z, int language) {
        double[] preference = new double[z.get(language).length];
        for (int i = 0; i < preference.length; i++) {
            double sum = 0;
            for (double[] other : z)
                sum += Double.isNaN(other[i]) ? 0 : Math.abs(other[i]);
            preference[i] = Math.abs(z.get(language)[i]) / sum;
        }
        return preference;
    }

    /** Mean and population standard deviation of the units that have a kurtosis. */
    private record Standard(double mean, double deviation) {
        static Standard of(String language, double[] kurtosis) {
            double sum = 0;
            int n = 0;
            for (double k : kurtosis) {
                if (!Double.isNaN(k)) {
                    sum += k;
                    n++;
                }
            }
            double mean = sum / n;
            double squares = 0;
            for (double k : kurtosis)
                if (!Double.isNaN(k))
                    squares += (k - mean) * (k - mean);
            double deviation = Math.sqrt(squares / n);
            if (!(deviation > 0)) {
                throw new CraneException("the units of " + language + " do not differ in kurtosis (" + n + " of " + kurtosis.length
                        + " have one), so none stands out");
            }
            return new Standard(mean, deviation);
        }

        double[] z(double[] kurtosis) {
            double[] z = new double[kurtosis.length];
            for (int i = 0; i < z.length; i++)
                z[i] = (kurtosis[i] - mean) / deviation;
            return z;
        }
    }
}
