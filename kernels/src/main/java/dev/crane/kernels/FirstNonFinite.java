package dev.crane.kernels;

import dev.crane.cuda.Stream;

import static dev.crane.cuda.Parameter.INT;
import static dev.crane.cuda.Parameter.POINTER;

/** Launches {@code first_non_finite.cu}: the first row with a NaN or an infinity. */
public final class FirstNonFinite {
    /** Blocks at most: enough to fill the largest GPU several times. */
    private static final int MAX_BLOCKS = 1024;
    /** Bytes of the workspace. */
    public static final int WORKSPACE_BYTES = MAX_BLOCKS * Integer.BYTES;

    private final Instances first;
    private final Instances second;

    /** Loads nothing yet. */
    public FirstNonFinite(KernelLibrary library) {
        first = new Instances(library, "first_non_finite", POINTER, INT, INT, POINTER);
        second = new Instances(library, "first_non_finite", POINTER, INT, POINTER);
    }

    /**
     * @param workspace address of {@link #WORKSPACE_BYTES} bytes
     * @param result address of one int: the row, or −1
     */
    public void launch(Stream stream, Matrix x, long workspace, long result) {
        int blocks = Math.clamp(Instances.blocks(x.rows(), Instances.THREADS / 32), 1, MAX_BLOCKS);
        first.of("first_non_finite", x.type()).pointer(x.address()).integer(x.rows()).integer(x.columns()).pointer(workspace)
                .launch(stream, blocks, Instances.THREADS, 0);
        second.named("first_of_blocks").pointer(workspace).integer(blocks).pointer(result).launch(stream, 1, Instances.THREADS, 0);
    }
}
