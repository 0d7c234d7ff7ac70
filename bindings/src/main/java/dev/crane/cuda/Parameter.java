package dev.crane.cuda;

/**
 * What a kernel takes at one place.
 *
 * @param kind what it is
 * @param bytes its size
 * @param alignment its alignment, a power of two
 */
public record Parameter(Kind kind, long bytes, long alignment) {
    /** What can be handed to a kernel. */
    public enum Kind {
        /** An address on the device. */
        POINTER,
        /** {@code int}. */
        INT,
        /** {@code long long}. */
        LONG,
        /** {@code float}. */
        FLOAT,
        /** A trivially copyable struct by value. */
        STRUCT
    }

    /** An address on the device, or 0 for none. */
    public static final Parameter POINTER = new Parameter(Kind.POINTER, 8, 8);
    /** {@code int}. */
    public static final Parameter INT = new Parameter(Kind.INT, 4, 4);
    /** {@code long long}. */
    public static final Parameter LONG = new Parameter(Kind.LONG, 8, 8);
    /** {@code float}. */
    public static final Parameter FLOAT = new Parameter(Kind.FLOAT, 4, 4);

    public Parameter {
        if (bytes < 1 || Long.bitCount(alignment) != 1 || bytes % alignment != 0) {
            throw new IllegalArgumentException(kind + " of " + bytes + " bytes, aligned to " + alignment);
        }
    }

    /** A struct of this size and alignment. */
    public static Parameter struct(long bytes, long alignment) {
        return new Parameter(Kind.STRUCT, bytes, alignment);
    }
}
