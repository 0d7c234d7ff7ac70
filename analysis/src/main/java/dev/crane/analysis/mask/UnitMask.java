package dev.crane.analysis.mask;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;

import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.InterventionSet;

/** A set of units of a model. Immutable; two are equal if they hold the same units. */
public final class UnitMask {
    private static final int[] NONE = {};

    /** Ascending rows, each once; no empty arrays. */
    private final SortedMap<HookPoint, int[]> units;

    private UnitMask(SortedMap<HookPoint, int[]> units) {
        this.units = units;
    }

    /** No units. */
    public static UnitMask empty() {
        return new UnitMask(new TreeMap<>());
    }

    /**
     * The mask of some rows per hook point, in any order; copied.
     *
     * @throws IllegalArgumentException if a row is negative or named twice
     */
    public static UnitMask of(Map<HookPoint, int[]> units) {
        SortedMap<HookPoint, int[]> sorted = new TreeMap<>();
        units.forEach((point, rows) -> {
            int[] ascending = rows.clone();
            Arrays.sort(ascending);
            for (int i = 0; i < ascending.length; i++)
                if (ascending[i] < 0 || (i > 0 && ascending[i] == ascending[i - 1]))
                    throw new IllegalArgumentException(
                            "unit " + ascending[i] + " of " + point + (ascending[i] < 0 ? "" : " is named twice"));
            if (ascending.length > 0)
                sorted.put(point, ascending);
        });
        return new UnitMask(sorted);
    }

    /** The hook points with at least one unit, in order. */
    public Set<HookPoint> points() {
        return new TreeSet<>(units.keySet());
    }

    /** The rows of a hook point, ascending; a copy, empty where there are none. */
    public int[] units(HookPoint point) {
        return units.getOrDefault(point, NONE).clone();
    }

    /** All rows per hook point, ascending; a copy. */
    public SortedMap<HookPoint, int[]> units() {
        SortedMap<HookPoint, int[]> copy = new TreeMap<>();
        units.forEach((point, rows) -> copy.put(point, rows.clone()));
        return copy;
    }

    /** How many units. */
    public int count() {
        return units.values().stream().mapToInt(rows -> rows.length).sum();
    }

    /** How many units at a hook point. */
    public int count(HookPoint point) {
        return units.getOrDefault(point, NONE).length;
    }

    /** How many units at each hook point that has any. */
    public SortedMap<HookPoint, Integer> counts() {
        SortedMap<HookPoint, Integer> counts = new TreeMap<>();
        units.forEach((point, rows) -> counts.put(point, rows.length));
        return counts;
    }

    /** Whether a unit is in the set. */
    public boolean contains(HookPoint point, int unit) {
        return Arrays.binarySearch(units.getOrDefault(point, NONE), unit) >= 0;
    }

    /** The units in this set, in the other, or in both. */
    public UnitMask union(UnitMask other) {
        SortedMap<HookPoint, int[]> both = new TreeMap<>(units);
        other.units.forEach((point, rows) -> both.merge(point, rows,
                (a, b) -> IntStream.concat(Arrays.stream(a), Arrays.stream(b)).sorted().distinct().toArray()));
        return new UnitMask(both);
    }

    /** The units in both sets. */
    public UnitMask intersection(UnitMask other) {
        return filter(other, true);
    }

    /** The units in this set and not in the other. */
    public UnitMask minus(UnitMask other) {
        return filter(other, false);
    }

    private UnitMask filter(UnitMask other, boolean in) {
        SortedMap<HookPoint, int[]> kept = new TreeMap<>();
        units.forEach((point, rows) -> {
            int[] here = Arrays.stream(rows).filter(row -> other.contains(point, row) == in).toArray();
            if (here.length > 0)
                kept.put(point, here);
        });
        return new UnitMask(kept);
    }

    /** |A ∩ B| / |A ∪ B|, from 0 (nothing shared; also of two empty sets) to 1 (the same set). */
    public double jaccard(UnitMask other) {
        int shared = intersection(other).count();
        int all = count() + other.count() - shared;
        return all == 0 ? 0 : (double) shared / all;
    }

    /** |A ∩ B| / min(|A|, |B|), the Szymkiewicz–Simpson coefficient: 1 where one set contains the other, 0 where one is empty. */
    public double overlap(UnitMask other) {
        int smaller = Math.min(count(), other.count());
        return smaller == 0 ? 0 : (double) intersection(other).count() / smaller;
    }

    /**
     * The interventions that set every unit of this mask to zero. For gate, up and down projections that is what zeroing the rows of the
     * weight matrix (and their biases) does.
     *
     * @param name for messages: a mask's file name, say
     */
    public InterventionSet toInterventionSet(String name) {
        return new MaskIntervention.Zero().on(this, name);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof UnitMask that && units.keySet().equals(that.units.keySet())
                && units.entrySet().stream().allMatch(entry -> Arrays.equals(entry.getValue(), that.units.get(entry.getKey())));
    }

    @Override
    public int hashCode() {
        return units.entrySet().stream().mapToInt(entry -> entry.getKey().hashCode() * 31 + Arrays.hashCode(entry.getValue())).sum();
    }

    /** The number of units per hook point, not each unit. */
    @Override
    public String toString() {
        return count() + " units " + counts();
    }
}
