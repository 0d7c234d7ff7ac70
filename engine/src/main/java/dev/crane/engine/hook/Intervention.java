package dev.crane.engine.hook;

/** A change of some units at a hook point while the pass runs; no weight is rewritten. */
public sealed interface Intervention {
    /** Where. */
    HookPoint point();

    /** Which units (columns), ascending, each once. */
    int[] units();

    /** x becomes 0. */
    record Zero(HookPoint point, int[] units) implements Intervention {}

    /**
     * x becomes a constant, such as a mean over a corpus.
     *
     * @param values one per unit
     */
    record Constant(HookPoint point, int[] units, float[] values) implements Intervention {}

    /** x becomes factor · x. */
    record Scale(HookPoint point, int[] units, float factor) implements Intervention {}

    /**
     * x becomes x + value.
     *
     * @param values one per unit
     */
    record Add(HookPoint point, int[] units, float[] values) implements Intervention {}

    /** x becomes min(max(x, low), high). */
    record Clamp(HookPoint point, int[] units, float low, float high) implements Intervention {}

    /**
     * Another intervention at some positions of the sequence only; elsewhere x stays as it is. What differs from position to position, such as values of
     * another run, takes one of these for each.
     *
     * @param change itself not restricted to positions
     * @param positions of tokens, from 0, each once; a pass over a sequence that is shorter is refused. While a sequence grows token by token, a position
     *        takes effect when it is reached
     */
    record At(Intervention change, int[] positions) implements Intervention {
        /** Requires a change that is not restricted already. */
        public At {
            if (change instanceof At)
                throw new IllegalArgumentException("a change at positions within a change at positions");
        }

        @Override
        public HookPoint point() {
            return change.point();
        }

        @Override
        public int[] units() {
            return change.units();
        }
    }
}
