package dev.crane.analysis.report;

import java.util.HashSet;
import java.util.Set;

import dev.crane.analysis.report.ReportData.Selection;
import dev.crane.engine.hook.Site;

/**
 * How many units two selections share. The row of the gate, the row of up, the activation and the product neuron of one MLP neuron count as one unit: whichever of
 * them is zeroed, the neuron adds nothing. All other units are shared at the same hook point only.
 *
 * @param first units of the one
 * @param second units of the other
 * @param both units in both
 */
record Overlap(int first, int second, int both) {
    private static final Set<Site> NEURON = Set.of(Site.MLP_GATE, Site.MLP_UP, Site.MLP_ACT, Site.MLP_NEURON);

    private record Unit(Site site, int layer, int unit) {}

    static Overlap of(Selection a, Selection b) {
        Set<Unit> first = units(a);
        Set<Unit> second = units(b);
        return new Overlap(first.size(), second.size(), (int) first.stream().filter(second::contains).count());
    }

    private static Set<Unit> units(Selection selection) {
        Set<Unit> units = new HashSet<>();
        selection.units().forEach((point, chosen) -> {
            Site site = NEURON.contains(point.site()) ? Site.MLP_NEURON : point.site();
            for (int unit : chosen)
                units.add(new Unit(site, point.layer(), unit));
        });
        return units;
    }

    /** Units in both / units in either; NaN where there are none. */
    double jaccard() {
        int either = first + second - both;
        return either == 0 ? Double.NaN : (double) both / either;
    }

    /** Overlap coefficient: units in both / units of the smaller one; NaN where that has none. */
    double coefficient() {
        int smaller = Math.min(first, second);
        return smaller == 0 ? Double.NaN : (double) both / smaller;
    }
}
