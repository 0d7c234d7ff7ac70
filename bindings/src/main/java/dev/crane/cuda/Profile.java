package dev.crane.cuda;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Times every kernel and matrix product of a context while it is set there ({@link Context#profile}), by an event before and one behind each. The device then
 * idles a little between them: look at shares, not at sums.
 */
public final class Profile implements AutoCloseable {

    /**
     * All launches of one kernel, or of one shape of product.
     *
     * @param name what was launched
     * @param launches how often
     * @param milliseconds together
     * @param flop floating-point operations of all of them; 0 for kernels, which do not tell
     */
    public record Entry(String name, int launches, double milliseconds, double flop) {}

    /**
     * One launch.
     *
     * @param name what was launched
     * @param startMilliseconds since the event that was asked with
     * @param milliseconds how long it took
     */
    public record Timed(String name, double startMilliseconds, double milliseconds) {}

    private record Launch(String name, double flop, Event start, Event end) {}

    private final Context context;
    private final List<Launch> launches = new ArrayList<>();
    private final Deque<Event> spare = new ArrayDeque<>();
    private Event start;

    /** Nothing is timed before it is set. */
    public Profile(Context context) {
        this.context = context;
    }

    void begin(Stream stream) {
        if (start == null) { // else one of a launch that failed
            start = event();
        }
        start.record(stream);
    }

    private Event event() {
        return spare.isEmpty() ? context.timingEvent() : spare.pop();
    }

    void end(Stream stream, String name, double flop) {
        Event end = event();
        end.record(stream);
        launches.add(new Launch(name, flop, start, end));
        start = null;
    }

    /** How many launches {@link #take} or {@link #takeEach} would tell of. */
    public int count() {
        return launches.size();
    }

    /** What was launched since the last call, in order. The device must be done with it, and with {@code since}. */
    public List<Timed> takeEach(Event since) {
        List<Timed> each = launches.stream()
                .map(launch -> new Timed(launch.name, launch.start.millisecondsSince(since), launch.end.millisecondsSince(launch.start)))
                .toList();
        forget();
        return each;
    }

    /** What was launched since the last call of this method, the most expensive first. */
    public List<Entry> take() {
        context.synchronize();
        Map<String, Entry> entries = new LinkedHashMap<>();
        for (Launch launch : launches) {
            float milliseconds = launch.end.millisecondsSince(launch.start);
            entries.merge(launch.name, new Entry(launch.name, 1, milliseconds, launch.flop),
                    (a, b) -> new Entry(a.name, a.launches + b.launches, a.milliseconds + b.milliseconds, a.flop + b.flop));
        }
        forget();
        return entries.values().stream().sorted(Comparator.comparingDouble(Entry::milliseconds).reversed()).toList();
    }

    private void forget() {
        for (Launch launch : launches) {
            spare.push(launch.start);
            spare.push(launch.end);
        }
        launches.clear();
    }

    /** Forgets what was timed. */
    @Override
    public void close() {
        forget();
        if (start != null) {
            spare.push(start);
            start = null;
        }
        spare.forEach(Event::close);
        spare.clear();
    }
}
