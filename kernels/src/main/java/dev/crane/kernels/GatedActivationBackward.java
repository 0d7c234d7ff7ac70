package dev.crane.kernels;

import dev.crane.cuda.Kernel;
import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code gated_activation_backward.cu}: backward of {@link GatedActivation} under a rule. */
public final class GatedActivationBackward {
    private final Instances kernels;
    private final Edits.Argument argument = new Edits.Argument();

    /** Loads nothing yet. */
    public GatedActivationBackward(KernelLibrary library, String rule) {
        kernels = new Instances(library, "gated_activation_backward", rule, POINTER, POINTER, POINTER, INT, INT, INT, Edits.PARAMETER,
                Edits.PARAMETER, POINTER, POINTER);
    }

    /**
     * All of one shape [N, width] and type.
     *
     * @param gate f32 or bf16
     * @param actEdits at the activation, or null
     * @param neuronEdits at the product, or null
     * @param dNeuron gradient of the edited product
     * @param dGate output; may be gate or dNeuron
     * @param dUp output; may be up or dNeuron
     */
    public void launch(Stream stream, Matrix gate, Matrix up, ActivationKind kind, Edits actEdits, Edits neuronEdits, Matrix dNeuron,
            Matrix dGate, Matrix dUp) {
        up.of("up", gate.type()).like("up", gate);
        dNeuron.of("dNeuron", gate.type()).like("dNeuron", gate);
        dGate.of("dGate", gate.type()).like("dGate", gate);
        dUp.of("dUp", gate.type()).like("dUp", gate);
        Kernel kernel = kernels.of("gated_activation_backward", gate.type()).pointer(gate.address()).pointer(up.address())
                .pointer(dNeuron.address()).integer(gate.rows()).integer(gate.columns()).integer(kind.code());
        argument.give(kernel, actEdits);
        argument.give(kernel, neuronEdits);
        kernel.pointer(dGate.address()).pointer(dUp.address())
                .launch(stream, Instances.rowBlocks(gate, Instances.vector(gate.type())), Instances.THREADS, 0);
    }
}
