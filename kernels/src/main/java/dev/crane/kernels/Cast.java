package dev.crane.kernels;

import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.LONG;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code cast.cu}: another element type, rounded to nearest. */
public final class Cast {
    private final Instances kernels;

    /** Loads nothing yet. */
    public Cast(KernelLibrary library) {
        kernels = new Instances(library, "cast", POINTER, POINTER, LONG);
    }

    /** out = x; f32 ↔ bf16, f32 ↔ f16, f16 → bf16. */
    public void launch(Stream stream, Matrix x, Matrix out) {
        out.like("out", x);
        kernels.of("cast", x.type(), out.type()).pointer(x.address()).pointer(out.address()).longInteger(x.elements()).launch(stream,
                Instances.flatBlocks(x.elements(), 8), Instances.THREADS, 0);
    }
}
