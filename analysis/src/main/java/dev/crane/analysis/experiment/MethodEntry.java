package dev.crane.analysis.experiment;

import java.util.Set;

import dev.crane.analysis.identify.Method;
import dev.crane.engine.hook.Site;

/** A way of choosing units, as an experiment names it. */
public sealed interface MethodEntry {
    /** What its masks and rows are called; each label stands once. */
    String label();

    /**
     * A method that chooses by scores.
     *
     * @param kind of the scores
     * @param units the sites to choose from
     * @param method how
     */
    record ByScores(String label, ScoreSettings.Kind kind, Set<Site> units, Method method) implements MethodEntry {}

    /**
     * Random units as control: as many as another method's mask has.
     *
     * @param like label of that method
     * @param uniform whether they are drawn from all units alike, instead of as many at every hook point as the mask has there
     * @param seeds of the draws: a set of masks each
     */
    record Random(String label, String like, boolean uniform, long[] seeds) implements MethodEntry {}
}
