package dev.crane.analysis.identify;

import java.util.List;
import java.util.Map;

import dev.crane.analysis.statistics.LanguageStatistics;

/** Chooses units for each language from the statistics of all. */
public non-sealed interface Method extends Identification {
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
