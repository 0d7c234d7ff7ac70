package dev.crane.kernels;

import dev.crane.cuda.ElementType;
import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code segment_dot.cu}: out[b, i] = Σ_t z[t, i] · delta[t, i] over the tokens of sequence b. */
public final class SegmentDot {
    private final Instances kernels;

    /** Loads nothing yet. */
    public SegmentDot(KernelLibrary library) {
        kernels = new Instances(library, "segment_dot", POINTER, POINTER, POINTER, INT, POINTER);
    }

    /**
     * @param z [N, width] f32 or bf16
     * @param delta of z's shape; of its type, or f32
     * @param offsets address of [B + 1] ints: first row of each sequence, and N
     * @param out [B, width] f32
     */
    public void launch(Stream stream, Matrix z, Matrix delta, long offsets, Matrix out) {
        delta.like("delta", z);
        out.of("out", ElementType.F32).shaped("out", out.rows(), z.columns());
        boolean alike = delta.type() == z.type();
        (alike ? kernels.of("segment_dot", z.type()) : kernels.of("segment_dot", z.type(), delta.type())).pointer(z.address())
                .pointer(delta.address()).pointer(offsets).integer(z.columns())
                .pointer(out.address()).launch(stream, blocks(z), out.rows(), 1, Instances.THREADS, 0);
    }

    /** Blocks along the width of x: each takes 8 vectors of 16 bytes. */
    static int blocks(Matrix x) {
        return Instances.blocks(x.columns(), 8 * Instances.vector(x.type()));
    }
}
