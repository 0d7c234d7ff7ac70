package dev.crane.kernels;

import dev.crane.cuda.ElementType;

/**
 * A dense, row-major matrix on the device, as kernels take it. It owns nothing: the memory behind it must outlive the launches that use it.
 *
 * @param type of its elements
 * @param address of its first element
 * @param rows number of rows
 * @param columns length of a row
 */
public record Matrix(ElementType type, long address, int rows, int columns) {
    public Matrix {
        if (rows < 0 || columns < 0)
            throw new IllegalArgumentException("a matrix of " + rows + " × " + columns);
    }

    /** Number of elements. */
    public long elements() {
        return (long) rows * columns;
    }

    /** Address of a matrix that may be missing: 0 then. */
    static long orNull(Matrix matrix) {
        return matrix == null ? 0 : matrix.address;
    }

    /** Throws unless this has the given shape. */
    Matrix shaped(String what, int expectedRows, int expectedColumns) {
        if (rows != expectedRows || columns != expectedColumns)
            throw new IllegalArgumentException(
                    "%s is %d × %d, not %d × %d".formatted(what, rows, columns, expectedRows, expectedColumns));
        return this;
    }

    /** Throws unless this has the shape of another. */
    Matrix like(String what, Matrix other) {
        return shaped(what, other.rows, other.columns);
    }

    /** Throws unless this has elements of the given type. */
    Matrix of(String what, ElementType expected) {
        if (type != expected)
            throw new IllegalArgumentException("%s is %s, not %s".formatted(what, type, expected));
        return this;
    }
}
