package dev.crane.analysis.mask;

import java.util.ArrayList;
import java.util.List;

import dev.crane.engine.hook.Intervention;
import dev.crane.engine.hook.InterventionSet;

/** What happens to the value x of every unit of a mask, at every token, while the model runs; with the numbers that this takes. */
public sealed interface MaskIntervention {
    /** What masks do where nothing else is said: x becomes 0, for a row of a linear layer what zeroing it in the weight matrix (and its bias) does. */
    record Zero() implements MaskIntervention {
        @Override
        public String describe() {
            return "zero";
        }
    }

    /**
     * x becomes a constant: a number, a mean or percentile of the unit over a corpus.
     *
     * @param values the constants
     */
    record Constant(UnitValues values) implements MaskIntervention {
        @Override
        public String describe() {
            return values.isSame() ? "constant " + values.describe() : values.describe();
        }
    }

    /**
     * x becomes factor · x.
     *
     * @param factor finite
     */
    record Scale(float factor) implements MaskIntervention {
        public Scale {
            if (!Float.isFinite(factor))
                throw new IllegalArgumentException("the factor " + factor);
        }

        @Override
        public String describe() {
            return "scale " + factor;
        }
    }

    /**
     * x becomes x + value.
     *
     * @param values the summands
     */
    record Add(UnitValues values) implements MaskIntervention {
        @Override
        public String describe() {
            return "add " + values.describe();
        }
    }

    /** In a few words: {@code zero}, {@code scale 0.5}, {@code mean of others}. */
    String describe();

    /** All that it does, to the last bit: two that are equal do the same to the same mask. */
    default String exact() {
        return switch (this) {
            case Zero zero -> describe();
            case Constant constant -> "constant " + constant.values.exact();
            case Scale scale -> describe();
            case Add add -> "add " + add.values.exact();
        };
    }

    /**
     * The interventions on a mask's units that the engine runs with.
     *
     * @param mask the units
     * @param name for messages: a mask's file name, say
     * @throws IllegalArgumentException if each unit has a value of its own and they are not those of this mask
     */
    default InterventionSet on(UnitMask mask, String name) {
        List<Intervention> interventions = new ArrayList<>();
        mask.units().forEach((point, rows) -> interventions.add(switch (this) {
            case Zero zero -> new Intervention.Zero(point, rows);
            case Constant constant -> new Intervention.Constant(point, rows, constant.values.at(point, rows.length));
            case Scale scale -> new Intervention.Scale(point, rows, scale.factor);
            case Add add -> new Intervention.Add(point, rows, add.values.at(point, rows.length));
        }));
        return new InterventionSet(name, List.copyOf(interventions));
    }
}
