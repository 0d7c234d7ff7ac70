package dev.crane.engine.backend.reference;

import dev.crane.engine.backend.Segments;
import dev.crane.engine.backend.UnitEdits;
import dev.crane.engine.backend.host.HostTensor;

/** x becomes clamp(scale · x + offset, low, high), unit by unit, in the sequences that have an edit. */
final class Edits {
    private Edits() {
    }

    static void apply(HostTensor x, Segments segments, UnitEdits edits) {
        for (int t = 0; t < x.rows(); t++)
            for (int u = 0; u < x.columns(); u++)
                x.data()[t * x.columns() + u] = value(x.data()[t * x.columns() + u], u, edits.of(segments.of(t)));
    }

    static void backward(HostTensor gradient, HostTensor edited, Segments segments, UnitEdits edits) {
        for (int t = 0; t < gradient.rows(); t++)
            for (int u = 0; u < gradient.columns(); u++) {
                int i = t * gradient.columns() + u;
                gradient.data()[i] = gradient(gradient.data()[i], edited.data()[i], u, edits.of(segments.of(t)));
            }
    }

    /** The edited value of unit u; {@code edit} may be null. */
    static float value(float x, int u, UnitEdits.Edit edit) {
        if (edit == null)
            return x;
        return Math.min(Math.max(Math.fma(edit.scale()[u], x, edit.offset()[u]), edit.low()[u]), edit.high()[u]);
    }

    /** The gradient with respect to unit u before the edit. */
    static float gradient(float dEdited, float edited, int u, UnitEdits.Edit edit) {
        if (edit == null)
            return dEdited;
        return edited == edit.low()[u] || edited == edit.high()[u] ? 0 : dEdited * edit.scale()[u];
    }
}
