package dev.crane.analysis.identify;

import java.util.List;
import java.util.Map;
import java.util.Set;

import dev.crane.analysis.statistics.SampleScores;
import dev.crane.engine.hook.Site;

/** Chooses units for each language from what each unit got from every single sample, which statistics do not hold. */
public non-sealed interface SampleMethod extends Identification {
    /**
     * Chooses.
     *
     * @param languages the samples of each, of one quantity and one model
     * @param units the sites to choose from
     * @return one selection per language, in the order given
     * @throws dev.crane.engine.CraneException if the method cannot work with these samples
     */
    Map<String, Selection> select(List<SampleScores> languages, Set<Site> units);
}
