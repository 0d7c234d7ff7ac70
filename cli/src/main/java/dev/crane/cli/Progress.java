package dev.crane.cli;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * How far a long task is: done of total, tokens a second, time left. On a terminal one line that is rewritten; elsewhere a line every few seconds,
 * fit for a log; or nothing. Any thread may report.
 */
public final class Progress implements AutoCloseable {

    /** How progress is shown. */
    public enum Style {
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

    private final String task;
    private final String unit;
    private final long total;
    private final Style style;
    private final PrintStream err;
    private final LongSupplier clock;
    private final int columns;
    private final long start;
    private long lastShown;
    private long skipped;
    private long done;
    private long tokens;

    /**
     * @param task what is being done, such as {@code "relevance en"}
     * @param unit what is counted, in the plural, such as {@code "samples"}
     * @param total how many there are; 0 if that is not known
     * @param style how to show it
     */
    public Progress(String task, String unit, long total, Style style) {
        this(task, unit, total, style, System.err, System::nanoTime,
                style == Style.TERMINAL ? Terminal.columns(Terminal.STANDARD_ERROR) : 0);
    }

    Progress(String task, String unit, long total, Style style, PrintStream err, LongSupplier clock, int columns) {
        this.task = task;
        this.unit = unit;
        this.total = total;
        this.style = style;
        this.err = err;
        this.clock = clock;
        this.columns = columns;
        this.start = clock.getAsLong();
        this.lastShown = style == Style.TERMINAL ? start - TERMINAL_INTERVAL : start;
    }

    /** Counts {@code count} units as done by an earlier run: they are no measure of speed. */
    public synchronized void skip(long count) {
        skipped += count;
        done += count;
        showIfDue();
    }

    /**
     * Counts what was done since the last call.
     *
     * @param units how many units more
     * @param newTokens how many tokens more; 0 where tokens are no measure
     */
    public synchronized void add(long units, long newTokens) {
        done += units;
        tokens += newTokens;
        showIfDue();
    }

    /** Prints a line about something else without tearing the progress line. */
    public synchronized void note(String line) {
        clearLine(err);
        err.println(line);
        lastShown = Math.min(lastShown, clock.getAsLong() - TERMINAL_INTERVAL);
    }

    /** Ends the task: the line gives way to a summary if everything was done, and just disappears if not. */
    @Override
    public synchronized void close() {
        if (style == Style.NONE) {
            return;
        }
        clearLine(err);
        if (done >= total) {
            double seconds = seconds();
            StringBuilder line = new StringBuilder("%s: %s %s".formatted(task, count(done), unit));
            if (skipped > 0) {
                line.append(" (%s done before)".formatted(count(skipped)));
            }
            if (tokens > 0) {
                line.append(", %s tokens".formatted(count(tokens)));
            }
            line.append(" in ").append(duration(seconds));
            if (tokens > 0) {
                line.append(" (%s tokens/s)".formatted(rate(tokens / seconds)));
            }
            err.println(line);
        }
    }

    /** Removes a line that is being shown, so that a message can take its place. */
    static void clearLine(PrintStream err) {
        if (lineShown) {
            err.print(CLEAR_LINE);
            err.flush();
            lineShown = false;
        }
    }

    private void showIfDue() {
        long now = clock.getAsLong();
        if (style == Style.NONE || now - lastShown < (style == Style.TERMINAL ? TERMINAL_INTERVAL : LINES_INTERVAL)) {
            return;
        }
        lastShown = now;
        if (style == Style.LINES) {
            err.println(line());
        } else {
            err.print(CLEAR_LINE + Table.cut(line(), columns - 1)); // a full last column makes some terminals wrap
            err.flush();
            lineShown = true;
        }
    }

    private String line() {
        double seconds = seconds();
        StringBuilder line = new StringBuilder(task).append(": ").append(count(done));
        if (total > 0) {
            line.append("/%s %s, %d %%".formatted(count(total), unit, Math.min(100, 100 * done / total)));
        } else {
            line.append(' ').append(unit);
        }
        if (tokens > 0) {
            line.append(", %s tokens/s".formatted(rate(tokens / seconds)));
        }
        long fresh = done - skipped;
        if (total > done && fresh > 0) {
            line.append(", %s left".formatted(duration((total - done) * seconds / fresh)));
        }
        return line.toString();
    }

    private double seconds() {
        return Math.max(1e-9, (clock.getAsLong() - start) * 1e-9);
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
