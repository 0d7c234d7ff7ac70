package dev.crane.engine.backend.reference;

import dev.crane.engine.backend.Activation;
import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.UnitEdits;
import dev.crane.engine.backend.host.HostTensor;
import dev.crane.engine.relevance.Rule;

/** act = a(x), edited; and the backward. */
final class PlainActivation {
    private PlainActivation() {
    }

    static void forward(HostTensor x, Activation activation, Segments segments, UnitEdits edits, HostTensor act) {
        int width = x.columns();
        for (int t = 0; t < x.rows(); t++) {
            UnitEdits.Edit edit = edits == null ? null : edits.of(segments.of(t));
            for (int u = 0; u < width; u++)
                act.data()[t * width + u] = Edits.value((float) Scalars.value(activation, x.data()[t * width + u]), u, edit);
        }
    }

    static void backward(HostTensor x, Activation activation, Segments segments, UnitEdits edits, Rule rule, HostTensor dAct,
            HostTensor dx) {
        int width = x.columns();
        for (int t = 0; t < x.rows(); t++) {
            UnitEdits.Edit edit = edits == null ? null : edits.of(segments.of(t));
            for (int u = 0; u < width; u++) {
                int i = t * width + u;
                float act = Edits.value((float) Scalars.value(activation, x.data()[i]), u, edit);
                dx.data()[i] = Edits.gradient(dAct.data()[i], act, u, edit) * factor(rule, activation, x.data()[i]);
            }
        }
    }

    /** What the rule takes for a′(x). */
    static float factor(Rule rule, Activation activation, float x) {
        return rule.activation(x, (float) Scalars.value(activation, x), (float) Scalars.ratio(activation, x),
                (float) Scalars.derivative(activation, x));
    }
}
