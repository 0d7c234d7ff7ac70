package dev.crane.analysis.identify;

import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

import dev.crane.analysis.mask.MaskFile;
import dev.crane.analysis.mask.MaskIntervention;
import dev.crane.analysis.mask.MaskedModel;
import dev.crane.analysis.mask.UnitLayout;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.analysis.statistics.ProvenanceKey;
import dev.crane.engine.hook.HookPoint;

/**
 * The units a method chose for one language, and the values it chose them by.
 *
 * <p>Value names: {@code crane} gives {@code share} and {@code margin}, {@code crane-kurtosis} gives {@code kurtosis}, {@code z}, and
 * with its options {@code margin} and {@code preference}; {@code lape} {@code probability}, {@code entropy} and {@code specificity};
 * {@code average-precision} {@code average_precision} and {@code rank}; {@code plnd} {@code importance}; methods that take the top {@code mean}.
 */
public final class Selection {
    private final String language;
    private final UnitLayout layout;
    private final UnitMask mask;
    private final SortedMap<String, double[]> values;
    private final String ranking;
    private final SortedMap<String, Double> facts;

    /**
     * A selection; the arrays are not copied and belong to it from now on.
     *
     * @param language the language
     * @param layout all units that took part
     * @param mask the units that were chosen
     * @param values per name one value per unit in the layout's pooled order; NaN for a unit without one
     * @param ranking the name of the value that units were ranked by, or the empty string if they were not
     * @param facts numbers about the language as a whole, such as {@code kurtosis_mean} and {@code kurtosis_sd}
     */
    public Selection(String language, UnitLayout layout, UnitMask mask, Map<String, double[]> values, String ranking,
            Map<String, Double> facts) {
        this.language = language;
        this.layout = layout;
        this.mask = mask;
        this.values = new TreeMap<>(values);
        this.ranking = ranking;
        this.facts = Collections.unmodifiableSortedMap(new TreeMap<>(facts));
    }

    /**
     * A unit and its value.
     *
     * @param point where
     * @param unit which row
     * @param value the value it is ranked by
     */
    public record Ranked(HookPoint point, int unit, double value) {}

    /** The language. */
    public String language() {
        return language;
    }

    /** All units that took part. */
    public UnitLayout layout() {
        return layout;
    }

    /** The chosen units. */
    public UnitMask mask() {
        return mask;
    }

    /** Names of the values there are. */
    public Set<String> valueNames() {
        return Collections.unmodifiableSet(values.keySet());
    }

    /** One value per unit in the layout's pooled order, NaN for a unit without one; a copy. */
    public double[] values(String name) {
        double[] named = values.get(name);
        if (named == null)
            throw new IllegalArgumentException("no value " + name + " among " + values.keySet());
        return named.clone();
    }

    /** The name of the value that units were ranked by; the empty string if they were not ranked. */
    public String ranking() {
        return ranking;
    }

    /** Numbers about the language as a whole. */
    public SortedMap<String, Double> facts() {
        return facts;
    }

    /** The same ranking with another number of units: those that rank first; fewer where there are not as many that have a rank. */
    public Selection withCount(int count) {
        if (ranking.isEmpty())
            throw new IllegalStateException("units that were not ranked");
        int[] chosen = count == 0 ? new int[0] : new Budget.Count(count).choose(values.get(ranking));
        return new Selection(language, layout, layout.mask(chosen), values, ranking, facts);
    }

    /**
     * The mask as a file.
     *
     * @param model the model the units were found on
     * @param method label of the method
     * @param settings its settings ({@link Method#settings})
     * @param statistics what it chose from
     * @param intervention what the mask does to the units
     */
    public MaskFile maskFile(MaskedModel model, String method, Map<String, String> settings, LanguageStatistics statistics,
            MaskIntervention intervention) {
        SortedMap<String, String> provenance = new TreeMap<>(statistics.provenance());
        provenance.remove(ProvenanceKey.LINES);
        provenance.put("method", method);
        provenance.put("language", language);
        settings.forEach((name, value) -> provenance.put("method." + name, value));
        facts.forEach((name, value) -> provenance.put(name, Double.toString(value)));
        return new MaskFile(model, mask, intervention, provenance);
    }

    /** The first {@code count} chosen units by rank; where units were not ranked, in unit order with the value NaN. */
    public List<Ranked> top(int count) {
        double[] ranks = values.get(ranking);
        Comparator<Ranked> byValue = Comparator.comparingDouble(unit -> -unit.value());
        return mask.units().entrySet().stream().flatMap(entry -> {
            int start = layout.start(entry.getKey());
            return IntStream.of(entry.getValue())
                    .mapToObj(unit -> new Ranked(entry.getKey(), unit, ranks == null ? Double.NaN : ranks[start + unit]));
        }).sorted(byValue).limit(count).toList();
    }
}
