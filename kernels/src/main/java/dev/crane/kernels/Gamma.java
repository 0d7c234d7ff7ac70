package dev.crane.kernels;

import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.FLOAT;
import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.LONG;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code gamma.cu}: what LRP-γ at linear layers needs beside the products with W and |W|. */
public final class Gamma {
    private final Instances absolute;
    private final Instances addSigned;
    private final Instances gamma;

    /** Loads nothing yet. */
    public Gamma(KernelLibrary library) {
        absolute = new Instances(library, "gamma", POINTER, POINTER, LONG);
        addSigned = new Instances(library, "gamma", POINTER, POINTER, POINTER, LONG);
        gamma = new Instances(library, "gamma", POINTER, POINTER, INT, FLOAT, POINTER, POINTER, LONG);
    }

    /** out = |x|, of one shape and type. */
    public void absolute(Stream stream, Matrix x, Matrix out) {
        out.of("out", x.type()).like("out", x);
        absolute.of("absolute", x.type()).pointer(x.address()).pointer(out.address()).longInteger(x.elements()).launch(stream, blocks(x),
                Instances.THREADS, 0);
    }

    /** sum += sign(x) · value, in place, of one shape and type. */
    public void addSigned(Stream stream, Matrix x, Matrix value, Matrix sum) {
        value.of("value", x.type()).like("value", x);
        sum.of("sum", x.type()).like("sum", x);
        addSigned.of("add_signed", x.type()).pointer(x.address()).pointer(value.address()).pointer(sum.address())
                .longInteger(x.elements()).launch(stream, blocks(x), Instances.THREADS, 0);
    }

    /**
     * The gradient of a linear layer's output becomes what goes back through W, the magnitudes what goes back through |W|.
     *
     * @param z the layer's output
     * @param bias f32, a value a column, or 0
     * @param gradient of z, of its shape and type
     * @param magnitudes |W|·|x|, of its shape and type
     */
    public void launch(Stream stream, Matrix z, long bias, float gamma, Matrix gradient, Matrix magnitudes) {
        gradient.of("gradient", z.type()).like("gradient", z);
        magnitudes.of("magnitudes", z.type()).like("magnitudes", z);
        this.gamma.of("gamma", z.type()).pointer(z.address()).pointer(bias).integer(z.columns()).real(gamma).pointer(gradient.address())
                .pointer(magnitudes.address()).longInteger(z.elements()).launch(stream, blocks(z), Instances.THREADS, 0);
    }

    private static int blocks(Matrix x) {
        return Instances.flatBlocks(x.elements(), Instances.vector(x.type()));
    }
}
