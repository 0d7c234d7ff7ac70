package dev.crane.kernels;

import dev.crane.cuda.ElementType;
import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.LONG;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code add.cu}: x += delta. */
public final class Add {
    private final Instances kernels;

    /** Loads nothing yet. */
    public Add(KernelLibrary library) {
        kernels = new Instances(library, "add", POINTER, POINTER, LONG);
    }

    /**
     * @param x f32, or bf16 where delta is
     * @param delta f32 or bf16, of x's shape
     */
    public void launch(Stream stream, Matrix x, Matrix delta) {
        delta.like("delta", x);
        boolean wide = x.type() == ElementType.F32;
        (wide ? kernels.of("add", delta.type()) : kernels.of("add", x.type(), delta.type())).pointer(x.address()).pointer(delta.address())
                .longInteger(x.elements()).launch(stream, Instances.flatBlocks(x.elements(), wide ? 4 : 8), Instances.THREADS, 0);
    }
}
