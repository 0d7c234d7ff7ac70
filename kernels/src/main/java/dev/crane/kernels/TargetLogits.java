package dev.crane.kernels;

import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code target_logits.cu}: result[i] = h[rows[i], :] · head[tokens[i], :]. */
public final class TargetLogits {
    private final Instances kernels;

    /** Loads nothing yet. */
    public TargetLogits(KernelLibrary library) {
        kernels = new Instances(library, "target_logits", POINTER, POINTER, POINTER, POINTER, INT, INT, POINTER);
    }

    /**
     * @param head [vocabulary, width] as stored
     * @param h [N, width] f32 or bf16
     * @param rows address of [count] ints
     * @param tokens address of [count] ints
     * @param result address of [count] f32
     */
    public void launch(Stream stream, Matrix head, Matrix h, long rows, long tokens, int count, long result) {
        h.shaped("h", h.rows(), head.columns());
        kernels.of("target_logits", head.type(), h.type()).pointer(head.address()).pointer(h.address()).pointer(rows).pointer(tokens)
                .integer(count).integer(h.columns()).pointer(result)
                .launch(stream, Instances.blocks(count, Instances.THREADS / 32), Instances.THREADS, 0);
    }
}
