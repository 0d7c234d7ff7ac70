package dev.crane.analysis.evaluate;

import java.util.List;

import dev.crane.engine.hook.InterventionSet;

/**
 * A state of the model in which it is measured.
 *
 * @param name for messages and files: {@code none}, {@code crane/en}
 * @param interventions what is changed while the passes run; an empty set: nothing
 */
public record Condition(String name, InterventionSet interventions) {
    /** The model as it is. */
    public static final Condition UNMASKED = new Condition("none", new InterventionSet("none", List.of()));

    /** Whether nothing is changed. */
    public boolean unmasked() {
        return interventions.interventions().isEmpty();
    }
}
