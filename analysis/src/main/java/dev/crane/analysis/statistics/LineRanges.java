package dev.crane.analysis.statistics;

import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A set of lines of a corpus, counted from 0, as ranges: {@code 0-63,70,72-80}; the empty string for none. Two shards of one language
 * are disjoint if these are. Immutable.
 */
public final class LineRanges {
    private static final Pattern RANGE = Pattern.compile("(\\d{1,18})(?:-(\\d{1,18}))?");

    /** First line of each range to its last; no two touch. */
    private final NavigableMap<Long, Long> ranges;

    private LineRanges(NavigableMap<Long, Long> ranges) {
        this.ranges = ranges;
    }

    /** No lines. */
    public static LineRanges empty() {
        return new LineRanges(new TreeMap<>());
    }

    /** Reads {@code 0-63,70}; empty if the text is anything else, or names a line twice. */
    public static Optional<LineRanges> parse(String text) {
        NavigableMap<Long, Long> ranges = new TreeMap<>();
        if (text.isEmpty())
            return Optional.of(new LineRanges(ranges));
        for (String range : text.split(",", -1)) {
            Matcher matcher = RANGE.matcher(range);
            if (!matcher.matches())
                return Optional.empty();
            long first = Long.parseLong(matcher.group(1));
            long last = matcher.group(2) == null ? first : Long.parseLong(matcher.group(2));
            if (last < first || meets(ranges, first, last))
                return Optional.empty();
            insert(ranges, first, last);
        }
        return Optional.of(new LineRanges(ranges));
    }

    /** Whether a line is in the set. */
    public boolean contains(long line) {
        return meets(ranges, line, line);
    }

    /** Whether any line is in both sets. */
    public boolean intersects(LineRanges other) {
        return other.ranges.entrySet().stream().anyMatch(range -> meets(ranges, range.getKey(), range.getValue()));
    }

    /** The lines of both sets, which must be disjoint. */
    public LineRanges plus(LineRanges other) {
        if (intersects(other))
            throw new IllegalArgumentException("lines " + this + " and " + other + " are not disjoint");
        NavigableMap<Long, Long> both = new TreeMap<>(ranges);
        other.ranges.forEach((first, last) -> insert(both, first, last));
        return new LineRanges(both);
    }

    /** How many lines. */
    public long count() {
        return ranges.entrySet().stream().mapToLong(range -> range.getValue() - range.getKey() + 1).sum();
    }

    private static boolean meets(NavigableMap<Long, Long> ranges, long first, long last) {
        Map.Entry<Long, Long> before = ranges.floorEntry(last);
        return before != null && before.getValue() >= first;
    }

    /** Adds a range that meets none, joining those it touches. */
    private static void insert(NavigableMap<Long, Long> ranges, long first, long last) {
        Map.Entry<Long, Long> before = ranges.lowerEntry(first);
        long from = before != null && before.getValue() == first - 1 ? before.getKey() : first;
        Long after = ranges.remove(last + 1);
        ranges.put(from, after == null ? last : after);
    }

    /** A set that grows line by line. */
    static final class Growing {
        private final NavigableMap<Long, Long> ranges;

        Growing(LineRanges begin) {
            ranges = new TreeMap<>(begin.ranges);
        }

        boolean contains(long line) {
            return meets(ranges, line, line);
        }

        /** Adds a line that is not among them. */
        void add(long line) {
            if (line < 0 || contains(line))
                throw new IllegalArgumentException("line " + line + " is negative or there already");
            insert(ranges, line, line);
        }

        LineRanges now() {
            return new LineRanges(new TreeMap<>(ranges));
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LineRanges that && ranges.equals(that.ranges);
    }

    @Override
    public int hashCode() {
        return ranges.hashCode();
    }

    @Override
    public String toString() {
        StringJoiner text = new StringJoiner(",");
        ranges.forEach((first, last) -> text.add(first.equals(last) ? first.toString() : first + "-" + last));
        return text.toString();
    }
}
