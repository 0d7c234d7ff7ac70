package dev.crane.engine.decoder;

import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.Tensor;

/**
 * Cosines and sines of the rotary angles on the backend, a row for each position, grown when longer sequences come. LongRoPE has two sets of
 * frequencies, chosen by the length a sequence has reached; then the rows for short sequences come first, and those for long ones after them.
 */
final class RopeTable implements AutoCloseable {
    private static final int SMALLEST = 64;

    private final Positions.Rope rope;
    private final Backend backend;
    private final int shortRows;
    private int positions;
    private Tensor cos;
    private Tensor sin;

    RopeTable(Positions.Rope rope, Backend backend) {
        this.rope = rope;
        this.backend = backend;
        this.shortRows = rope.scaling() instanceof RopeScaling.LongRope longRope ? longRope.originalMaxPositions() : 0;
    }

    /** Whether a sequence that reaches this length is rotated by other angles than before. */
    static boolean changesAt(Positions.Rope rope, int length) {
        return rope.scaling() instanceof RopeScaling.LongRope longRope && length == longRope.originalMaxPositions() + 1;
    }

    /** [rows, rotaryDim/2]. */
    Tensor cos() {
        return cos;
    }

    /** [rows, rotaryDim/2]. */
    Tensor sin() {
        return sin;
    }

    /** The row of each token when sequence b's first token here stands at position {@code past[b]}. */
    int[] rows(Segments segments, int[] past) {
        int longest = 0;
        for (int b = 0; b < segments.count(); b++)
            longest = Math.max(longest, past[b] + segments.length(b));
        if (longest > positions)
            grow(Math.max(SMALLEST, Integer.highestOneBit(longest - 1) * 2));
        int[] rows = new int[segments.rows()];
        for (int b = 0; b < segments.count(); b++) {
            int reached = past[b] + segments.length(b);
            int first = past[b] + (shortRows > 0 && reached > shortRows ? shortRows : 0);
            for (int t = 0; t < segments.length(b); t++)
                rows[segments.start(b) + t] = first + t;
        }
        return rows;
    }

    private void grow(int length) {
        close();
        int width = rope.rotaryDim() / 2;
        int rows = Math.addExact(shortRows, length);
        float[] c = new float[Math.multiplyExact(rows, width)];
        float[] s = new float[c.length];
        RopeFrequencies atFirst = RopeFrequencies.of(rope, 1);
        RopeFrequencies whenLong = RopeFrequencies.of(rope, shortRows + 1);
        for (int row = 0; row < shortRows; row++)
            atFirst.rotation(row, c, s, row * width);
        for (int position = 0; position < length; position++)
            whenLong.rotation(position, c, s, (shortRows + position) * width);
        cos = backend.upload(c, rows, width);
        sin = backend.upload(s, rows, width);
        positions = length;
    }

    @Override
    public void close() {
        if (cos != null) {
            backend.release(cos);
            backend.release(sin);
            cos = null;
            sin = null;
        }
    }
}
