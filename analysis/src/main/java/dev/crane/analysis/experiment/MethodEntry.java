package dev.crane.analysis.experiment;

import java.util.Optional;
import java.util.Set;

import dev.crane.analysis.collect.Quantity;
import dev.crane.analysis.identify.Identification;
import dev.crane.analysis.mask.Treatment;
import dev.crane.engine.hook.Site;

/** A way of choosing units, as an experiment names it. */
public sealed interface MethodEntry {
    /** What its masks and rows are called; each label stands once. */
    String label();

    /** What its masks do to their units. */
    Treatment treatment();

    /**
     * A method that chooses by what units get from samples.
     *
     * @param quantity what
     * @param units the sites to choose from
     * @param method how
     * @param matchBudget label of the method whose numbers of units it gets, those that rank first, instead of its own; empty: its own
     */
    record ByScores(String label, Quantity quantity, Set<Site> units, Identification method, Optional<String> matchBudget,
            Treatment treatment) implements MethodEntry {
        /** A method whose masks set their units to zero. */
        public ByScores(String label, Quantity quantity, Set<Site> units, Identification method, Optional<String> matchBudget) {
            this(label, quantity, units, method, matchBudget, new Treatment.Zero());
        }
    }

    /**
     * Random units as control: as many as another method's mask has.
     *
     * @param like label of that method
     * @param uniform whether they are drawn from all units alike, instead of as many at every hook point as the mask has there
     * @param seeds of the draws: a set of masks each
     */
    record Random(String label, String like, boolean uniform, long[] seeds, Treatment treatment) implements MethodEntry {}
}
