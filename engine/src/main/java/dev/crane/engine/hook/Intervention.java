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
}
