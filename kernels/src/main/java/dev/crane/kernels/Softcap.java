package dev.crane.kernels;

import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.FLOAT;
import static dev.crane.cuda.Parameter.LONG;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code softcap.cu}: x = cap · tanh(x / cap), and its backward under a rule. */
public final class Softcap {
    private final Instances forward;
    private final Instances backward;

    /** Loads nothing yet. */
    public Softcap(KernelLibrary library, String rule) {
        forward = new Instances(library, "softcap", rule, POINTER, LONG, FLOAT);
        backward = new Instances(library, "softcap", rule, POINTER, POINTER, LONG, FLOAT);
    }

    /** In place, the same under every rule. */
    public void launch(Stream stream, Matrix x, float cap) {
        forward.of("softcap", x.type()).pointer(x.address()).longInteger(x.elements()).real(cap).launch(stream,
                Instances.flatBlocks(x.elements(), Instances.vector(x.type())), Instances.THREADS, 0);
    }

    /**
     * Takes the gradient back, in place.
     *
     * @param raw the values before the cap
     */
    public void backward(Stream stream, Matrix gradient, Matrix raw, float cap) {
        raw.of("raw", gradient.type()).like("raw", gradient);
        backward.of("softcap_backward", gradient.type()).pointer(gradient.address()).pointer(raw.address()).longInteger(gradient.elements())
                .real(cap)
                .launch(stream, Instances.flatBlocks(gradient.elements(), Instances.vector(gradient.type())), Instances.THREADS, 0);
    }
}
