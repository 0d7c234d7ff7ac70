package dev.crane.engine.profile;

/**
 * Several runs together.
 *
 * @param name what they have in common: an op, a site, a kernel
 * @param launches how many
 * @param micros their time in microseconds
 * @param work their work; for kernels {@link Work#NONE}, which is not known of them
 * @param least microseconds that the device's rates would allow: the sum over the runs of {@link Roofline#leastMicros}
 */
public record OpTotal(String name, long launches, double micros, Work work, double least) {
    OpTotal plus(OpTotal other) {
        return new OpTotal(name, launches + other.launches, micros + other.micros, work.plus(other.work), least + other.least);
    }

    /** GB/s. */
    public double gigabytesPerSecond() {
        return micros == 0 ? 0 : work.bytes() / micros / 1e3;
    }

    /** GFLOP/s. */
    public double gigaflops() {
        return micros == 0 ? 0 : work.flop() / micros / 1e3;
    }

    /** The share of the roofline: least time over time. */
    public double roofShare() {
        return micros == 0 ? 0 : least / micros;
    }
}
