package dev.crane.cli;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

import dev.crane.analysis.Progress;

/**
 * Shows how far a long task is: done of total, tokens a second, time left. On a terminal one line that is rewritten; elsewhere a line every few
 * seconds, fit for a log; or nothing. A stage that is done leaves one line behind.
 */
final class ProgressDisplay implements Progress, AutoCloseable {

    /** How progress is shown. */
    enum Style {
        /** One line, rewritten in place. */
        TERMINAL,
        /** A line every few seconds. */
        LINES,
        /** Not at all. */
        NONE
    }

    private static final long TERMINAL_INTERVAL = 100_000_000L; // nanoseconds; faster than this nobody reads
    private static final long LINES_INTERVAL = 5_000_000_000L;
    private static final String CLEAR_LINE = "\r\033[K";
    private static volatile boolean lineShown;

    private final Style style;
    private final PrintStream err;
    private final LongSupplier clock;
    private final int columns;
    private Step first;
    private long lastShown;

    ProgressDisplay(Style style) {
        this(style, System.err, System::nanoTime, style == Style.TERMINAL ? Terminal.columns(Terminal.STANDARD_ERROR) : 0);
    }

    ProgressDisplay(Style style, PrintStream err, LongSupplier clock, int columns) {
        this.style = style;
        this.err = err;
        this.clock = clock;
        this.columns = columns;
    }

    @Override
    public synchronized void report(Step step) {
        if (style == Style.NONE) {
            return;
        }
        if (step.total() == 0) { // a note; the line that it takes the place of comes back with the next step
            clearLine(err);
            err.println(step.stage());
            lastShown -= style == Style.TERMINAL ? TERMINAL_INTERVAL : 0;
            return;
        }
        if (first == null || !first.stage().equals(step.stage())) {
            first = step;
            lastShown = clock.getAsLong() - (style == Style.TERMINAL ? TERMINAL_INTERVAL : 0);
        }
        if (step.finished()) {
            clearLine(err);
            err.println(summary(step));
            first = null;
        } else {
            showIfDue(step);
        }
    }

    /** Removes what is shown of a stage that was not finished. */
    @Override
    public synchronized void close() {
        clearLine(err);
    }

    /** Removes a line that is being shown, so that a message can take its place. */
    static void clearLine(PrintStream err) {
        if (lineShown) {
            err.print(CLEAR_LINE);
            err.flush();
            lineShown = false;
        }
    }

    private void showIfDue(Step step) {
        long now = clock.getAsLong();
        if (now - lastShown < (style == Style.TERMINAL ? TERMINAL_INTERVAL : LINES_INTERVAL)) {
            return;
        }
        lastShown = now;
        if (style == Style.LINES) {
            err.println(line(step));
        } else {
            err.print(CLEAR_LINE + Table.cut(line(step), columns - 1)); // a full last column makes some terminals wrap
            err.flush();
            lineShown = true;
        }
    }

    private String line(Step step) {
        StringBuilder line = new StringBuilder(
                "%s: %s/%s %s, %d %%".formatted(step.stage(), count(step.done()), count(step.total()), step.unit(),
                        100 * step.done() / step.total()));
        if (step.tokens() > 0) {
            line.append(", %s tokens/s".formatted(rate(step.tokensPerSecond())));
        }
        long fresh = step.done() - first.done(); // what an earlier run did is no measure of speed
        if (fresh > 0) {
            line.append(", %s left".formatted(duration((step.total() - step.done()) * (step.seconds() - first.seconds()) / fresh)));
        }
        return line.toString();
    }

    private static String summary(Step step) {
        StringBuilder line = new StringBuilder("%s: %s %s".formatted(step.stage(), count(step.total()), step.unit()));
        if (step.tokens() > 0) {
            line.append(", %s tokens".formatted(count(step.tokens())));
        }
        line.append(" in ").append(duration(step.seconds()));
        if (step.tokens() > 0) {
            line.append(" (%s tokens/s)".formatted(rate(step.tokensPerSecond())));
        }
        return line.toString();
    }

    private static String count(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }

    private static String rate(double rate) {
        return String.format(Locale.ROOT, rate < 10 ? "%.1f" : "%,.0f", rate);
    }

    /** {@code 0:42}, {@code 12:03}, {@code 3:05:00}; below ten seconds {@code 4.2 s}. */
    static String duration(double seconds) {
        if (seconds < 9.95) {
            return String.format(Locale.ROOT, "%.1f s", seconds);
        }
        long s = Math.round(seconds);
        return s < 3600
                ? String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    }
}
