package dev.crane.models.hooks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

import dev.crane.engine.CraneException;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Intervention;

/**
 * A change of values at a hook point while a model runs; no weight is rewritten. It holds for all units, tokens and layers that the name of the point leaves
 * open, unless it is restricted by {@link #units} and {@link #at}.
 */
public final class Change {
    private final String point;
    private final Kind kind;
    private final int[] units;
    private final int[] positions;

    /** What is done. */
    private sealed interface Kind {
        record Zero() implements Kind {}

        record Scale(float factor) implements Kind {}

        record Clamp(float low, float high) implements Kind {}

        /** Values [width], the same at every position, or [T, width], row p at position p. */
        record Put(FloatArray values, boolean added) implements Kind {}

        record Fill(float value) implements Kind {}
    }

    private Change(String point, Kind kind, int[] units, int[] positions) {
        this.point = Objects.requireNonNull(point);
        this.kind = kind;
        this.units = units;
        this.positions = positions;
    }

    /** x becomes 0; no units: all. */
    public static Change zero(String point, int... units) {
        return new Change(point, new Kind.Zero(), given(units), null);
    }

    /** x becomes factor · x; no units: all. */
    public static Change scale(String point, float factor, int... units) {
        return new Change(point, new Kind.Scale(factor), given(units), null);
    }

    /** x becomes min(max(x, low), high); no units: all. */
    public static Change clamp(String point, float low, float high, int... units) {
        return new Change(point, new Kind.Clamp(low, high), given(units), null);
    }

    /** x becomes this number; no units: all. */
    public static Change set(String point, float value, int... units) {
        return new Change(point, new Kind.Fill(value), given(units), null);
    }

    /**
     * x becomes these values: patching, where they are another run's.
     *
     * @param values [width], the same at every token, or [T, width], row p for the token at position p
     */
    public static Change set(String point, FloatArray values) {
        return new Change(point, new Kind.Put(values, false), null, null);
    }

    /**
     * x becomes x + coefficient · values: steering.
     *
     * @param values as for {@link #set(String, FloatArray)}
     */
    public static Change add(String point, FloatArray values, float coefficient) {
        return new Change(point, new Kind.Put(values.times(coefficient), true), null, null);
    }

    private static int[] given(int[] units) {
        return units.length == 0 ? null : units.clone();
    }

    /** The same for these units only; of an array of values, their columns. */
    public Change units(int... only) {
        return new Change(point, kind, only.clone(), positions);
    }

    /** The same at these positions only: tokens from 0, or from the end of the text (of the prompt, while more is generated): −1 is the last. */
    public Change at(int... only) {
        return new Change(point, kind, units, only.clone());
    }

    /** Whether it depends on how long the text is. */
    boolean dependsOnLength() {
        return positions != null || (kind instanceof Kind.Put put && put.values.shape().length == 2);
    }

    /** What the engine does for it in a text of some tokens. */
    List<Intervention> on(Points points, DecoderSpec spec, int tokens) {
        List<Intervention> result = new ArrayList<>();
        for (HookPoint at : points.of(point)) {
            int width = spec.units(at.site());
            if (width == 0)
                throw new CraneException(at + " can be captured, not changed");
            int[] chosen = units == null ? IntStream.range(0, width).toArray() : sorted(units);
            if (kind instanceof Kind.Put put && put.values.shape().length == 2) {
                rows(at, put, chosen, width, tokens, result);
                continue;
            }
            Intervention everywhere = switch (kind) {
                case Kind.Zero zero -> new Intervention.Zero(at, chosen);
                case Kind.Scale scale -> new Intervention.Scale(at, chosen, scale.factor);
                case Kind.Clamp clamp -> new Intervention.Clamp(at, chosen, clamp.low, clamp.high);
                case Kind.Fill fill -> new Intervention.Constant(at, chosen, filled(fill.value, chosen.length));
                case Kind.Put put -> {
                    if (put.values.shape().length != 1 || put.values.size() != width)
                        throw new CraneException(at + " has " + width + " units; " + put.values.name() + " of shape "
                                + Arrays.toString(put.values.shape()) + " fits neither [" + width + "] nor [tokens, " + width + "]");
                    yield put(at, put, chosen, put.values);
                }
            };
            result.add(positions == null ? everywhere : new Intervention.At(everywhere, positions(tokens)));
        }
        return result;
    }

    /** Each position has a row of its own. */
    private void rows(HookPoint at, Kind.Put put, int[] chosen, int width, int tokens, List<Intervention> result) {
        int rows = put.values.size(0);
        if (put.values.size(1) != width)
            throw new CraneException(at + " has " + width + " units; " + put.values.name() + " has the shape "
                    + Arrays.toString(put.values.shape()));
        if (positions == null && rows != tokens)
            throw new CraneException(put.values.name() + " has values of " + rows + " tokens, and the text has " + tokens
                    + ": say at which positions they are to stand, with at(…)");
        for (int position : positions == null ? IntStream.range(0, tokens).toArray() : positions(tokens)) {
            if (position >= rows)
                throw new CraneException(put.values.name() + " has values of " + rows + " tokens, none for position " + position);
            result.add(new Intervention.At(put(at, put, chosen, put.values.row(position)), new int[]{position}));
        }
    }

    private static Intervention put(HookPoint at, Kind.Put put, int[] units, FloatArray row) {
        float[] values = new float[units.length];
        for (int i = 0; i < units.length; i++) {
            if (units[i] < 0 || units[i] >= row.size())
                throw new CraneException(at + " has units 0 to " + (row.size() - 1) + ", not " + units[i]);
            values[i] = row.get(units[i]);
        }
        return put.added ? new Intervention.Add(at, units, values) : new Intervention.Constant(at, units, values);
    }

    private int[] positions(int tokens) {
        return Arrays.stream(positions).map(position -> {
            int from0 = position < 0 ? tokens + position : position;
            if (from0 < 0 || from0 >= tokens)
                throw new CraneException(
                        point + " is to be changed at position " + position + ", and the text has " + tokens + " tokens, the first 0");
            return from0;
        }).toArray();
    }

    private static int[] sorted(int[] units) {
        return Arrays.stream(units).sorted().toArray();
    }

    private static float[] filled(float value, int length) {
        float[] values = new float[length];
        Arrays.fill(values, value);
        return values;
    }

    /** What is done where: {@code zero mlp.neuron.2 units [3, 17] at [-1]}. */
    @Override
    public String toString() {
        String what = switch (kind) {
            case Kind.Zero zero -> "zero ";
            case Kind.Scale scale -> "scale by " + scale.factor + " ";
            case Kind.Clamp clamp -> "clamp to [" + clamp.low + ", " + clamp.high + "] ";
            case Kind.Fill fill -> "set to " + fill.value + " ";
            case Kind.Put put -> (put.added ? "add " : "set to ") + put.values.name() + " at ";
        };
        return what + point + (units == null ? "" : " units " + Arrays.toString(units))
                + (positions == null ? "" : " at " + Arrays.toString(positions));
    }
}
