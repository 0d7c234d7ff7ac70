package dev.crane.analysis.collect;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.DoubleBinaryOperator;

import dev.crane.analysis.mask.MaskIntervention;
import dev.crane.analysis.mask.Treatment;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.analysis.mask.UnitValues;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.statistic.Moments;

/** What some units did at every token of the samples of a language. Filled by {@link TokenActivations}. */
public final class TokenStatistics {
    private final UnitMask units;
    private final UnitMask kept;
    private final SortedMap<HookPoint, Moments> moments = new TreeMap<>();
    /** Per hook point the values of each kept unit, [units][tokens]. */
    private final SortedMap<HookPoint, float[][]> values = new TreeMap<>();
    private int samples;
    private int tokens;

    /**
     * Nothing yet.
     *
     * @param units those that moments are taken of
     * @param kept those of them whose every value is kept
     * @param tokens how many tokens there will be
     */
    TokenStatistics(UnitMask units, UnitMask kept, int tokens) {
        this.units = units;
        this.kept = kept;
        units.counts().forEach((point, count) -> moments.put(point, new Moments(count)));
        kept.counts().forEach((point, count) -> values.put(point, new float[count][tokens]));
    }

    UnitMask units() {
        return units;
    }

    UnitMask kept() {
        return kept;
    }

    int samples() {
        return samples;
    }

    int tokens() {
        return tokens;
    }

    SortedMap<HookPoint, Moments> moments() {
        return moments;
    }

    SortedMap<HookPoint, float[][]> values() {
        return values;
    }

    /** Goes on from a state that was saved. */
    void restore(int samples, int tokens, Map<HookPoint, Moments> saved, Map<HookPoint, float[]> savedValues) {
        this.samples = samples;
        this.tokens = tokens;
        moments.putAll(saved);
        savedValues.forEach((point, all) -> {
            for (int i = 0; i < values.get(point).length; i++)
                System.arraycopy(all, i * tokens, values.get(point)[i], 0, tokens);
        });
    }

    /**
     * Adds one sample.
     *
     * @param length its tokens
     * @param captured per hook point the values of all of its units, [length · width]
     */
    void add(int length, Map<HookPoint, float[]> captured) {
        moments.forEach((point, here) -> {
            int[] rows = units.units(point);
            int[] keptRows = kept.units(point);
            float[] all = captured.get(point);
            int width = all.length / length;
            float[] row = new float[rows.length];
            for (int t = 0; t < length; t++) {
                for (int i = 0; i < rows.length; i++)
                    row[i] = all[t * width + rows[i]];
                here.add(row);
                for (int i = 0; i < keptRows.length; i++)
                    values.get(point)[i][tokens + t] = all[t * width + keptRows[i]];
            }
        });
        samples++;
        tokens += length;
    }

    /**
     * What a treatment does to a mask.
     *
     * @param languages the statistics of the languages whose texts it looks at, in the order of the experiment
     * @throws IllegalArgumentException if they do not have a unit of the mask, or not its values where those are needed
     */
    public static MaskIntervention intervention(Treatment.OverTokens treatment, UnitMask mask, List<TokenStatistics> languages) {
        SortedMap<HookPoint, float[]> numbers = new TreeMap<>();
        mask.units().forEach((point, rows) -> numbers.put(point, switch (treatment) {
            case Treatment.Mean mean -> ofMoments(languages, point, rows, (average, variance) -> average);
            case Treatment.Shift shift ->
                ofMoments(languages, point, rows, (average, variance) -> shift.deviations() * Math.sqrt(variance));
            case Treatment.Percentile percentile -> percentiles(languages, point, rows, percentile.p());
        }));
        return treatment instanceof Treatment.Shift shift
                ? new MaskIntervention.Add(UnitValues.each(shift.describe().substring("add ".length()), numbers))
                : new MaskIntervention.Constant(UnitValues.each(treatment.describe(), numbers));
    }

    private static float[] ofMoments(List<TokenStatistics> languages, HookPoint point, int[] rows, DoubleBinaryOperator ofMeanAndVariance) {
        float[] result = new float[rows.length];
        for (int i = 0; i < rows.length; i++) {
            Moments pooled = new Moments(1);
            for (TokenStatistics language : languages) {
                Moments here = language.moments.get(point);
                int at = place(language.units, point, rows[i]);
                pooled.merge(
                        new Moments(here.count(), new double[]{here.mean()[at]}, new double[]{here.m2()[at]}, new double[]{here.m3()[at]},
                                new double[]{here.m4()[at]}, new double[]{here.absMean()[at]}));
            }
            result[i] = (float) ofMeanAndVariance.applyAsDouble(pooled.mean()[0], pooled.m2()[0] / pooled.count());
        }
        return result;
    }

    private static float[] percentiles(List<TokenStatistics> languages, HookPoint point, int[] rows, double p) {
        float[] result = new float[rows.length];
        for (int i = 0; i < rows.length; i++) {
            float[] all = new float[languages.stream().mapToInt(language -> language.tokens).reduce(0, Math::addExact)];
            int next = 0;
            for (TokenStatistics language : languages) {
                System.arraycopy(language.values.get(point)[place(language.kept, point, rows[i])], 0, all, next, language.tokens);
                next += language.tokens;
            }
            Arrays.sort(all);
            double at = (all.length - 1) * p / 100;
            int below = (int) at;
            double lower = all[below];
            result[i] = (float) (lower + (at - below) * (all[Math.min(below + 1, all.length - 1)] - lower));
        }
        return result;
    }

    private static int place(UnitMask units, HookPoint point, int row) {
        int at = Arrays.binarySearch(units.units(point), row);
        if (at < 0)
            throw new IllegalArgumentException("no values of unit " + row + " of " + point);
        return at;
    }
}
