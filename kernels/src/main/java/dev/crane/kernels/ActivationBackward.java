package dev.crane.kernels;

import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code activation_backward.cu}: backward of {@link Activation} under a rule. */
public final class ActivationBackward {
    private final Instances kernels;
    private final Edits.Argument argument = new Edits.Argument();

    /** Loads nothing yet. */
    public ActivationBackward(KernelLibrary library, String rule) {
        kernels = new Instances(library, "activation_backward", rule, POINTER, POINTER, INT, INT, INT, Edits.PARAMETER, POINTER);
    }

    /**
     * @param x [N, width] f32 or bf16: the activation's input
     * @param dAct gradient of the edited activation, of x's shape and type
     * @param edits at the activation, or null
     * @param dx of x's shape and type; may be dAct or x
     */
    public void launch(Stream stream, Matrix x, Matrix dAct, ActivationKind kind, Edits edits, Matrix dx) {
        dAct.of("dAct", x.type()).like("dAct", x);
        dx.of("dx", x.type()).like("dx", x);
        argument.give(kernels.of("activation_backward", x.type()).pointer(x.address()).pointer(dAct.address()).integer(x.rows())
                .integer(x.columns()).integer(kind.code()), edits).pointer(dx.address())
                .launch(stream, Instances.rowBlocks(x, Instances.vector(x.type())), Instances.THREADS, 0);
    }
}
