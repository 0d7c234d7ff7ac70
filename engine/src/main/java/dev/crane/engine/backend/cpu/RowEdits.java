package dev.crane.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.UnitEdits;

import static dev.crane.engine.backend.cpu.Lanes.F;
import static dev.crane.engine.backend.cpu.Lanes.L;

/** {@link UnitEdits} row by row: x becomes clamp(scale · x + offset, low, high). */
final class RowEdits {
    private RowEdits() {
    }

    /** The edit of the sequence that row t belongs to, or null. */
    static UnitEdits.Edit of(UnitEdits edits, Segments segments, int t) {
        return edits == null ? null : edits.of(segments.of(t));
    }

    static void apply(TaskPool tasks, float[] x, int width, Segments segments, UnitEdits edits) {
        tasks.rows(segments.rows(), width, (from, to) -> {
            for (int t = from; t < to; t++)
                apply(x, t * width, width, of(edits, segments, t));
        });
    }

    static void backward(TaskPool tasks, float[] gradient, float[] edited, int width, Segments segments, UnitEdits edits) {
        tasks.rows(segments.rows(), width, (from, to) -> {
            for (int t = from; t < to; t++)
                backward(gradient, t * width, edited, t * width, width, of(edits, segments, t));
        });
    }

    /** Edits a row in place; {@code edit} may be null. */
    static void apply(float[] x, int at, int width, UnitEdits.Edit edit) {
        if (edit == null)
            return;
        int u = 0;
        for (; u <= width - L; u += L)
            FloatVector.fromArray(F, edit.scale(), u).fma(FloatVector.fromArray(F, x, at + u), FloatVector.fromArray(F, edit.offset(), u))
                    .max(FloatVector.fromArray(F, edit.low(), u)).min(FloatVector.fromArray(F, edit.high(), u)).intoArray(x, at + u);
        for (; u < width; u++)
            x[at + u] = Math.min(Math.max(Math.fma(edit.scale()[u], x[at + u], edit.offset()[u]), edit.low()[u]), edit.high()[u]);
    }

    /** Takes a row of gradients back through its edit, in place; {@code edit} may be null. */
    static void backward(float[] gradient, int at, float[] edited, int editedAt, int width, UnitEdits.Edit edit) {
        if (edit == null)
            return;
        int u = 0;
        for (; u <= width - L; u += L) {
            FloatVector value = FloatVector.fromArray(F, edited, editedAt + u);
            VectorMask<Float> bound = value.compare(VectorOperators.EQ, FloatVector.fromArray(F, edit.low(), u))
                    .or(value.compare(VectorOperators.EQ, FloatVector.fromArray(F, edit.high(), u)));
            FloatVector.fromArray(F, gradient, at + u).mul(FloatVector.fromArray(F, edit.scale(), u)).blend(0f, bound)
                    .intoArray(gradient, at + u);
        }
        for (; u < width; u++) {
            float value = edited[editedAt + u];
            gradient[at + u] = value == edit.low()[u] || value == edit.high()[u] ? 0 : gradient[at + u] * edit.scale()[u];
        }
    }
}
