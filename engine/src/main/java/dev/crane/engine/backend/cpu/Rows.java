package dev.crane.engine.backend.cpu;

import java.util.Arrays;

import dev.crane.engine.backend.host.HostWeight;

/** Ops that read single rows of the embedding or of the head, which stay as they are stored. */
final class Rows {
    private final TaskPool tasks;
    private final BufferPool buffers;

    Rows(TaskPool tasks, BufferPool buffers) {
        this.tasks = tasks;
        this.buffers = buffers;
    }

    void embed(HostWeight table, int[] ids, float scale, float[] out) {
        int d = table.in();
        tasks.rows(ids.length, d, (from, to) -> {
            for (int t = from; t < to; t++)
                table.read((long) ids[t] * d, d, out, t * d);
            RowArithmetic.scale(out, from * d, scale, (to - from) * d);
        });
    }

    void gather(float[] x, int columns, int[] rows, float[] out) {
        tasks.rows(rows.length, columns, (from, to) -> {
            for (int i = from; i < to; i++)
                System.arraycopy(x, rows[i] * columns, out, i * columns, columns);
        });
    }

    float[] targetLogits(HostWeight head, float[] h, int[] rows, int[] tokens) {
        int d = head.in();
        float[] logits = new float[rows.length];
        tasks.rows(rows.length, d, (from, to) -> {
            float[] row = buffers.take(d);
            for (int i = from; i < to; i++) {
                head.read((long) tokens[i] * d, d, row, 0);
                logits[i] = (float) Lanes.dot(h, rows[i] * d, row, 0, d);
            }
            buffers.give(row);
        });
        return logits;
    }

    /** Each task owns some rows of dh and looks through all targets for them, so that the targets of a row are added in ascending order. */
    void targetLogitsBackward(HostWeight head, int[] rows, int[] tokens, float[] coefficients, float[] dh, int dhRows) {
        int d = head.in();
        tasks.rows(dhRows, d, (from, to) -> {
            Arrays.fill(dh, from * d, to * d, 0);
            float[] row = buffers.take(d);
            for (int i = 0; i < rows.length; i++)
                if (rows[i] >= from && rows[i] < to) {
                    head.read((long) tokens[i] * d, d, row, 0);
                    RowArithmetic.addMultiple(coefficients[i], row, 0, dh, rows[i] * d, d);
                }
            buffers.give(row);
        });
    }
}
