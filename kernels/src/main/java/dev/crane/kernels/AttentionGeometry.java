package dev.crane.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import dev.crane.cuda.Kernel;
import dev.crane.cuda.Parameter;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

/**
 * What an attention op computes; {@code attention.cuh} says how.
 *
 * @param heads query heads
 * @param kvHeads key/value heads, a divisor of {@code heads}
 * @param headDim width of a head, at most {@link #MAX_HEAD_DIM}
 * @param window width of the sliding window, 0 for none
 * @param scale factor on q·k
 * @param softcap 0 for none
 * @param slopes address of [heads] f32 of ALiBi, or 0
 */
public record AttentionGeometry(int heads, int kvHeads, int headDim, int window, float scale, float softcap, long slopes) {
    /** The widest heads that there are kernels for. */
    public static final int MAX_HEAD_DIM = 256;

    /** How kernels take it. */
    static final Parameter PARAMETER = Parameter.struct(32, 8);

    public AttentionGeometry {
        if (heads <= 0 || kvHeads <= 0 || heads % kvHeads != 0 || headDim <= 0 || headDim > MAX_HEAD_DIM)
            throw new IllegalArgumentException("no attention kernel for heads " + heads + ", kvHeads " + kvHeads + ", headDim " + headDim);
    }

    /** The head dimension that kernels are made for, from this one up: 64, 128 or 256. */
    int paddedHeadDim() {
        return headDim <= 64 ? 64 : headDim <= 128 ? 128 : 256;
    }

    /** Throws unless q has a row of all query heads, and k and v rows of all key/value heads, of one type. */
    void check(Matrix q, Matrix k, Matrix v) {
        q.shaped("q", q.rows(), heads * headDim);
        k.of("k", q.type()).shaped("k", k.rows(), kvHeads * headDim);
        v.of("v", q.type()).like("v", k);
    }

    /** Memory to hand it over in, of one launcher. */
    static final class Argument {
        private final MemorySegment struct = Arena.ofAuto().allocate(32, 8);

        /** Gives the geometry as the kernel's next argument. */
        Kernel give(Kernel kernel, AttentionGeometry geometry) {
            int[] integers = {geometry.heads, geometry.kvHeads, geometry.headDim, geometry.window};
            for (int i = 0; i < integers.length; i++)
                struct.setAtIndex(JAVA_INT, i, integers[i]);
            struct.set(JAVA_FLOAT, 16, geometry.scale);
            struct.set(JAVA_FLOAT, 20, geometry.softcap);
            struct.set(JAVA_LONG, 24, geometry.slopes);
            return kernel.struct(struct);
        }
    }
}
