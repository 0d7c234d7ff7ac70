package dev.crane.analysis.identify;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

import dev.crane.analysis.mask.UnitLayout;
import dev.crane.analysis.statistics.SampleScores;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;

/**
 * Parallel language-specific neuron detection: Y. Zhao et al., “How do Large Language Models Handle Multilingualism?”, NeurIPS 2024. The importance of a
 * feed-forward neuron in a sample is ‖FFN(x without the neuron) − FFN(x)‖ over all its tokens, which is ‖n_i‖ · ‖W_down[:, i]‖ ({@code contribution}).
 * A neuron is the language's if its importance reaches a threshold ε in every sample of the language: if the least of them does.
 *
 * @param exclusive whether units that are another language's too are then left out of both
 * @param budget how many units each language has before that, which sets its ε; or ε itself ({@link Budget.Above})
 */
public record Plnd(boolean exclusive, Budget budget) implements SampleMethod {
    /** 5 % of the units, shared ones included. */
    public static final Plnd DEFAULT = new Plnd(false, ShareMargin.BUDGET);

    @Override
    public String name() {
        return "plnd";
    }

    @Override
    public SortedMap<String, String> settings() {
        return new TreeMap<>(Map.of("budget", budget.describe(), "exclusive", Boolean.toString(exclusive)));
    }

    @Override
    public Map<String, Selection> select(List<SampleScores> languages, Set<Site> units) {
        UnitLayout layout = SampleScores.commonLayout(languages, units);
        double[][] least = languages.stream().map(samples -> least(samples, layout)).toArray(double[][]::new);
        int[] owners = new int[layout.units()];
        int[][] chosen = Arrays.stream(least).map(budget::choose).toArray(int[][]::new);
        for (int[] own : chosen)
            for (int unit : own)
                owners[unit]++;
        Map<String, Selection> selections = new LinkedHashMap<>();
        for (int l = 0; l < languages.size(); l++) {
            int[] own = exclusive ? Arrays.stream(chosen[l]).filter(unit -> owners[unit] == 1).toArray() : chosen[l];
            String language = languages.get(l).language();
            selections.put(language,
                    new Selection(language, layout, layout.mask(own), Map.of("importance", least[l]), "importance", Map.of()));
        }
        return selections;
    }

    /** Per unit its least importance over the samples. */
    private static double[] least(SampleScores samples, UnitLayout layout) {
        double[] least = new double[layout.units()];
        Arrays.fill(least, Double.POSITIVE_INFINITY);
        for (HookPoint point : layout.widths().keySet()) {
            int start = layout.start(point);
            for (int sample = 0; sample < samples.samples(); sample++) {
                float[] here = samples.scores(point, sample);
                for (int unit = 0; unit < here.length; unit++)
                    least[start + unit] = Math.min(least[start + unit], here[unit]);
            }
        }
        return least;
    }
}
