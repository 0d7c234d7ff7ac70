package dev.crane.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

import dev.crane.cuda.Kernel;
import dev.crane.cuda.Parameter;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

/**
 * Interventions at one hook point, as they lie on the device: {@code edits.cuh} says what they do. Either {@code zeroed} is given, or the four tables
 * are; each has a row for every edit.
 *
 * @param ofRow address of [N] ints: the edit of each row, −1 for none
 * @param zeroed address of bitmaps [edits, ⌈width/32⌉] of the units that become 0, or 0
 * @param scale address of [edits, width] f32, or 0 where there are bitmaps; so the others
 * @param offset summands
 * @param low lower bounds
 * @param high upper bounds
 */
public record Edits(long ofRow, long zeroed, long scale, long offset, long low, long high) {
    /** No row has an edit. */
    public static final Edits NONE = new Edits(0, 0, 0, 0, 0, 0);

    /** How kernels take it. */
    static final Parameter PARAMETER = Parameter.struct(6 * Long.BYTES, Long.BYTES);

    /** Units that become 0: masks. */
    public static Edits zeroing(long ofRow, long zeroed) {
        return new Edits(ofRow, zeroed, 0, 0, 0, 0);
    }

    /** Memory to hand edits over in, of one launcher. */
    static final class Argument {
        private final MemorySegment struct = Arena.ofAuto().allocate(6 * Long.BYTES, Long.BYTES);

        /** Gives the edits, which may be null for none, as the kernel's next argument. */
        Kernel give(Kernel kernel, Edits edits) {
            Edits given = edits == null ? NONE : edits;
            long[] fields = {given.ofRow, given.zeroed, given.scale, given.offset, given.low, given.high};
            for (int i = 0; i < fields.length; i++)
                struct.setAtIndex(JAVA_LONG, i, fields[i]);
            return kernel.struct(struct);
        }
    }
}
