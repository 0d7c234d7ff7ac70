package dev.crane.kernels;

import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.LONG;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code linear_rule.cu}: what a rule changes in the gradient of a linear layer's output. */
public final class LinearRule {
    private final Instances kernels;

    /** Loads nothing yet. */
    public LinearRule(KernelLibrary library, String rule) {
        kernels = new Instances(library, "linear_rule", rule, POINTER, POINTER, LONG);
    }

    /**
     * In place.
     *
     * @param z the layer's output
     * @param gradient with respect to it, of its shape and type
     */
    public void launch(Stream stream, Matrix z, Matrix gradient) {
        gradient.of("gradient", z.type()).like("gradient", z);
        kernels.of("linear_rule", z.type()).pointer(z.address()).pointer(gradient.address()).longInteger(z.elements()).launch(stream,
                Instances.flatBlocks(z.elements(), Instances.vector(z.type())), Instances.THREADS, 0);
    }
}
