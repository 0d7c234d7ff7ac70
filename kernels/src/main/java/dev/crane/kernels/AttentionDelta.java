package dev.crane.kernels;

import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code attention_delta.cu}: delta[t, h] = Σ_i dOut[t, h, i] · out[t, h, i], which attention's backward needs. */
public final class AttentionDelta {
    private final Instances kernels;

    /** Loads nothing yet. */
    public AttentionDelta(KernelLibrary library) {
        kernels = new Instances(library, "attention_delta", POINTER, POINTER, INT, INT, POINTER);
    }

    /**
     * @param out [N, heads·headDim] f32 or bf16
     * @param dOut of out's shape and type
     * @param delta address of [N, heads] f32
     */
    public void launch(Stream stream, Matrix out, Matrix dOut, int headDim, long delta) {
        dOut.of("dOut", out.type()).like("dOut", out);
        int rows = Math.toIntExact(out.elements() / headDim);
        kernels.of("attention_delta", out.type()).pointer(out.address()).pointer(dOut.address()).integer(rows).integer(headDim)
                .pointer(delta)
                .launch(stream, Instances.blocks(rows, Instances.THREADS / 16), Instances.THREADS, 0);
    }
}
