package dev.crane.kernels;

import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code target_logits_backward.cu}: dh = 0, then dh[row, :] += coefficient · head[token, :] for each target. */
public final class TargetLogitsBackward {
    private final Instances kernels;

    /** Loads nothing yet. */
    public TargetLogitsBackward(KernelLibrary library) {
        kernels = new Instances(library, "target_logits_backward", POINTER, POINTER, POINTER, POINTER, INT, INT, POINTER);
    }

    /**
     * The targets are grouped by row.
     *
     * @param head [vocabulary, width] as stored
     * @param first address of [N + 1] ints: the targets of row t are first[t] to first[t + 1] − 1
     * @param tokens address of [targets] ints
     * @param coefficients address of [targets] f32
     * @param dh [N, width] f32 or bf16
     */
    public void launch(Stream stream, Matrix head, long first, long tokens, long coefficients, Matrix dh) {
        dh.shaped("dh", dh.rows(), head.columns());
        kernels.of("target_logits_backward", head.type(), dh.type()).pointer(head.address()).pointer(first).pointer(tokens)
                .pointer(coefficients).integer(dh.rows()).integer(dh.columns()).pointer(dh.address())
                .launch(stream, Instances.rowBlocks(dh, 4), Instances.THREADS, 0);
    }
}
