package dev.crane.kernels;

import dev.crane.cuda.ElementType;
import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.FLOAT;
import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code embed.cu}: out[t, :] = scale · table[ids[t], :]. */
public final class Embed {
    private final Instances kernels;

    /** Loads nothing yet. */
    public Embed(KernelLibrary library) {
        kernels = new Instances(library, "embed", POINTER, POINTER, INT, INT, FLOAT, POINTER);
    }

    /**
     * @param table [vocabulary, width] as stored
     * @param ids address of [N] ints, each below vocabulary
     * @param out [N, width] f32
     */
    public void launch(Stream stream, Matrix table, long ids, float scale, Matrix out) {
        out.of("out", ElementType.F32).shaped("out", out.rows(), table.columns());
        kernels.of("embed", table.type()).pointer(table.address()).pointer(ids).integer(out.rows()).integer(out.columns()).real(scale)
                .pointer(out.address()).launch(stream, Instances.rowBlocks(out, 4), Instances.THREADS, 0);
    }
}
