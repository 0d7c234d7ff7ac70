package dev.crane.cli;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;

import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.hook.Site;

/**
 * A site of a model as {@code crane inspect --hooks} tells it.
 *
 * @param site its name for {@code --units}
 * @param name its name in the model's own words; L stands for the layer
 * @param transformerLens its name in TransformerLens; empty where it has none
 * @param shape of its values for a text of T tokens
 * @param uses what can be done there
 */
record HookSite(String site, String name, String transformerLens, List<String> shape, List<String> uses) {
    /** The sites that a model has. */
    static List<HookSite> of(DecoderSpec spec) {
        return Arrays.stream(Site.values()).filter(site -> site == Site.ATTN_PROBS || spec.units(site) > 0)
                .map(site -> of(site, spec)).toList();
    }

    private static HookSite of(Site site, DecoderSpec spec) {
        if (site == Site.LOGITS)
            return new HookSite(site.label(), site.module(), site.transformerLens(), shape("T", spec.vocabulary()),
                    List.of("capture", "intervene"));
        String name = spec.point(site, 0).path().replaceFirst("\\.0\\.", ".L.");
        String lens = site.transformerLens() == null ? "" : "blocks.L." + site.transformerLens();
        if (site == Site.ATTN_PROBS)
            return new HookSite(site.label(), name, lens, List.of(Integer.toString(spec.attention().heads()), "T", "T"),
                    List.of("capture"));
        if (site == Site.ATTN_HEAD) // what is read there is read at attn.z
            return new HookSite(site.label(), name, lens, shape("T", spec.units(site)), List.of("intervene", "relevance"));
        return new HookSite(site.label(), name, lens, shape("T", spec.units(site)), site.isLinear()
                ? List.of("capture", "intervene", "relevance", "row-gradient")
                : List.of("capture", "intervene", "relevance"));
    }

    private static List<String> shape(String tokens, int width) {
        return List.of(tokens, Integer.toString(width));
    }

    /** Prints a table of them. */
    static void print(List<HookSite> sites, int layers, PrintWriter out) {
        out.println();
        out.println("hook sites (L = 0 to " + (layers - 1) + ", T tokens)");
        Table table = new Table().text("  site").text("shape").text("name").text("TransformerLens").text("for");
        for (HookSite site : sites)
            table.row("  " + site.site, "[" + String.join(", ", site.shape) + "]", site.name, site.transformerLens,
                    String.join(", ", site.uses));
        table.print(out);
    }
}
