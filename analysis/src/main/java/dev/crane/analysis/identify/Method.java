package dev.crane.analysis.identify;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;

import dev.crane.analysis.statistics.LanguageStatistics;

/** A way of choosing units for each language from the statistics of all. Deterministic: same statistics and settings, same units. */
public interface Method {
    /** As in {@code --method}. */
    String name();

    /** What the choice depends on beside the statistics, for provenance: budgets, thresholds, seeds. */
    SortedMap<String, String> settings();

    /**
     * Chooses.
     *
     * @param languages comparable statistics ({@link LanguageStatistics#requireComparable}), one per language; every unit in them takes
     * part, so
     *        restrict them to some sites first ({@link LanguageStatistics#restrictedTo}) where others shall not
     * @return one selection per language, in the order given
     * @throws dev.crane.engine.CraneException if the method cannot work with these statistics
     */
    Map<String, Selection> select(List<LanguageStatistics> languages);
}
