package dev.crane.kernels;

import dev.crane.cuda.ElementType;
import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.FLOAT;
import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code rms_norm.cu}: x += delta, then y = x · inverse · (w + offset) with inverse = 1/√(mean(x²) + eps). */
public final class RmsNorm {
    private final Instances kernels;

    /** Loads nothing yet. */
    public RmsNorm(KernelLibrary library) {
        kernels = new Instances(library, "rms_norm", POINTER, POINTER, POINTER, FLOAT, FLOAT, INT, POINTER, POINTER);
    }

    /**
     * Row by row.
     *
     * @param x [N, width] f32, or of y's type; changed if there is a delta
     * @param delta [N, width] of y's type, or null
     * @param w address of [width] f32
     * @param offset added to every weight: 1 for Gemma, else 0
     * @param y [N, width] f32 or bf16
     * @param inverse address of [N] f32
     */
    public void launch(Stream stream, Matrix x, Matrix delta, long w, float offset, float eps, Matrix y, long inverse) {
        y.like("y", x);
        if (delta != null)
            delta.of("delta", y.type()).like("delta", x);
        String kernel = "rms_norm";
        if (x.type() != ElementType.F32) {
            x.of("x", y.type());
            kernel = "rms_norm_heads";
        }
        kernels.of(kernel, y.type()).pointer(x.address()).pointer(Matrix.orNull(delta)).pointer(w).real(offset).real(eps)
                .integer(x.columns()).pointer(y.address()).pointer(inverse)
                .launch(stream, x.rows(), Instances.rowThreads(x.columns(), 4), 0);
    }
}
