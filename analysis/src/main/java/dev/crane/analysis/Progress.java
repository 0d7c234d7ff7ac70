package dev.crane.analysis;

/** Told how far a long piece of work has come; called from the thread that works, often enough for a display, so it must be quick. */
@FunctionalInterface
public interface Progress {
    /** Tells nobody. */
    Progress SILENT = step -> {
    };

    /** The work has come this far. */
    void report(Step step);

    /**
     * How far a stage of the work has come.
     *
     * @param stage what is being done, in a few words; a new stage begins when it changes
     * @param done how many of {@code total} are done
     * @param total how many there are; 0 for a note that counts nothing
     * @param unit what is counted, in the plural: {@code samples}
     * @param tokens how many tokens went through the model in this stage in this run
     * @param seconds how long this stage has taken in this run
     */
    record Step(String stage, long done, long total, String unit, long tokens, double seconds) {
        /** Tokens a second in this run; 0 before the first. */
        public double tokensPerSecond() {
            return seconds > 0 ? tokens / seconds : 0;
        }

        /** Whether nothing of this stage is left. */
        public boolean finished() {
            return done >= total;
        }
    }

    /** Something worth a line that counts nothing: a stage skipped because its results are there. */
    default void note(String text) {
        report(new Step(text, 0, 0, "", 0, 0));
    }
}
