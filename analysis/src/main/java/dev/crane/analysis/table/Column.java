package dev.crane.analysis.table;

import java.util.Objects;

/**
 * A column of a table that is written.
 *
 * @param name its name
 * @param type what its cells are
 */
public record Column(String name, Type type) {
    /** What cells are. */
    public enum Type {
        /** {@link String}. */
        TEXT,
        /** {@link Integer}. */
        INT,
        /** {@link Long}. */
        LONG,
        /** {@link Float}. */
        FLOAT,
        /** {@link Double}; NaN is an empty cell. */
        DOUBLE
    }

    /** A column of texts. */
    public static Column text(String name) {
        return new Column(name, Type.TEXT);
    }

    /** A column of 32-bit whole numbers. */
    public static Column int32(String name) {
        return new Column(name, Type.INT);
    }

    /** A column of 64-bit whole numbers. */
    public static Column int64(String name) {
        return new Column(name, Type.LONG);
    }

    /** A column of f32. */
    public static Column float32(String name) {
        return new Column(name, Type.FLOAT);
    }

    /** A column of f64, some of which may not be there. */
    public static Column float64(String name) {
        return new Column(name, Type.DOUBLE);
    }

    /** Requires both. */
    public Column {
        Objects.requireNonNull(name);
        Objects.requireNonNull(type);
    }
}
