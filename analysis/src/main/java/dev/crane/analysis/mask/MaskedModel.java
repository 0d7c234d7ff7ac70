package dev.crane.analysis.mask;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.hook.Site;

/**
 * The model a mask belongs to: enough to tell whether it is the one at hand, and whether another one is laid out alike.
 *
 * @param name the folder's name; may be empty
 * @param hash of the model's files; may be empty (a mask written by hand)
 * @param layers number of layers; 0 where not known
 * @param widths units per layer of the sites; empty where not known
 */
public record MaskedModel(String name, String hash, int layers, SortedMap<Site, Integer> widths) {
    public MaskedModel {
        widths = Collections.unmodifiableSortedMap(new TreeMap<>(widths));
        if (layers < 0)
            throw new IllegalArgumentException(layers + " layers");
    }

    /** A model that is at hand. */
    public static MaskedModel of(String name, String hash, DecoderSpec spec) {
        SortedMap<Site, Integer> widths = new TreeMap<>();
        for (Site site : Site.values())
            if (site != Site.LOGITS && spec.units(site) > 0)
                widths.put(site, spec.units(site));
        return new MaskedModel(name, hash, spec.layers(), widths);
    }

    /** Whether both are the same model: by hash where both have one, else by name. */
    public boolean isSame(MaskedModel other) {
        return (hash.isEmpty() || other.hash.isEmpty()) ? name.equals(other.name) : hash.equals(other.hash);
    }

    /** What differs between the layouts as far as both are known: {@code 6 layers, not 8}; empty if nothing does. */
    public Optional<String> difference(MaskedModel other) {
        if (layers > 0 && other.layers > 0 && layers != other.layers)
            return Optional.of(layers + " layers, not " + other.layers);
        for (Map.Entry<Site, Integer> width : widths.entrySet()) {
            Integer theirs = other.widths.get(width.getKey());
            if (!other.widths.isEmpty() && !width.getValue().equals(theirs))
                return Optional.of(width.getValue() + " units at " + width.getKey().label() + ", not " + (theirs == null ? 0 : theirs));
        }
        return Optional.empty();
    }
}
