package dev.crane.kernels;

import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code row_sums.cu}: sums, and sums of products, over each row. */
public final class RowSums {
    private final Instances sums;
    private final Instances dots;

    /** Loads nothing yet. */
    public RowSums(KernelLibrary library) {
        sums = new Instances(library, "row_sums", POINTER, INT, INT, POINTER);
        dots = new Instances(library, "row_sums", POINTER, POINTER, INT, INT, POINTER);
    }

    /**
     * out[t] = Σ_i x[t, i].
     *
     * @param out address of [x.rows] f32
     */
    public void sums(Stream stream, Matrix x, long out) {
        sums.of("row_sums", x.type()).pointer(x.address()).integer(x.rows()).integer(x.columns()).pointer(out)
                .launch(stream, Instances.blocks(x.rows(), Instances.THREADS / 32), Instances.THREADS, 0);
    }

    /**
     * out[t] = Σ_i x[t, i] · y[t, i].
     *
     * @param out address of [x.rows] f32
     */
    public void dots(Stream stream, Matrix x, Matrix y, long out) {
        y.of("y", x.type()).like("y", x);
        dots.of("row_dots", x.type()).pointer(x.address()).pointer(y.address()).integer(x.rows()).integer(x.columns()).pointer(out)
                .launch(stream, Instances.blocks(x.rows(), Instances.THREADS / 32), Instances.THREADS, 0);
    }
}
