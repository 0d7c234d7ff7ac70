package dev.crane.engine.backend;

/**
 * A matrix of f32 activations, row-major and dense, owned by the backend that allocated it. Rows are the tokens of a packed batch unless said
 * otherwise; vectors over tokens have one column. Given back with {@link Backend#release}.
 */
public interface Tensor {
    /** Number of rows. */
    int rows();

    /** Number of columns. */
    int columns();

    /** {@code rows() * columns()}. */
    default int elements() {
        return Math.multiplyExact(rows(), columns());
    }

    /** Bytes of its values as they are stored at this moment: 4 each, unless the backend holds them in a smaller type. */
    default long bytes() {
        return (long) elements() * Float.BYTES;
    }
}
