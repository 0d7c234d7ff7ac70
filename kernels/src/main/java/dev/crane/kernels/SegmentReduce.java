package dev.crane.kernels;

import dev.crane.cuda.ElementType;
import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code segment_reduce.cu}: out[b, i] = a reduction of x[t, i] over the tokens of sequence b. */
public final class SegmentReduce {
    private final Instances kernels;

    /** Loads nothing yet. */
    public SegmentReduce(KernelLibrary library) {
        kernels = new Instances(library, "segment_reduce", POINTER, POINTER, INT, INT, POINTER);
    }

    /** What is computed. */
    public enum Reduction {
        /** Arithmetic mean. */
        MEAN(0),
        /** Mean of the absolute values. */
        MEAN_ABS(1),
        /** Largest value. */
        MAX(2),
        /** Number of values above 0. */
        COUNT_POSITIVE(3),
        /** Euclidean norm. */
        NORM(4);

        private final int code;

        Reduction(int code) {
            this.code = code;
        }
    }

    /**
     * @param x [N, width] f32 or bf16
     * @param offsets address of [B + 1] ints: first row of each sequence, and N
     * @param out [B, width] f32
     */
    public void launch(Stream stream, Matrix x, long offsets, Reduction reduction, Matrix out) {
        out.of("out", ElementType.F32).shaped("out", out.rows(), x.columns());
        kernels.of("segment_reduce", x.type()).pointer(x.address()).pointer(offsets).integer(x.columns()).integer(reduction.code)
                .pointer(out.address()).launch(stream, SegmentDot.blocks(x), out.rows(), 1, Instances.THREADS, 0);
    }
}
