package dev.crane.kernels;

import dev.crane.cuda.ElementType;
import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.FLOAT;
import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code layer_norm.cu}: x += delta, then y = (x − mean) · inverse · w + bias with inverse = 1/√(var(x) + eps). */
public final class LayerNorm {
    private final Instances kernels;

    /** Loads nothing yet. */
    public LayerNorm(KernelLibrary library) {
        kernels = new Instances(library, "layer_norm", POINTER, POINTER, POINTER, POINTER, FLOAT, INT, POINTER, POINTER);
    }

    /**
     * Row by row.
     *
     * @param x [N, width] f32, or of y's type; changed if there is a delta
     * @param delta [N, width] of y's type, or null
     * @param w address of [width] f32
     * @param bias address of [width] f32, or 0
     * @param y [N, width] f32 or bf16
     * @param inverse address of [N] f32
     */
    public void launch(Stream stream, Matrix x, Matrix delta, long w, long bias, float eps, Matrix y, long inverse) {
        y.like("y", x);
        if (delta != null)
            delta.of("delta", y.type()).like("delta", x);
        String kernel = "layer_norm";
        if (x.type() != ElementType.F32) {
            x.of("x", y.type());
            kernel = "layer_norm_heads";
        }
        kernels.of(kernel, y.type()).pointer(x.address()).pointer(Matrix.orNull(delta)).pointer(w).pointer(bias).real(eps)
                .integer(x.columns()).pointer(y.address()).pointer(inverse)
                .launch(stream, x.rows(), Instances.rowThreads(x.columns(), 4), 0);
    }
}
