package dev.crane.kernels;

import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.FLOAT;
import static dev.crane.cuda.Parameter.LONG;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code fill.cu}: sets every element. */
public final class Fill {
    private final Instances kernels;

    /** Loads nothing yet. */
    public Fill(KernelLibrary library) {
        kernels = new Instances(library, "fill", POINTER, LONG, FLOAT);
    }

    /** x[…] = value. */
    public void launch(Stream stream, Matrix x, float value) {
        kernels.of("fill", x.type()).pointer(x.address()).longInteger(x.elements()).real(value).launch(stream,
                Instances.flatBlocks(x.elements(), Instances.vector(x.type())), Instances.THREADS, 0);
    }
}
