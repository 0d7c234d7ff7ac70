package dev.crane.analysis.exchange;

import dev.crane.engine.CraneException;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.hook.HookPoint;

/** Names of hook points in other people's files. */
final class Points {
    private Points() {
    }

    /**
     * The hook point of a name.
     *
     * @param where for the message
     */
    static HookPoint parse(String name, String where) {
        return HookPoint.parse(name).orElseThrow(() -> new CraneException(where + ": there is no hook point " + FileErrors.quote(name)
                + "; hook points are named like model.layers.3.mlp.gate_proj (crane inspect --hooks lists them)"));
    }
}
