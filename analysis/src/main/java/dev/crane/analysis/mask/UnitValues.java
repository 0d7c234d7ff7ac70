package dev.crane.analysis.mask;

import java.util.Arrays;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import dev.crane.engine.hook.HookPoint;

/** A finite number for every unit of a mask: the same for all, or each its own. Immutable; two are equal if they hold the same bits. */
public final class UnitValues {
    private final float same;
    private final String origin;
    /** Per hook point one value per unit of the mask there, in the order of the rows; null: the same value for all. */
    private final SortedMap<HookPoint, float[]> each;

    private UnitValues(float same, String origin, SortedMap<HookPoint, float[]> each) {
        this.same = same;
        this.origin = origin;
        this.each = each;
    }

    /**
     * One value for all units.
     *
     * @throws IllegalArgumentException if it is not finite
     */
    public static UnitValues same(float value) {
        requireFinite(value);
        return new UnitValues(value, "", null);
    }

    /**
     * A value for each unit.
     *
     * @param origin what they are, in a few words: {@code mean of others}
     * @param values per hook point one value per unit of the mask there, rows ascending; copied
     * @throws IllegalArgumentException if one is not finite
     */
    public static UnitValues each(String origin, Map<HookPoint, float[]> values) {
        SortedMap<HookPoint, float[]> copy = new TreeMap<>();
        values.forEach((point, here) -> {
            for (float value : here)
                requireFinite(value);
            copy.put(point, here.clone());
        });
        return new UnitValues(0, origin, copy);
    }

    private static void requireFinite(float value) {
        if (!Float.isFinite(value))
            throw new IllegalArgumentException("the value " + value);
    }

    /** Whether all units have the same value, whatever the mask. */
    public boolean isSame() {
        return each == null;
    }

    /** The value of all units; only where {@link #isSame}. */
    public float value() {
        if (each != null)
            throw new IllegalStateException("each unit has a value of its own");
        return same;
    }

    /** What the values are, in a few words; empty where {@link #isSame}. */
    public String origin() {
        return origin;
    }

    /** The values at a hook point of a mask that has {@code count} units there; a copy. */
    public float[] at(HookPoint point, int count) {
        if (each == null) {
            float[] values = new float[count];
            Arrays.fill(values, same);
            return values;
        }
        float[] here = each.get(point);
        if (here == null || here.length != count)
            throw new IllegalArgumentException((here == null ? 0 : here.length) + " values for " + count + " units of " + point);
        return here.clone();
    }

    /** The number, or where they come from. */
    String describe() {
        return each == null ? Float.toString(same) : origin;
    }

    /** Every value, to the last bit. */
    String exact() {
        if (each == null)
            return Float.toString(same);
        StringBuilder text = new StringBuilder();
        each.forEach((point, values) -> text.append(point.path()).append(' ').append(Arrays.toString(values)).append('\n'));
        return text.toString();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof UnitValues that && origin.equals(that.origin) && isSame() == that.isSame() && exact().equals(that.exact());
    }

    @Override
    public int hashCode() {
        return exact().hashCode();
    }

    @Override
    public String toString() {
        return describe();
    }
}
