package dev.crane.engine.backend;

import java.util.List;
import java.util.function.Consumer;

/**
 * Times ops as they run, one after another: {@link #begin}, the op, {@link #end}, {@link #tell}. A backend whose ops are only enqueued times them where
 * they run, and tells the times later.
 */
public interface OpTimer extends AutoCloseable {
    /**
     * When an op ran.
     *
     * @param startMicros microseconds since the timer was made
     * @param micros how long it took, in microseconds
     * @param launches what ran on the device for it, in order; empty where ops are not made of kernels
     */
    record Timing(double startMicros, double micros, List<Launch> launches) {
        /** A timing of its own list. */
        public Timing {
            launches = List.copyOf(launches);
        }
    }

    /**
     * A kernel or a library's product.
     *
     * @param kernel its name
     * @param startMicros microseconds since the timer was made
     * @param micros how long it took, in microseconds
     */
    record Launch(String kernel, double startMicros, double micros) {}

    /**
     * An op begins. One that began before and never ended, because it failed, is forgotten.
     *
     * @param label what it is, for tools of the device's maker that show ranges
     */
    void begin(String label);

    /** The op is done, or everything of it enqueued. */
    void end();

    /** {@code listener} is told of the op that just ended, as soon as its times are known: now, or later in order. */
    void tell(Consumer<Timing> listener);

    /** Waits until all that was asked for has been told. */
    void settle();

    /** Tells what is left, then ends. */
    @Override
    void close();

    /** For backends whose ops are over when they return. */
    static OpTimer onHost() {
        return new OpTimer() {
            private final long origin = System.nanoTime();
            private long begun;
            private long ended;

            @Override
            public void begin(String label) {
                begun = System.nanoTime();
            }

            @Override
            public void end() {
                ended = System.nanoTime();
            }

            @Override
            public void tell(Consumer<Timing> listener) {
                listener.accept(new Timing((begun - origin) / 1e3, (ended - begun) / 1e3, List.of()));
            }

            @Override
            public void settle() {
                // everything is told at once
            }

            @Override
            public void close() {
                // holds nothing
            }
        };
    }
}
