package dev.crane.analysis.identify;

import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

import dev.crane.analysis.mask.UnitLayout;
import dev.crane.analysis.statistics.SampleScores;
import dev.crane.engine.CraneException;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;

/**
 * How well a unit tells a language from the others: T. Kojima et al., “On the Multilingual Ability of Decoder-based Pre-trained Language Models: Finding and
 * Controlling Language-Specific Neurons”, NAACL 2024. The unit's value in a sample (its mean over the tokens) is taken as a classifier's score for “this
 * sample is of language ℓ”; its average precision over the samples of all languages is Σ_n (R_n − R_{n−1}) P_n over the distinct scores from the largest
 * on. Units with a large one fire for the language, units with a small one are silent for it alone; the authors take as many from either end.
 *
 * @param ends which end of the ranking the units come from
 * @param budget how many units each language gets, of both ends together
 */
public record AveragePrecision(Ends ends, Budget budget) implements SampleMethod {
    /** Both ends, 5 % of the units. */
    public static final AveragePrecision DEFAULT = new AveragePrecision(Ends.BOTH, ShareMargin.BUDGET);

    /** Ends of the ranking by average precision. */
    public enum Ends {
        /** The units that fire for the language. */
        TOP,
        /** The units that are silent for it. */
        BOTTOM,
        /** As many of the ones as of the others; one more of the first where the number is odd. */
        BOTH
    }

    @Override
    public String name() {
        return "average-precision";
    }

    @Override
    public SortedMap<String, String> settings() {
        return new TreeMap<>(Map.of("budget", budget.describe(), "ends", ends.name().toLowerCase(Locale.ROOT)));
    }

    @Override
    public Map<String, Selection> select(List<SampleScores> languages, Set<Site> units) {
        if (languages.size() < 2)
            throw new CraneException("average-precision tells languages apart: give the samples of at least two");
        UnitLayout layout = SampleScores.commonLayout(languages, units);
        int[] language = IntStream.range(0, languages.size()).flatMap(l -> IntStream.range(0, languages.get(l).samples()).map(s -> l))
                .toArray();
        double[][] precision = new double[languages.size()][layout.units()];
        for (Map.Entry<HookPoint, Integer> entry : layout.widths().entrySet()) {
            float[][] scores = languages.stream()
                    .flatMap(samples -> IntStream.range(0, samples.samples()).mapToObj(s -> samples.scores(entry.getKey(), s)))
                    .toArray(float[][]::new);
            for (int unit = 0; unit < entry.getValue(); unit++)
                precisions(scores, unit, language, precision, layout.start(entry.getKey()) + unit);
        }
        Map<String, Selection> selections = new LinkedHashMap<>();
        for (int l = 0; l < languages.size(); l++) {
            double[] ranking = ranking(precision[l]);
            selections.put(languages.get(l).language(),
                    new Selection(languages.get(l).language(), layout, layout.mask(budget.choose(ranking)),
                            Map.of("average_precision", precision[l], "rank", ranking), "rank", Map.of()));
        }
        return selections;
    }

    /** The average precision of one unit for each language, into precision[language][pooled]. */
    private static void precisions(float[][] scores, int unit, int[] language, double[][] precision, int pooled) {
        int[] order = IntStream.range(0, scores.length).boxed().sorted(Comparator.comparingDouble(s -> -scores[s][unit]))
                .mapToInt(Integer::intValue).toArray();
        int[] seen = new int[precision.length];
        int[] before = new int[precision.length];
        double[] sum = new double[precision.length];
        for (int i = 0; i < order.length; i++) {
            seen[language[order[i]]]++;
            // Equal scores are one threshold.
            if (i + 1 < order.length && scores[order[i + 1]][unit] == scores[order[i]][unit])
                continue;
            for (int l = 0; l < sum.length; l++) {
                sum[l] += (seen[l] - before[l]) * (double) seen[l] / (i + 1);
                before[l] = seen[l];
            }
        }
        for (int l = 0; l < sum.length; l++)
            precision[l][pooled] = sum[l] / seen[l];
    }

    /** A value per unit by which the largest are taken. With both ends: 0 for the first from the top, −1 for the first from the bottom, −2, … */
    private double[] ranking(double[] precision) {
        return switch (ends) {
            case TOP -> precision.clone();
            case BOTTOM -> Arrays.stream(precision).map(p -> -p).toArray();
            case BOTH -> {
                int[] order = IntStream.range(0, precision.length).boxed().sorted(Comparator.comparingDouble(i -> -precision[i]))
                        .mapToInt(Integer::intValue).toArray();
                double[] ranking = new double[precision.length];
                for (int rank = 0; rank < order.length; rank++)
                    ranking[order[rank]] = Math.max(-2.0 * rank, -2.0 * (order.length - 1 - rank) - 1);
                yield ranking;
            }
        };
    }
}
