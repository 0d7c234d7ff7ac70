package dev.crane.kernels;

import dev.crane.cuda.ElementType;
import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code attention_probabilities.cu}: the probabilities of one sequence, to look at. */
public final class AttentionProbabilities {
    private final Instances kernels;
    private final AttentionGeometry.Argument argument = new AttentionGeometry.Argument();

    /** Loads nothing yet. */
    public AttentionProbabilities(KernelLibrary library) {
        kernels = new Instances(library, "attention_probabilities", POINTER, POINTER, POINTER, AttentionGeometry.PARAMETER, INT, INT,
                POINTER);
    }

    /**
     * @param q [N, heads·headDim] f32 or bf16
     * @param k [N, kvHeads·headDim] of q's type
     * @param logSumExp address of [N, heads] f32
     * @param firstRow first row of the sequence
     * @param length its number of tokens
     * @param out [heads·length, length] f32
     */
    public void launch(Stream stream, Matrix q, Matrix k, long logSumExp, AttentionGeometry geometry, int firstRow, int length,
            Matrix out) {
        geometry.check(q, k, k);
        out.of("out", ElementType.F32).shaped("out", geometry.heads() * length, length);
        argument.give(kernels.of("attention_probabilities", q.type()).pointer(q.address()).pointer(k.address()).pointer(logSumExp),
                geometry)
                .integer(firstRow).integer(length).pointer(out.address())
                .launch(stream, out.rows(), Instances.blocks(length, Instances.THREADS), 1, Instances.THREADS, 0);
    }
}
