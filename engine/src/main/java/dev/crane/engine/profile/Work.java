package dev.crane.engine.profile;

/**
 * What an op has to do, whatever computes it.
 *
 * @param bytes that must at least be read and written: each operand once, each result once, what is changed in place twice
 * @param flop floating-point operations; a multiply-add is two
 */
public record Work(long bytes, long flop) {
    /** Nothing. */
    public static final Work NONE = new Work(0, 0);

    /** Both together. */
    public Work plus(Work other) {
        return new Work(bytes + other.bytes, flop + other.flop);
    }
}
