package dev.crane.engine.backend.host;

import dev.crane.engine.backend.Tensor;

/** A tensor in a Java array; the array may be longer than the tensor. */
public final class HostTensor implements Tensor {
    private final int rows;
    private final int columns;
    private float[] data;

    /**
     * @param data at least {@code rows · columns} values, row-major
     * @param rows number of rows
     * @param columns number of columns
     */
    public HostTensor(float[] data, int rows, int columns) {
        if (rows < 0 || columns < 0 || Math.multiplyExact(rows, columns) > data.length)
            throw new IllegalArgumentException(rows + " × " + columns + " in an array of " + data.length);
        this.data = data;
        this.rows = rows;
        this.columns = columns;
    }

    /** The values, row-major, from index 0. */
    public float[] data() {
        if (data == null)
            throw new IllegalStateException("a tensor of " + rows + " × " + columns + " is used after its release");
        return data;
    }

    /** Takes the array away: any later use is an error. */
    public float[] detach() {
        float[] taken = data();
        data = null;
        return taken;
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int columns() {
        return columns;
    }

    @Override
    public String toString() {
        return rows + " × " + columns;
    }
}
