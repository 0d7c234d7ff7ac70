package dev.crane.engine.backend.reference;

import dev.crane.engine.backend.Activation;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.UnitEdits;
import dev.crane.engine.backend.host.HostTensor;
import dev.crane.engine.relevance.Rule;

/** act = a(gate), neuron = act · up, both edited; and the backward. */
final class GatedActivation {
    private GatedActivation() {
    }

    private static UnitEdits.Edit edit(UnitEdits edits, Segments segments, int t) {
        return edits == null ? null : edits.of(segments.of(t));
    }

    static void forward(HostTensor gate, HostTensor up, Activation activation, Segments segments, UnitEdits actEdits,
            UnitEdits neuronEdits, HostTensor act, HostTensor neuron) {
        int width = gate.columns();
        for (int t = 0; t < gate.rows(); t++)
            for (int u = 0; u < width; u++) {
                int i = t * width + u;
                float a = Edits.value((float) Scalars.value(activation, gate.data()[i]), u, edit(actEdits, segments, t));
                if (act != null)
                    act.data()[i] = a;
                neuron.data()[i] = Edits.value(a * up.data()[i], u, edit(neuronEdits, segments, t));
            }
    }

    static void backward(HostTensor gate, HostTensor up, Activation activation, Segments segments, UnitEdits actEdits,
            UnitEdits neuronEdits, Rule rule, HostTensor dNeuron, HostTensor dGate, HostTensor dUp) {
        int width = gate.columns();
        for (int t = 0; t < gate.rows(); t++) {
            UnitEdits.Edit actEdit = edit(actEdits, segments, t);
            UnitEdits.Edit neuronEdit = edit(neuronEdits, segments, t);
            for (int u = 0; u < width; u++) {
                int i = t * width + u;
                float x = gate.data()[i];
                float act = Edits.value((float) Scalars.value(activation, x), u, actEdit);
                float neuron = Edits.value(act * up.data()[i], u, neuronEdit);
                float n = Edits.gradient(dNeuron.data()[i], neuron, u, neuronEdit);
                float dAct = Edits.gradient(rule.gate(n, act, up.data()[i]), act, u, actEdit);
                dGate.data()[i] = dAct * PlainActivation.factor(rule, activation, x);
                dUp.data()[i] = rule.up(n, act, up.data()[i]);
            }
        }
    }
}
