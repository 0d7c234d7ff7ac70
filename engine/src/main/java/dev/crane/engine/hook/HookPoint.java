package dev.crane.engine.hook;

import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A site in one layer. Two of them are the same when site and layer are, whatever they are called: the names are those of the model's own files.
 *
 * @param site the kind of place
 * @param layer from 0; −1 for {@link Site#LOGITS}
 * @param path its name: the module's path in the model's files for a linear layer ({@code model.layers.3.mlp.gate_proj},
 *        {@code gpt_neox.layers.3.mlp.dense_h_to_4h}), otherwise the layer's path and the site ({@code model.layers.3.mlp.neuron})
 */
public record HookPoint(Site site, int layer, String path) implements Comparable<HookPoint> {
    private static final Pattern STORED = Pattern.compile("(?:[a-z_]+\\.)*(?:layers|h)\\.(\\d{1,6})\\.(.+)");
    private static final Pattern TRANSFORMER_LENS = Pattern.compile("blocks\\.(\\d{1,6})\\.(.+)");

    /** Requires a site and a name. */
    public HookPoint {
        Objects.requireNonNull(site);
        Objects.requireNonNull(path);
    }

    /** A point under the name that a Llama has for it. */
    public HookPoint(Site site, int layer) {
        this(site, layer, ModuleNames.LLAMA.path(site, layer));
    }

    /**
     * Reads a name of a module or site below a layer, whatever the family, and keeps it; or TransformerLens's ({@code blocks.3.mlp.hook_post}), which
     * becomes that of a Llama. Empty for anything else.
     */
    public static Optional<HookPoint> parse(String name) {
        if (name.equals(Site.LOGITS.module()) || name.equals(Site.LOGITS.transformerLens()))
            return Optional.of(new HookPoint(Site.LOGITS, -1));
        Matcher stored = STORED.matcher(name);
        Matcher alias = TRANSFORMER_LENS.matcher(name);
        for (Site site : Site.values()) {
            if (site == Site.LOGITS)
                continue;
            if (stored.matches() && site.isCalled(stored.group(2)))
                return Optional.of(new HookPoint(site, Integer.parseInt(stored.group(1)), name));
            if (alias.matches() && alias.group(2).equals(site.transformerLens()))
                return Optional.of(new HookPoint(site, Integer.parseInt(alias.group(1))));
        }
        return Optional.empty();
    }

    @Override
    public int compareTo(HookPoint other) {
        return Comparator.comparingInt(HookPoint::layer).thenComparing(HookPoint::site).compare(this, other);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof HookPoint point && site == point.site && layer == point.layer;
    }

    @Override
    public int hashCode() {
        return 31 * site.hashCode() + layer;
    }

    @Override
    public String toString() {
        return path;
    }
}
