package dev.crane.kernels;

import dev.crane.cuda.ElementType;
import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code segment_weighted_sum.cu}: out[b, i] = Σ_t s[t] · delta[t, i] over the tokens of sequence b. */
public final class SegmentWeightedSum {
    private final Instances kernels;

    /** Loads nothing yet. */
    public SegmentWeightedSum(KernelLibrary library) {
        kernels = new Instances(library, "segment_weighted_sum", POINTER, POINTER, POINTER, INT, POINTER);
    }

    /**
     * @param s address of [N] f32
     * @param delta [N, width] f32 or bf16
     * @param offsets address of [B + 1] ints: first row of each sequence, and N
     * @param out [B, width] f32
     */
    public void launch(Stream stream, long s, Matrix delta, long offsets, Matrix out) {
        out.of("out", ElementType.F32).shaped("out", out.rows(), delta.columns());
        kernels.of("segment_weighted_sum", delta.type()).pointer(s).pointer(delta.address()).pointer(offsets).integer(delta.columns())
                .pointer(out.address()).launch(stream, SegmentDot.blocks(delta), out.rows(), 1, Instances.THREADS, 0);
    }
}
