package dev.crane.engine.backend.cpu;

import dev.crane.engine.backend.Activation;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.UnitEdits;
import dev.crane.engine.relevance.Rule;

/** act = a(x), edited, row by row; and the backward, which computes act again where it is edited. */
final class PlainActivation {
    private final TaskPool tasks;
    private final BufferPool buffers;

    PlainActivation(TaskPool tasks, BufferPool buffers) {
        this.tasks = tasks;
        this.buffers = buffers;
    }

    void forward(float[] x, int width, Activation activation, Segments segments, UnitEdits edits, float[] act) {
        UnaryFunction value = UnaryFunction.value(activation);
        tasks.rows(segments.rows(), width, (from, to) -> {
            float[] scratch = buffers.take(UnaryFunction.SCRATCH);
            for (int t = from; t < to; t++) {
                value.apply(x, t * width, act, t * width, width, scratch);
                RowEdits.apply(act, t * width, width, RowEdits.of(edits, segments, t));
            }
            buffers.give(scratch);
        });
    }

    void backward(float[] x, int width, Activation activation, Segments segments, UnitEdits edits, Rule rule, float[] dAct, float[] dx) {
        UnaryFunction value = UnaryFunction.value(activation);
        UnaryFunction factor = rule.coefficients().map(c -> UnaryFunction.factor(activation, c.activationRatio())).orElse(null);
        tasks.rows(segments.rows(), width, (from, to) -> {
            float[] scratch = buffers.take(UnaryFunction.SCRATCH);
            float[] rows = buffers.take((factor == null ? 5 : 2) * width);
            for (int t = from; t < to; t++) {
                int at = t * width;
                UnitEdits.Edit edit = RowEdits.of(edits, segments, t);
                System.arraycopy(dAct, at, rows, 0, width);
                if (edit != null) {
                    value.apply(x, at, rows, width, width, scratch);
                    RowEdits.apply(rows, width, width, edit);
                    RowEdits.backward(rows, 0, rows, width, width, edit);
                }
                if (factor != null) {
                    factor.apply(x, at, dx, at, width, scratch);
                } else {
                    value.apply(x, at, rows, 2 * width, width, scratch);
                    RuleRows.activation(rule, activation, x, at, rows, 2 * width, 3 * width, dx, at, width, scratch);
                }
                RowArithmetic.multiply(dx, at, 1, rows, 0, dx, at, width);
            }
            buffers.give(scratch);
            buffers.give(rows);
        });
    }
}
