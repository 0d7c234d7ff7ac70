package dev.crane.engine.profile;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import dev.crane.engine.backend.OpTimer.Launch;

/** What a {@link ProfilingBackend} sees: sums of equal runs, and the first runs one by one. */
public final class OpLog {
    /** Runs that are kept one by one: a few minutes of a small model, and a trace that browsers still show. */
    public static final int KEPT = 200_000;

    /** What equal runs have in common. */
    record Key(String op, String site, int layer, Work work) {}

    /** How many there were, and how long they took together. */
    static final class Sum {
        long launches;
        double micros;

        private void add(double more) {
            launches++;
            micros += more;
        }
    }

    private final String device;
    private final Map<Key, Sum> sums = new LinkedHashMap<>();
    private final Map<String, Sum> kernels = new LinkedHashMap<>();
    private final List<OpRun> runs = new ArrayList<>();
    private double first = Double.POSITIVE_INFINITY;
    private double last;
    private OpRun latest;

    /** @param device what computes: a backend's description */
    OpLog(String device) {
        this.device = device;
    }

    void add(OpRun run) {
        double micros = run.timing().micros();
        latest = run;
        sums.computeIfAbsent(new Key(run.op(), run.site(), run.layer(), run.work()), key -> new Sum()).add(micros);
        for (Launch launch : run.timing().launches())
            kernels.computeIfAbsent(launch.kernel(), kernel -> new Sum()).add(launch.micros());
        first = Math.min(first, run.timing().startMicros());
        last = Math.max(last, run.timing().startMicros() + micros);
        if (runs.size() < KEPT)
            runs.add(run);
    }

    /** What computed: the backend's description. */
    public String device() {
        return device;
    }

    /** The runs in order, the first {@value #KEPT} of them. */
    public List<OpRun> runs() {
        return List.copyOf(runs);
    }

    /** The run that ended last, kept or not; null before the first. */
    public OpRun last() {
        return latest;
    }

    /** Microseconds from the begin of the first op to the end of the last. */
    public double spanMicros() {
        return sums.isEmpty() ? 0 : last - first;
    }

    Map<Key, Sum> sums() {
        return sums;
    }

    Map<String, Sum> kernels() {
        return kernels;
    }
}
