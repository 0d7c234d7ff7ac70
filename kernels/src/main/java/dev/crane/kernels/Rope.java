package dev.crane.kernels;

import dev.crane.cuda.ElementType;
import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code rope.cu}: rotary positions, half-split. */
public final class Rope {
    private final Instances kernels;

    /** Loads nothing yet. */
    public Rope(KernelLibrary library) {
        kernels = new Instances(library, "rope", POINTER, POINTER, INT, INT, INT, INT, POINTER, POINTER, POINTER, INT);
    }

    /**
     * Rotates the first {@code 2·cos.columns} components of each head; the others stay as they are.
     *
     * @param x [N, heads·headDim] f32 or bf16
     * @param out of x's shape and type; may be x
     * @param positions address of [N] ints, each below cos.rows
     * @param cos [positions, half] f32
     * @param sin [positions, half] f32
     * @param inverse whether to rotate back
     */
    public void launch(Stream stream, Matrix x, Matrix out, int headDim, long positions, Matrix cos, Matrix sin, boolean inverse) {
        out.of("out", x.type()).like("out", x);
        sin.of("sin", ElementType.F32).like("sin", cos.of("cos", ElementType.F32));
        int heads = x.columns() / headDim;
        if (heads * headDim != x.columns() || 2 * cos.columns() > headDim)
            throw new IllegalArgumentException("heads of " + headDim + " in rows of " + x.columns() + ", angles of " + cos.columns());
        int pieces = Math.ceilDiv(cos.columns(), Instances.vector(x.type()));
        kernels.of("rope", x.type()).pointer(x.address()).pointer(out.address()).integer(x.rows()).integer(heads).integer(headDim)
                .integer(cos.columns()).pointer(positions).pointer(cos.address()).pointer(sin.address()).integer(inverse ? 1 : 0)
                .launch(stream, Instances.blocks((long) x.rows() * heads * pieces, Instances.THREADS), Instances.THREADS, 0);
    }
}
