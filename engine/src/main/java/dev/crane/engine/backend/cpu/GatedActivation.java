package dev.crane.engine.backend.cpu;

import dev.crane.engine.backend.Activation;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.UnitEdits;
import dev.crane.engine.relevance.Rule;

/** act = a(gate), neuron = act · up, both edited, row by row; and the backward, which computes act (and neuron, where edited) again. */
final class GatedActivation {
    private final TaskPool tasks;
    private final BufferPool buffers;

    GatedActivation(TaskPool tasks, BufferPool buffers) {
        this.tasks = tasks;
        this.buffers = buffers;
    }

    void forward(float[] gate, float[] up, int width, Activation activation, Segments segments, UnitEdits actEdits, UnitEdits neuronEdits,
            float[] act, float[] neuron) {
        UnaryFunction value = UnaryFunction.value(activation);
        tasks.rows(segments.rows(), width, (from, to) -> {
            float[] scratch = buffers.take(UnaryFunction.SCRATCH);
            for (int t = from; t < to; t++) {
                int at = t * width;
                float[] a = act == null ? neuron : act;
                value.apply(gate, at, a, at, width, scratch);
                RowEdits.apply(a, at, width, RowEdits.of(actEdits, segments, t));
                RowArithmetic.multiply(a, at, 1, up, at, neuron, at, width);
                RowEdits.apply(neuron, at, width, RowEdits.of(neuronEdits, segments, t));
            }
            buffers.give(scratch);
        });
    }

    void backward(float[] gate, float[] up, int width, Activation activation, Segments segments, UnitEdits actEdits, UnitEdits neuronEdits,
            Rule rule, float[] dNeuron, float[] dGate, float[] dUp) {
        UnaryFunction value = UnaryFunction.value(activation);
        Rule.Coefficients known = rule.coefficients().orElse(null);
        UnaryFunction factor = known == null ? null : UnaryFunction.factor(activation, known.activationRatio());
        tasks.rows(segments.rows(), width, (from, to) -> {
            float[] scratch = buffers.take(UnaryFunction.SCRATCH);
            float[] rows = buffers.take((known == null ? 6 : 4) * width);
            int act = 0;
            int f = width;
            int neuron = 2 * width;
            int n = 3 * width;
            for (int t = from; t < to; t++) {
                int at = t * width;
                UnitEdits.Edit actEdit = RowEdits.of(actEdits, segments, t);
                UnitEdits.Edit neuronEdit = RowEdits.of(neuronEdits, segments, t);
                if (known != null)
                    factor.apply(gate, at, rows, f, width, scratch);
                if (known != null && known.activationRatio())
                    RowArithmetic.multiply(gate, at, 1, rows, f, rows, act, width);
                else
                    value.apply(gate, at, rows, act, width, scratch);
                if (known == null)
                    RuleRows.activation(rule, activation, gate, at, rows, act, 4 * width, rows, f, width, scratch);
                RowEdits.apply(rows, act, width, actEdit);
                System.arraycopy(dNeuron, at, rows, n, width);
                if (neuronEdit != null) {
                    RowArithmetic.multiply(rows, act, 1, up, at, rows, neuron, width);
                    RowEdits.apply(rows, neuron, width, neuronEdit);
                    RowEdits.backward(rows, n, rows, neuron, width, neuronEdit);
                }
                if (known == null) {
                    RuleRows.product(rule, rows, n, act, up, dGate, dUp, at, width);
                } else {
                    RowArithmetic.multiply(rows, n, known.gateShare(), up, at, dGate, at, width);
                    RowArithmetic.multiply(rows, n, known.upShare(), rows, act, dUp, at, width);
                }
                RowEdits.backward(dGate, at, rows, act, width, actEdit);
                RowArithmetic.multiply(dGate, at, 1, rows, f, dGate, at, width);
            }
            buffers.give(scratch);
            buffers.give(rows);
        });
    }
}
