package dev.crane.analysis.identify;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import dev.crane.analysis.mask.UnitLayout;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.engine.statistic.Moments;

/**
 * The units with the largest mean in the language itself, whatever it is in the others: what a language uses most, not what it alone uses. The simplest
 * baseline, for any quantity.
 *
 * @param name what the method is called with the scores it is given
 * @param absolute whether the mean of |score| is taken instead of the mean score
 * @param budget how many units each language gets
 */
public record TopValues(String name, boolean absolute, Budget budget) implements Method {
    @Override
    public SortedMap<String, String> settings() {
        return new TreeMap<>(Map.of("budget", budget.describe(), "mean", absolute ? "absolute" : "signed", "select", "top"));
    }

    @Override
    public Map<String, Selection> select(List<LanguageStatistics> languages) {
        LanguageStatistics.requireComparable(languages);
        Map<String, Selection> selections = new LinkedHashMap<>();
        for (LanguageStatistics language : languages) {
            UnitLayout layout = language.layout();
            double[] means = language.pooled(absolute ? Moments::absMean : Moments::mean);
            selections.put(language.language(), new Selection(language.language(), layout, layout.mask(budget.choose(means)),
                    Map.of("mean", means), "mean", Map.of()));
        }
        return selections;
    }
}
