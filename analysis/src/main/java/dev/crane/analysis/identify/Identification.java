package dev.crane.analysis.identify;

import java.util.SortedMap;

/** A way of choosing units for each language. Deterministic: same input and settings, same units. */
public sealed interface Identification permits Method, SampleMethod {
    /** As in {@code --method}. */
    String name();

    /** What the choice depends on beside its input, for provenance: budgets, thresholds, seeds. */
    SortedMap<String, String> settings();
}
