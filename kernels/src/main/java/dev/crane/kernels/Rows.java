package dev.crane.kernels;

import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code rows.cu}: rows by index. */
public final class Rows {
    private final Instances kernels;

    /** Loads nothing yet. */
    public Rows(KernelLibrary library) {
        kernels = new Instances(library, "rows", POINTER, POINTER, INT, INT, POINTER);
    }

    /**
     * out[i, :] = x[rows[i], :].
     *
     * @param rows address of [out.rows] ints, each below x.rows
     */
    public void gather(Stream stream, Matrix x, long rows, Matrix out) {
        move(stream, "gather_rows", x, rows, out, out);
    }

    /**
     * out[rows[i], :] = x[i, :].
     *
     * @param rows address of [x.rows] ints, each below out.rows, none twice
     */
    public void scatter(Stream stream, Matrix x, long rows, Matrix out) {
        move(stream, "scatter_rows", x, rows, out, x);
    }

    private void move(Stream stream, String kernel, Matrix x, long rows, Matrix out, Matrix counted) {
        out.of("out", x.type()).shaped("out", out.rows(), x.columns());
        kernels.of(kernel, x.type()).pointer(x.address()).pointer(rows).integer(counted.rows()).integer(counted.columns())
                .pointer(out.address()).launch(stream, Instances.rowBlocks(counted, Instances.vector(x.type())), Instances.THREADS, 0);
    }
}
