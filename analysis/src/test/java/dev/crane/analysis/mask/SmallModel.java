package dev.crane.analysis.mask;

import java.util.List;

import dev.crane.engine.backend.Activation;
import dev.crane.engine.decoder.AttentionSpec;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.MlpSpec;
import dev.crane.engine.decoder.NormSpec;
import dev.crane.engine.decoder.Positions;
import dev.crane.engine.decoder.RopeScaling;

/** The layout of a model small enough to write masks for by hand: 2 layers, hidden width 4, 6 neurons. */
final class SmallModel {
    private static final Positions ROPE = new Positions.Rope(10_000, 2, new RopeScaling.None());
    static final DecoderSpec SPEC = new DecoderSpec("llama", 10, 4, 2, 16, new NormSpec(NormSpec.Kind.RMS, 1e-5f), NormSpec.Placement.PRE,
            new AttentionSpec(2, 1, 2, 0.7f, 0, false, false, false), List.of(0, 0), List.of(ROPE, ROPE),
            new MlpSpec(6, Activation.SILU, true, false), false, 1, 0, true);

    private SmallModel() {
    }
}
