package dev.crane.analysis.identify;

import java.util.Map;

import dev.crane.analysis.mask.UnitLayout;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.analysis.statistics.StatisticsAccumulator;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;

/** Statistics of a few samples at one hook point. */
final class SampleStatistics {
    static final HookPoint POINT = new HookPoint(Site.MLP_NEURON, 0);

    private SampleStatistics() {
    }

    /** @param samples scores [samples, units] */
    static LanguageStatistics of(String language, float[]... samples) {
        StatisticsAccumulator accumulator = new StatisticsAccumulator(language, new UnitLayout(Map.of(POINT, samples[0].length)), 0);
        for (int i = 0; i < samples.length; i++)
            accumulator.add(i, 1, Map.of(POINT, samples[i]));
        return accumulator.snapshot(Map.of());
    }
}
