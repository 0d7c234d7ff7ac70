package dev.crane.analysis.identify;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import dev.crane.analysis.mask.UnitLayout;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.engine.CraneException;
import dev.crane.engine.hook.HookPoint;
import dev.crane.models.random.SplitMix64;

/**
 * {@code random}: the control. For each language as many units as its mask by another method has, drawn uniformly without replacement;
 * matched draws keep the number at every hook point (layer and projection), uniform ones only the number in all. The other mask's units
 * are not avoided.
 *
 * <p>The draws come from {@link SplitMix64#named} of the seed and the language, hook point after hook point in order, so each language
 * and each seed has its own.
 *
 * @param like per language the mask to be like
 * @param matched whether the number at every hook point is kept
 * @param seed of the draws
 */
public record RandomMatched(Map<String, UnitMask> like, boolean matched, long seed) implements Method {
    public RandomMatched {
        like = Map.copyOf(like);
    }

    @Override
    public String name() {
        return "random";
    }

    @Override
    public SortedMap<String, String> settings() {
        return new TreeMap<>(Map.of("matched", matched ? "per layer and projection" : "in number", "seed", Long.toString(seed)));
    }

    @Override
    public Map<String, Selection> select(List<LanguageStatistics> languages) {
        Map<String, Selection> selections = new LinkedHashMap<>();
        for (LanguageStatistics statistics : languages) {
            String language = statistics.language();
            UnitMask mask = like.get(language);
            if (mask == null)
                throw new CraneException(
                        "random has no mask of " + language + " to match; there are masks of " + new TreeMap<>(like).keySet());
            UnitLayout layout = statistics.layout();
            selections.put(language, new Selection(language, layout, draw(language, mask, layout), Map.of(), "", Map.of()));
        }
        return selections;
    }

    /** A mask drawn for one language from the units of a layout. */
    private UnitMask draw(String language, UnitMask mask, UnitLayout layout) {
        SplitMix64 random = SplitMix64.named(seed, language);
        mask.counts().forEach((point, count) -> {
            int last = mask.units(point)[count - 1];
            if (last >= layout.width(point)) {
                throw new CraneException("the mask of " + language + " to match has unit " + last + " of " + point + ", which has "
                        + layout.width(point) + " units here");
            }
        });
        if (!matched)
            return layout.mask(random.sample(mask.count(), layout.units()));
        SortedMap<HookPoint, int[]> units = new TreeMap<>();
        mask.counts().forEach((point, count) -> units.put(point, random.sample(count, layout.width(point))));
        return UnitMask.of(units);
    }
}
