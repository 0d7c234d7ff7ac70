package dev.crane.analysis.collect;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;

import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.hook.Site;

/**
 * What is gathered.
 *
 * @param quantities what each unit gets, all of one pass ({@link Quantity#pass}); for each the sites whose units get it
 * @param samples how many samples; a corpus must have as many
 * @param seed which, where it has more
 * @param maxTokens tokens a sample is cut to; what the model can read if that is less
 * @param topExamples how many of the samples that drive a unit most are kept for each unit; 0 for none
 * @param perSample the quantities of which the numbers of every sample are kept
 */
public record CollectionSettings(SequencedMap<Quantity, Set<Site>> quantities, int samples, long seed, int maxTokens, int topExamples,
        Set<Quantity> perSample) {
    /** Enough to read what a unit is about. */
    public static final int TOP_EXAMPLES = 5;

    public CollectionSettings {
        quantities = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(quantities));
        if (quantities.keySet().stream().map(Quantity::pass).distinct().count() != 1)
            throw new IllegalArgumentException("not one pass: " + quantities.keySet());
        perSample = Set.copyOf(perSample);
    }

    /** The same settings for one model: of each quantity the sites as this model has them. */
    CollectionSettings of(DecoderSpec spec) {
        SequencedMap<Quantity, Set<Site>> own = new LinkedHashMap<>();
        quantities.forEach((quantity, sites) -> own.put(quantity, spec.held(sites)));
        return new CollectionSettings(own, samples, seed, maxTokens, topExamples, perSample);
    }

    /** One quantity alone. */
    public static CollectionSettings of(Quantity quantity, Set<Site> units, int samples, long seed, int maxTokens, boolean perSample) {
        return new CollectionSettings(new LinkedHashMap<>(Map.of(quantity, units)), samples, seed, maxTokens, TOP_EXAMPLES,
                perSample ? Set.of(quantity) : Set.of());
    }
}
