package dev.crane.models.hooks;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import dev.crane.engine.CraneException;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;

/** The hook points of a model by any of their names. */
final class Points {
    private static final Pattern LABEL = Pattern.compile("([a-z_]+\\.[a-z_]+)(?:\\.(\\d{1,6}|\\*))?");
    private static final Pattern LAYER = Pattern.compile("(?<=\\.)\\*(?=\\.)");

    private final String model;
    private final DecoderSpec spec;

    Points(String model, DecoderSpec spec) {
        this.model = model;
        this.spec = spec;
    }

    /** All that the model has, layer by layer. */
    List<HookPoint> all() {
        List<HookPoint> points = new ArrayList<>();
        for (int layer = 0; layer < spec.layers(); layer++)
            for (Site site : Site.values())
                if (site != Site.LOGITS && has(site))
                    points.add(spec.point(site, layer));
        points.add(spec.point(Site.LOGITS, -1));
        return points;
    }

    private boolean has(Site site) {
        return site == Site.ATTN_PROBS || spec.units(site) > 0;
    }

    /**
     * The points of a name: a module's path in the model's files or a Llama's ({@code model.layers.3.mlp.gate_proj}), a label with the layer behind it
     * ({@code mlp.gate.3}), or TransformerLens's ({@code blocks.3.mlp.hook_pre}). With {@code *} for the layer, or a label alone: every layer.
     *
     * @throws CraneException if the model has no such point
     */
    List<HookPoint> of(String name) {
        if (name.equals(Site.LOGITS.module()) || name.equals(Site.LOGITS.transformerLens()))
            return List.of(spec.point(Site.LOGITS, -1));
        Matcher label = LABEL.matcher(name);
        Optional<Site> labelled = label.matches() ? Site.of(label.group(1)) : Optional.empty();
        if (labelled.isPresent())
            return layers(labelled.get(), label.group(2) == null ? "*" : label.group(2), name);
        boolean everywhere = LAYER.matcher(name).find();
        String one = LAYER.matcher(name).replaceFirst("0");
        HookPoint point = HookPoint.parse(one).orElseThrow(() -> unknown(name));
        Site site = one.startsWith("blocks.") ? lens(point.site(), name) : point.site();
        if (!spec.calls(new HookPoint(site, point.layer(), site == point.site() ? point.path() : spec.point(site, point.layer()).path())))
            throw new CraneException(name + " is what another family calls it; " + model + " (" + spec.family() + ") calls it "
                    + spec.point(site, point.layer()));
        return layers(site, everywhere ? "*" : Integer.toString(point.layer()), name);
    }

    /** The one point of a name. */
    HookPoint one(String name) {
        List<HookPoint> points = of(name);
        if (points.size() != 1)
            throw new CraneException(name + " names " + points.size() + " hook points, and one is needed: put the layer's number in, as "
                    + points.getFirst());
        return points.getFirst();
    }

    /** The one point of a name; empty where it names none or several. */
    Optional<HookPoint> known(String name) {
        try {
            return Optional.of(one(name));
        } catch (CraneException notOne) {
            return Optional.empty();
        }
    }

    /** What TransformerLens means by a name in this model. */
    private Site lens(Site site, String name) {
        if (spec.normPlacement().post() && (site == Site.ATTN_OUT || site == Site.MLP_DOWN))
            throw new CraneException(
                    name + " is read behind the norm that follows the sublayer in TransformerLens; here is what enters that norm, "
                            + "under the name " + spec.point(site, 0).path().replaceFirst("\\.0\\.", ".*."));
        return site == Site.MLP_GATE && !spec.mlp().gated() ? Site.MLP_UP : site;
    }

    private List<HookPoint> layers(Site site, String layer, String name) {
        if (!has(site))
            throw new CraneException(
                    name + ": " + model + " (" + spec.family() + ") has no " + site.label() + "; sites() lists what it has");
        if (layer.equals("*"))
            return IntStream.range(0, spec.layers()).mapToObj(l -> spec.point(site, l)).toList();
        int number = Integer.parseInt(layer);
        if (number >= spec.layers())
            throw new CraneException(name + ": " + model + " has layers 0 to " + (spec.layers() - 1));
        return List.of(spec.point(site, number));
    }

    private CraneException unknown(String name) {
        return new CraneException("'" + name + "' is no hook point of " + model + "; one is called " + spec.point(Site.MLP_DOWN, 0)
                + " or mlp.down.0, all layers' mlp.down; sites() lists them");
    }
}
