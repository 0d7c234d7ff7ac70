package dev.crane.engine.decoder;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import dev.crane.engine.CraneException;
import dev.crane.engine.backend.UnitEdits;
import dev.crane.engine.backend.UnitEdits.Edit;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Intervention;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.hook.Site;

/** Sets of interventions, checked against a model and compiled to one edit for each set and hook point. */
final class Edits {
    /** No interventions. */
    static final Edits NONE = new Edits(List.of());

    private final List<Map<HookPoint, Edit>> ofSet;

    private Edits(List<Map<HookPoint, Edit>> ofSet) {
        this.ofSet = ofSet;
    }

    /** Checks and compiles; what cannot be applied to the model is a user's error. */
    static Edits compile(DecoderSpec spec, List<InterventionSet> sets) {
        List<Map<HookPoint, Edit>> compiled = new ArrayList<>();
        for (InterventionSet set : sets) {
            Map<HookPoint, Edit> edits = new HashMap<>();
            Map<HookPoint, BitSet> named = new HashMap<>();
            for (Intervention intervention : set.interventions()) {
                HookPoint point = intervention.point();
                int width = width(spec, set, point);
                checkValues(intervention, set);
                FusedRows.Unit[] stored = FusedRows.isFused(point.site()) ? FusedRows.units(spec, point.site()) : null;
                for (int i = 0; i < intervention.units().length; i++) {
                    int unit = intervention.units()[i];
                    if (unit < 0 || unit >= width)
                        throw new CraneException(
                                set.name() + " names unit " + unit + " of " + point + ", which has units 0 to " + (width - 1)
                                        + ": is it for another model?");
                    HookPoint at = stored == null ? point : spec.point(stored[unit].site(), point.layer());
                    int own = stored == null ? unit : stored[unit].unit();
                    BitSet taken = named.computeIfAbsent(at, p -> new BitSet());
                    if (taken.get(own))
                        throw new CraneException(set.name() + " names unit " + unit + " of " + point + " twice; name each unit once");
                    taken.set(own);
                    apply(intervention, i, edits.computeIfAbsent(at, p -> unchanged(spec.units(at.site()))), own);
                }
            }
            compiled.add(edits);
        }
        return new Edits(compiled);
    }

    /** Whether any set changes the logits. */
    boolean changeLogits() {
        return ofSet.stream().anyMatch(edits -> edits.containsKey(VocabularyHead.LOGITS));
    }

    /** The edits of each hook point when sequence b runs under set {@code setOf[b]}, −1 for none; null: none at all. Points without any are absent. */
    Map<HookPoint, UnitEdits> on(int[] setOf) {
        if (setOf == null)
            return Map.of();
        Map<HookPoint, UnitEdits> result = new HashMap<>();
        for (int set : Arrays.stream(setOf).filter(s -> s >= 0).distinct().sorted().toArray())
            for (Map.Entry<HookPoint, Edit> entry : ofSet.get(set).entrySet()) {
                UnitEdits edits = result.computeIfAbsent(entry.getKey(), p -> {
                    int[] none = new int[setOf.length];
                    Arrays.fill(none, -1);
                    return new UnitEdits(new ArrayList<>(), none);
                });
                for (int b = 0; b < setOf.length; b++)
                    if (setOf[b] == set)
                        edits.ofSequence()[b] = edits.edits().size();
                edits.edits().add(entry.getValue());
            }
        return Collections.unmodifiableMap(result);
    }

    private static int width(DecoderSpec spec, InterventionSet set, HookPoint point) {
        if (point.site() == Site.ATTN_PROBS)
            throw new CraneException(set.name() + " changes " + point + ": attention probabilities can be captured, not changed");
        if (point.site() != Site.LOGITS && (point.layer() < 0 || point.layer() >= spec.layers()))
            throw new CraneException(set.name() + " names " + point + ", but the model has layers 0 to " + (spec.layers() - 1)
                    + ": is it for another model?");
        int width = spec.units(point.site());
        if (width == 0)
            throw new CraneException(set.name() + " names " + point + ", which this model (" + spec.family() + ") does not have");
        if (!spec.calls(point))
            throw new CraneException(set.name() + " names " + point + ", which this model (" + spec.family() + ") calls "
                    + spec.point(point.site(), point.layer()) + ": is it for another model?");
        return width;
    }

    private static Edit unchanged(int width) {
        Edit edit = new Edit(new float[width], new float[width], new float[width], new float[width]);
        Arrays.fill(edit.scale(), 1);
        Arrays.fill(edit.low(), Float.NEGATIVE_INFINITY);
        Arrays.fill(edit.high(), Float.POSITIVE_INFINITY);
        return edit;
    }

    /** Applies an intervention's change of its i-th unit to one unit of an edit. */
    private static void apply(Intervention intervention, int i, Edit edit, int unit) {
        switch (intervention) {
            case Intervention.Zero zero -> edit.scale()[unit] = 0;
            case Intervention.Constant constant -> {
                edit.scale()[unit] = 0;
                edit.offset()[unit] = constant.values()[i];
            }
            case Intervention.Scale scale -> edit.scale()[unit] = scale.factor();
            case Intervention.Add add -> edit.offset()[unit] = add.values()[i];
            case Intervention.Clamp clamp -> {
                edit.low()[unit] = clamp.low();
                edit.high()[unit] = clamp.high();
            }
        }
    }

    private static void checkValues(Intervention intervention, InterventionSet set) {
        switch (intervention) {
            case Intervention.Zero zero -> {
            }
            case Intervention.Constant constant -> checkValues(constant.values(), intervention, set);
            case Intervention.Scale scale -> checkFinite(scale.factor(), intervention, set);
            case Intervention.Add add -> checkValues(add.values(), intervention, set);
            case Intervention.Clamp clamp -> {
                if (!(clamp.low() <= clamp.high()))
                    throw new CraneException(
                            set.name() + " clamps " + clamp.point() + " to [" + clamp.low() + ", " + clamp.high() + "], which is empty");
            }
        }
    }

    private static void checkValues(float[] values, Intervention intervention, InterventionSet set) {
        if (values.length != intervention.units().length)
            throw new CraneException(set.name() + " gives " + values.length + " values for " + intervention.units().length + " units of "
                    + intervention.point());
        for (float value : values)
            checkFinite(value, intervention, set);
    }

    private static void checkFinite(float value, Intervention intervention, InterventionSet set) {
        if (!Float.isFinite(value))
            throw new CraneException(
                    set.name() + " gives the value " + value + " at " + intervention.point() + "; values must be finite");
    }
}
