package dev.crane.engine.hook;

import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A site in one layer.
 *
 * @param site the kind of place
 * @param layer from 0; −1 for {@link Site#LOGITS}
 */
public record HookPoint(Site site, int layer) implements Comparable<HookPoint> {
    private static final Pattern CANONICAL = Pattern.compile("model\\.layers\\.(\\d{1,6})\\.(.+)");
    private static final Pattern TRANSFORMER_LENS = Pattern.compile("blocks\\.(\\d{1,6})\\.(.+)");

    /** The canonical name: {@code model.layers.3.mlp.gate_proj}. */
    public String path() {
        return site == Site.LOGITS ? site.module() : "model.layers." + layer + "." + site.module();
    }

    /** Reads a canonical name, or TransformerLens's ({@code blocks.3.mlp.hook_post}); empty for anything else. */
    public static Optional<HookPoint> parse(String name) {
        if (name.equals(Site.LOGITS.module()) || name.equals(Site.LOGITS.transformerLens()))
            return Optional.of(new HookPoint(Site.LOGITS, -1));
        Matcher canonical = CANONICAL.matcher(name);
        Matcher alias = TRANSFORMER_LENS.matcher(name);
        for (Site site : Site.values()) {
            if (site == Site.LOGITS)
                continue;
            if (canonical.matches() && canonical.group(2).equals(site.module()))
                return Optional.of(new HookPoint(site, Integer.parseInt(canonical.group(1))));
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
    public String toString() {
        return path();
    }
}
