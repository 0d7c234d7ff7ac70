package dev.crane.cuda;

import java.util.ArrayList;
import java.util.Comparator;
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

    private record Launch(String name, double flop, Event start, Event end) {}

    private final Context context;
    private final List<Launch> launches = new ArrayList<>();
    private Event start;

    /** Nothing is timed before it is set. */
    public Profile(Context context) {
        this.context = context;
    }

    void begin(Stream stream) {
        start = context.timingEvent();
        start.record(stream);
    }

    void end(Stream stream, String name, double flop) {
        Event end = context.timingEvent();
        end.record(stream);
        launches.add(new Launch(name, flop, start, end));
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
        close();
        return entries.values().stream().sorted(Comparator.comparingDouble(Entry::milliseconds).reversed()).toList();
    }

    /** Forgets what was timed. */
    @Override
    public void close() {
        for (Launch launch : launches) {
            launch.start.close();
            launch.end.close();
        }
        launches.clear();
    }
}
