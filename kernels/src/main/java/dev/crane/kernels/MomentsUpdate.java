package dev.crane.kernels;

import dev.crane.cuda.ElementType;
import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.LONG;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code moments.cu}: rows of scores added to streaming moments. */
public final class MomentsUpdate {
    private final Instances kernels;

    /** Loads nothing yet. */
    public MomentsUpdate(KernelLibrary library) {
        kernels = new Instances(library, "moments", POINTER, INT, INT, LONG, POINTER, POINTER, POINTER, POINTER, POINTER);
    }

    /**
     * Adds the rows in ascending order.
     *
     * @param scores [samples, units] f32
     * @param count samples added before
     * @param mean address of [units] f64; so the others: central sums of the second to fourth power, and the mean absolute value
     */
    public void launch(Stream stream, Matrix scores, long count, long mean, long m2, long m3, long m4, long absMean) {
        scores.of("scores", ElementType.F32);
        kernels.named("moments").pointer(scores.address()).integer(scores.rows()).integer(scores.columns()).longInteger(count).pointer(mean)
                .pointer(m2).pointer(m3).pointer(m4).pointer(absMean)
                .launch(stream, Instances.blocks(scores.columns(), Instances.THREADS), Instances.THREADS, 0);
    }
}
