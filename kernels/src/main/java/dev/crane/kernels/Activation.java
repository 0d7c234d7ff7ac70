package dev.crane.kernels;

import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code activation.cu}: act = a(x), edited. */
public final class Activation {
    private final Instances kernels;
    private final Edits.Argument argument = new Edits.Argument();

    /** Loads nothing yet. */
    public Activation(KernelLibrary library) {
        kernels = new Instances(library, "activation", POINTER, INT, INT, INT, Edits.PARAMETER, POINTER);
    }

    /**
     * @param x [N, width] f32 or bf16
     * @param edits at the activation, or null
     * @param act of x's shape and type; may be x
     */
    public void launch(Stream stream, Matrix x, ActivationKind kind, Edits edits, Matrix act) {
        act.of("act", x.type()).like("act", x);
        argument.give(kernels.of("activation", x.type()).pointer(x.address()).integer(x.rows()).integer(x.columns())
                .integer(kind.code()), edits).pointer(act.address())
                .launch(stream, Instances.rowBlocks(x, Instances.vector(x.type())), Instances.THREADS, 0);
    }
}
