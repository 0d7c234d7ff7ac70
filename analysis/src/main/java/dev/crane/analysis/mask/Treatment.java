package dev.crane.analysis.mask;

import java.util.List;
import java.util.Locale;

import dev.crane.engine.CraneException;

/**
 * What an arm of an experiment does to the units of its masks, as it is asked for. It becomes a {@link MaskIntervention} when the numbers that it needs are known:
 * some are the user's own, some are taken from what each unit does at every token of the samples that units were identified with.
 */
public sealed interface Treatment {
    /** The texts a number of a unit is taken over: all tokens of the identification samples of some languages. */
    enum Texts {
        /** The mask's own language. */
        OWN,
        /** All other languages together. */
        OTHERS,
        /** All languages together. */
        ALL;

        /** As it is written. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** Those texts of a label. */
        public static Texts of(String label) {
            for (Texts texts : values())
                if (texts.label().equals(label))
                    return texts;
            throw new CraneException("expected own, others or all, found '" + label + "'");
        }

        /** The languages whose texts these are, for the mask of one of them. */
        public List<String> languages(String own, List<String> languages) {
            return languages.stream().filter(language -> this == ALL || (this == OWN) == language.equals(own)).toList();
        }
    }

    /** What is done where nothing is said: the value becomes 0. */
    record Zero() implements Treatment {
        @Override
        public String describe() {
            return "zero";
        }
    }

    /** The value becomes a number. */
    record Constant(float value) implements Treatment {
        public Constant {
            finite("constant", value);
        }

        @Override
        public String describe() {
            return "constant " + value;
        }
    }

    /** The value is multiplied. */
    record Scale(float factor) implements Treatment {
        public Scale {
            finite("scale", factor);
        }

        @Override
        public String describe() {
            return "scale " + factor;
        }
    }

    /** A number is added to the value. */
    record Add(float value) implements Treatment {
        public Add {
            finite("add", value);
        }

        @Override
        public String describe() {
            return "add " + value;
        }
    }

    /** The value becomes the unit's mean over all tokens of texts. */
    record Mean(Texts of) implements OverTokens {
        @Override
        public String describe() {
            return "mean of " + of.label();
        }
    }

    /**
     * The value becomes the p-th percentile of the unit over all tokens of texts: with the n values in ascending order v_0 … v_{n−1} and h = (n − 1) p / 100, it is
     * v_⌊h⌋ + (h − ⌊h⌋)(v_⌊h⌋₊₁ − v_⌊h⌋), as NumPy and R (type 7) have it.
     *
     * @param p from 0 to 100
     */
    record Percentile(double p, Texts of) implements OverTokens {
        public Percentile {
            if (!(p >= 0 && p <= 100))
                throw new CraneException("the percentile " + p + " is not within 0 … 100");
        }

        @Override
        public String describe() {
            return "percentile " + p + " of " + of.label();
        }
    }

    /**
     * A multiple of the unit's standard deviation over all n tokens of texts, √(Σ(x − mean)²/n), is added to the value.
     *
     * @param deviations the multiple; negative lowers the value
     */
    record Shift(double deviations, Texts of) implements OverTokens {
        public Shift {
            finite("sd", (float) deviations);
        }

        @Override
        public String describe() {
            return "add " + deviations + " sd of " + of.label();
        }
    }

    /** One that needs what units do at every token of texts. */
    sealed interface OverTokens extends Treatment permits Mean, Percentile, Shift {
        /** Which texts. */
        Texts of();
    }

    /** In a few words: {@code zero}, {@code mean of others}; two that are equal do the same. */
    String describe();

    /** The intervention of a treatment that needs no more than itself. */
    default MaskIntervention fixed() {
        return switch (this) {
            case Zero zero -> new MaskIntervention.Zero();
            case Constant constant -> new MaskIntervention.Constant(UnitValues.same(constant.value));
            case Scale scale -> new MaskIntervention.Scale(scale.factor);
            case Add add -> new MaskIntervention.Add(UnitValues.same(add.value));
            case OverTokens over -> throw new IllegalStateException(describe() + " needs values at every token");
        };
    }

    private static void finite(String what, float value) {
        if (!Float.isFinite(value))
            throw new CraneException(what + ": expected a finite number, found " + value);
    }
}
