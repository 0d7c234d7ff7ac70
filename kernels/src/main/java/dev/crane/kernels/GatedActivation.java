package dev.crane.kernels;

import dev.crane.cuda.Kernel;
import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code gated_activation.cu}: act = a(gate), neuron = act · up, both edited. */
public final class GatedActivation {
    private final Instances kernels;
    private final Edits.Argument argument = new Edits.Argument();

    /** Loads nothing yet. */
    public GatedActivation(KernelLibrary library) {
        kernels = new Instances(library, "gated_activation", POINTER, POINTER, INT, INT, INT, Edits.PARAMETER, Edits.PARAMETER, POINTER,
                POINTER);
    }

    /**
     * All of one shape [N, width] and type.
     *
     * @param gate f32 or bf16
     * @param actEdits at the activation, or null
     * @param neuronEdits at the product, or null
     * @param act output, or null
     * @param neuron output
     */
    public void launch(Stream stream, Matrix gate, Matrix up, ActivationKind kind, Edits actEdits, Edits neuronEdits, Matrix act,
            Matrix neuron) {
        up.of("up", gate.type()).like("up", gate);
        neuron.of("neuron", gate.type()).like("neuron", gate);
        if (act != null)
            act.of("act", gate.type()).like("act", gate);
        Kernel kernel = kernels.of("gated_activation", gate.type()).pointer(gate.address()).pointer(up.address()).integer(gate.rows())
                .integer(gate.columns()).integer(kind.code());
        argument.give(kernel, actEdits);
        argument.give(kernel, neuronEdits);
        kernel.pointer(Matrix.orNull(act)).pointer(neuron.address())
                .launch(stream, Instances.rowBlocks(gate, Instances.vector(gate.type())), Instances.THREADS, 0);
    }
}
