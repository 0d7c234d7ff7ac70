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
            for (int t = from; t < to; t++) {
                value.apply(x, t * width, act, t * width, width);
                RowEdits.apply(act, t * width, width, RowEdits.of(edits, segments, t));
            }
        });
    }

    void backward(float[] x, int width, Activation activation, Segments segments, UnitEdits edits, Rule rule, float[] dAct, float[] dx) {
        UnaryFunction value = UnaryFunction.value(activation);
        UnaryFunction factor = rule.activationRatio() ? UnaryFunction.ratio(activation) : UnaryFunction.derivative(activation);
        tasks.rows(segments.rows(), width, (from, to) -> {
            float[] scratch = buffers.take(2 * width);
            for (int t = from; t < to; t++) {
                int at = t * width;
                UnitEdits.Edit edit = RowEdits.of(edits, segments, t);
                System.arraycopy(dAct, at, scratch, 0, width);
                if (edit != null) {
                    value.apply(x, at, scratch, width, width);
                    RowEdits.apply(scratch, width, width, edit);
                    RowEdits.backward(scratch, 0, scratch, width, width, edit);
                }
                factor.apply(x, at, dx, at, width);
                RowArithmetic.multiply(dx, at, 1, scratch, 0, dx, at, width);
            }
            buffers.give(scratch);
        });
    }
}
