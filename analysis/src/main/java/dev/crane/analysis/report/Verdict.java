package dev.crane.analysis.report;

/** What the interval of a mask's effect on its own language, beside that of its random control, allows to say. */
public enum Verdict {
    /** The interval of the difference lies above 0. */
    MORE("more than control"),
    /** It holds 0. */
    NOISE("within noise"),
    /** It lies below 0. */
    LESS("less than control"),
    /** The mask is a control itself. */
    CONTROL("control"),
    /** It was not compared with a control. */
    UNCOMPARED("not compared");

    private final String words;

    Verdict(String words) {
        this.words = words;
    }

    /** In the report's words. */
    public String words() {
        return words;
    }
}
