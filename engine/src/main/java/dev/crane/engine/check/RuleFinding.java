package dev.crane.engine.check;

/**
 * What one check of a rule found.
 *
 * @param check what was looked at
 * @param outcome how it ended
 * @param detail where and how it failed, why it was skipped, or what was measured: one line
 */
public record RuleFinding(String check, Outcome outcome, String detail) {
    /** How a check ends. */
    public enum Outcome {
        /** As it must be. */
        PASSED,
        /** Not as it must be. */
        FAILED,
        /** It could not be made here, or does not apply. */
        SKIPPED,
        /** A fact about the rule, neither right nor wrong. */
        NOTED
    }
}
