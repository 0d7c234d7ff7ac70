package dev.crane.engine.decoder;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import dev.crane.engine.CraneException;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.UnitEdits;
import dev.crane.engine.backend.UnitEdits.Edit;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Intervention;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.hook.Site;

/** Sets of interventions, checked against a model and compiled to one edit for each set and hook point. */
final class Edits {
    /** No interventions. */
    static final Edits NONE = new Edits(List.of(), List.of());

    private final List<Map<HookPoint, OfPoint>> ofSet;
    private final List<InterventionSet> sets;

    private Edits(List<Map<HookPoint, OfPoint>> ofSet, List<InterventionSet> sets) {
        this.ofSet = ofSet;
        this.sets = sets;
    }

    /** One set's edits at one hook point: {@code everywhere} (null: none) but at the positions of {@code at}, which have their own. */
    private record OfPoint(Edit everywhere, TreeMap<Integer, Edit> at) {}

    /** Checks and compiles; what cannot be applied to the model is a user's error. */
    static Edits compile(DecoderSpec spec, List<InterventionSet> sets) {
        List<Map<HookPoint, OfPoint>> compiled = new ArrayList<>();
        for (InterventionSet set : sets)
            compiled.add(compile(spec, set));
        return new Edits(compiled, List.copyOf(sets));
    }

    private static Map<HookPoint, OfPoint> compile(DecoderSpec spec, InterventionSet set) {
        Map<HookPoint, Edit> everywhere = new HashMap<>();
        Map<HookPoint, TreeMap<Integer, Edit>> at = new HashMap<>();
        Map<HookPoint, BitSet> named = new HashMap<>();
        Map<HookPoint, Map<Integer, BitSet>> namedAt = new HashMap<>();
        // Those without positions first: what holds everywhere holds at the others' positions too, for other units.
        for (boolean positioned : new boolean[]{false, true})
            for (Intervention intervention : set.interventions())
                if (intervention instanceof Intervention.At restricted) {
                    if (positioned)
                        for (int position : restricted.positions()) {
                            if (position < 0)
                                throw new CraneException(set.name() + " names position " + position + " at " + restricted.point()
                                        + "; positions count from 0");
                            apply(spec, set, restricted.change(), (point, unit) -> {
                                BitSet taken = namedAt.computeIfAbsent(point, p -> new HashMap<>()).computeIfAbsent(position,
                                        p -> new BitSet());
                                boolean free = !taken.get(unit) && !named.getOrDefault(point, new BitSet()).get(unit);
                                taken.set(unit);
                                return free
                                        ? at.computeIfAbsent(point, p -> new TreeMap<>()).computeIfAbsent(position,
                                                p -> copy(everywhere.get(point), spec.units(point.site())))
                                        : null;
                            });
                        }
                } else if (!positioned) {
                    apply(spec, set, intervention, (point, unit) -> {
                        BitSet taken = named.computeIfAbsent(point, p -> new BitSet());
                        boolean free = !taken.get(unit);
                        taken.set(unit);
                        return free ? everywhere.computeIfAbsent(point, p -> copy(null, spec.units(point.site()))) : null;
                    });
                }
        Map<HookPoint, OfPoint> result = new HashMap<>();
        everywhere.forEach((point, edit) -> result.put(point, new OfPoint(edit, at.getOrDefault(point, new TreeMap<>()))));
        at.forEach((point, edits) -> result.putIfAbsent(point, new OfPoint(null, edits)));
        return result;
    }

    /** The edit that a unit's change belongs to, or null where the unit was named before. */
    private interface Taking {
        Edit take(HookPoint point, int unit);
    }

    private static void apply(DecoderSpec spec, InterventionSet set, Intervention intervention, Taking taking) {
        HookPoint point = intervention.point();
        int width = width(spec, set, point);
        checkValues(intervention, set);
        List<List<FusedRows.Unit>> parts = FusedRows.isFused(point.site()) ? FusedRows.units(spec, point.site()) : null;
        for (int i = 0; i < intervention.units().length; i++) {
            int unit = intervention.units()[i];
            if (unit < 0 || unit >= width)
                throw new CraneException(set.name() + " names unit " + unit + " of " + point + ", which has units 0 to " + (width - 1)
                        + ": is it for another model?");
            for (FusedRows.Unit own : parts == null ? List.of(new FusedRows.Unit(point.site(), unit)) : parts.get(unit)) {
                Edit edit = taking.take(parts == null ? point : spec.point(own.site(), point.layer()), own.unit());
                if (edit == null)
                    throw new CraneException(set.name() + " names unit " + unit + " of " + point + " twice; name each unit once");
                apply(intervention, i, edit, own.unit());
            }
        }
    }

    /** Whether any set changes the logits. */
    boolean changeLogits() {
        return ofSet.stream().anyMatch(edits -> edits.containsKey(VocabularyHead.LOGITS));
    }

    /** Refuses changes at positions that a sequence does not have: they would do nothing. */
    void checkPositions(int[] setOf, Segments sequences) {
        for (int b = 0; setOf != null && b < setOf.length; b++)
            checkPositions(setOf[b], sequences.length(b), "sequence " + b + " has " + sequences.length(b) + " tokens");
    }

    /** The same for sequences that may grow to some length. */
    void checkPositions(int[] setOf, int longest) {
        for (int b = 0; setOf != null && b < setOf.length; b++)
            checkPositions(setOf[b], longest, "the model was made for at most " + longest + " tokens");
    }

    private void checkPositions(int set, int length, String why) {
        if (set >= 0)
            ofSet.get(set).forEach((point, edits) -> {
                if (!edits.at().isEmpty() && edits.at().lastKey() >= length)
                    throw new CraneException(sets.get(set).name() + " names position " + edits.at().lastKey() + " at " + point + ", but "
                            + why + ", the first of them 0");
            });
    }

    /**
     * The edits of each hook point when sequence b runs under set {@code setOf[b]}, −1 for none; null: none at all. Points without any are absent.
     *
     * @param sequences the rows of each
     * @param past position of each sequence's first row
     */
    PassEdits on(int[] setOf, Segments sequences, int[] past) {
        Map<HookPoint, UnitEdits> result = new HashMap<>();
        if (setOf == null)
            return new PassEdits(result, sequences);
        int[] used = Arrays.stream(setOf).filter(s -> s >= 0).distinct().sorted().toArray();
        boolean byRow = Arrays.stream(used).anyMatch(set -> ofSet.get(set).values().stream().anyMatch(edits -> !edits.at().isEmpty()));
        Segments runs = byRow ? PassEdits.rows(sequences.rows()) : sequences;
        for (int set : used)
            for (Map.Entry<HookPoint, OfPoint> entry : ofSet.get(set).entrySet()) {
                UnitEdits edits = result.computeIfAbsent(entry.getKey(), p -> {
                    int[] none = new int[runs.count()];
                    Arrays.fill(none, -1);
                    return new UnitEdits(new ArrayList<>(), none);
                });
                IdentityHashMap<Edit, Integer> indices = new IdentityHashMap<>();
                for (int run = 0; run < runs.count(); run++) {
                    int b = byRow ? sequences.of(run) : run;
                    if (setOf[b] != set)
                        continue;
                    OfPoint own = entry.getValue();
                    Edit edit = byRow ? own.at().getOrDefault(past[b] + run - sequences.start(b), own.everywhere()) : own.everywhere();
                    if (edit != null)
                        edits.ofSequence()[run] = indices.computeIfAbsent(edit, e -> {
                            edits.edits().add(e);
                            return edits.edits().size() - 1;
                        });
                }
            }
        result.values().removeIf(edits -> edits.edits().isEmpty());
        return new PassEdits(Collections.unmodifiableMap(result), runs);
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

    /** An edit to be filled in, as {@code from} is so far; null: one that changes nothing. */
    private static Edit copy(Edit from, int width) {
        if (from != null)
            return new Edit(from.scale().clone(), from.offset().clone(), from.low().clone(), from.high().clone());
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
            case Intervention.At at -> throw new IllegalArgumentException("a change at positions is taken apart before");
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
            case Intervention.At at -> throw new IllegalArgumentException("a change at positions is taken apart before");
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
