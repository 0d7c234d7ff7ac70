package dev.crane.kernels;

import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.FLOAT;
import static dev.crane.cuda.Parameter.LONG;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code random_normal.cu}: normally distributed numbers, for benchmarks. */
public final class RandomNormal {
    private final Instances kernels;

    /** Loads nothing yet. */
    public RandomNormal(KernelLibrary library) {
        kernels = new Instances(library, "random_normal", POINTER, LONG, FLOAT, LONG);
    }

    /** x[i] = scale · z_i; element i depends on seed and i alone. */
    public void launch(Stream stream, Matrix x, float scale, long seed) {
        kernels.of("random_normal", x.type()).pointer(x.address()).longInteger(x.elements()).real(scale).longInteger(seed).launch(stream,
                Instances.flatBlocks(x.elements(), 8), Instances.THREADS, 0);
    }
}
