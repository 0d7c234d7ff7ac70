package dev.crane.analysis.mask;

import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;

/**
 * Some hook points of a model and how many units each has, laid end to end: layer by layer, in a layer site by site ({@link Site}'s
 * order), at a site row by row. A unit's place in this row is its pooled index; it is the order in which ties between units are broken.
 */
public final class UnitLayout {
    private final HookPoint[] points;
    /** Pooled index of each hook point's first unit, then of the end. */
    private final int[] starts;

    /** @param widths units per hook point */
    public UnitLayout(Map<HookPoint, Integer> widths) {
        SortedMap<HookPoint, Integer> sorted = new TreeMap<>(widths);
        points = sorted.keySet().toArray(HookPoint[]::new);
        starts = new int[points.length + 1];
        for (int i = 0; i < points.length; i++) {
            int width = sorted.get(points[i]);
            if (width < 0)
                throw new IllegalArgumentException(width + " units at " + points[i]);
            starts[i + 1] = Math.addExact(starts[i], width);
        }
    }

    /** Every unit of some sites of a model; sites that the model does not have are left out. */
    public static UnitLayout of(DecoderSpec spec, Collection<Site> sites) {
        Map<HookPoint, Integer> widths = new TreeMap<>();
        for (Site site : sites)
            for (int layer = 0; layer < spec.layers(); layer++)
                if (spec.units(site) > 0)
                    widths.put(spec.point(site, layer), spec.units(site));
        return new UnitLayout(widths);
    }

    /** The units of some sites alone. */
    public UnitLayout at(Set<Site> sites) {
        SortedMap<HookPoint, Integer> widths = widths();
        widths.keySet().removeIf(point -> !sites.contains(point.site()));
        return new UnitLayout(widths);
    }

    /** How many units in all. */
    public int units() {
        return starts[points.length];
    }

    /** Units per hook point, in pooled order. */
    public SortedMap<HookPoint, Integer> widths() {
        SortedMap<HookPoint, Integer> widths = new TreeMap<>();
        for (int i = 0; i < points.length; i++)
            widths.put(points[i], starts[i + 1] - starts[i]);
        return widths;
    }

    /** Units of a hook point; 0 for one that is not here. */
    public int width(HookPoint point) {
        int i = Arrays.binarySearch(points, point);
        return i < 0 ? 0 : starts[i + 1] - starts[i];
    }

    /** Pooled index of a hook point's first unit. */
    public int start(HookPoint point) {
        int i = Arrays.binarySearch(points, point);
        if (i < 0)
            throw new IllegalArgumentException("no units at " + point);
        return starts[i];
    }

    /** The hook point of a pooled index. */
    public HookPoint point(int pooled) {
        return points[slot(pooled)];
    }

    /** The row at its hook point of a pooled index. */
    public int unit(int pooled) {
        return pooled - starts[slot(pooled)];
    }

    private int slot(int pooled) {
        if (pooled < 0 || pooled >= units())
            throw new IndexOutOfBoundsException("unit " + pooled + " of " + units());
        int i = Arrays.binarySearch(starts, pooled);
        if (i < 0)
            return -i - 2;
        while (starts[i + 1] == pooled)
            i++; // empty hook points share their start with the next one
        return i;
    }

    /** One value per unit and hook point as one array in pooled order. */
    public double[] pool(Map<HookPoint, double[]> values) {
        double[] pooled = new double[units()];
        for (int i = 0; i < points.length; i++) {
            double[] here = values.get(points[i]);
            if (here == null || here.length != starts[i + 1] - starts[i])
                throw new IllegalArgumentException(
                        "the values of " + points[i] + " do not fit its " + (starts[i + 1] - starts[i]) + " units");
            System.arraycopy(here, 0, pooled, starts[i], here.length);
        }
        return pooled;
    }

    /** The units at these pooled indices, ascending. */
    public UnitMask mask(int[] pooled) {
        SortedMap<HookPoint, int[]> units = new TreeMap<>();
        int from = 0;
        while (from < pooled.length) {
            int slot = slot(pooled[from]);
            int to = from;
            while (to < pooled.length && pooled[to] < starts[slot + 1])
                to++;
            int[] rows = new int[to - from];
            for (int i = 0; i < rows.length; i++)
                rows[i] = pooled[from + i] - starts[slot];
            units.put(points[slot], rows);
            from = to;
        }
        return UnitMask.of(units);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof UnitLayout that && Arrays.equals(points, that.points) && Arrays.equals(starts, that.starts);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(points) + Arrays.hashCode(starts);
    }

    @Override
    public String toString() {
        return widths().toString();
    }
}
