package dev.crane.kernels;

import dev.crane.cuda.ElementType;
import dev.crane.cuda.Kernel;
import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.FLOAT;
import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code rms_norm_backward.cu}: dx += backward of {@link RmsNorm} under a rule. */
public final class RmsNormBackward {
    private final Instances kernels;
    private final Instances casting;

    /** Loads nothing yet. */
    public RmsNormBackward(KernelLibrary library, String rule) {
        kernels = new Instances(library, "rms_norm_backward", rule, POINTER, POINTER, POINTER, FLOAT, POINTER, INT, POINTER);
        casting = new Instances(library, "rms_norm_backward", rule, POINTER, POINTER, POINTER, FLOAT, POINTER, INT, POINTER, POINTER);
    }

    /**
     * Row by row.
     *
     * @param x [N, width], the norm's input behind the residual add, of dx's type; may be null where the rule does not read it
     * @param dy [N, width] f32 or bf16
     * @param w address of [width] f32
     * @param offset added to every weight
     * @param inverse address of [N] f32
     * @param dx [N, width] f32, or of dy's type; added to
     * @param cast [N, width] bf16 that receives dx rounded, or null; with dy bf16 and dx f32 only
     */
    public void launch(Stream stream, Matrix x, Matrix dy, long w, float offset, long inverse, Matrix dx, Matrix cast) {
        dx.like("dx", dy);
        if (x != null)
            x.of("x", dx.type()).like("x", dy);
        boolean heads = dx.type() != ElementType.F32;
        boolean casts = !heads && dy.type() == ElementType.BF16;
        if (cast != null) {
            if (!casts)
                throw new IllegalArgumentException("dx is rounded to bf16 only where it is f32 and dy is bf16");
            cast.of("cast", ElementType.BF16).like("cast", dx);
        }
        Kernel kernel = (casts ? casting : kernels).of(heads ? "rms_norm_backward_heads" : "rms_norm_backward", dy.type())
                .pointer(Matrix.orNull(x)).pointer(dy.address()).pointer(w).real(offset).pointer(inverse).integer(dy.columns())
                .pointer(dx.address());
        if (casts)
            kernel.pointer(Matrix.orNull(cast));
        kernel.launch(stream, dy.rows(), Instances.rowThreads(dy.columns(), 4), 0);
    }
}
