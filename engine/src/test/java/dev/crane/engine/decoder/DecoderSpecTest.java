package dev.crane.engine.decoder;

import java.util.Collections;

import org.junit.jupiter.api.Test;

import dev.crane.engine.backend.Activation;
import dev.crane.engine.hook.Site;

import static org.junit.jupiter.api.Assertions.assertEquals;

class DecoderSpecTest {
    @Test
    void countsUnitsAndWeightsOfLlama2() {
        // Llama-2-7B; the paper counts 835,584 rows of gate, up and down, and 352,256 product neurons.
        DecoderSpec spec = new DecoderSpec("llama", 32000, 4096, 32, 4096, new NormSpec(NormSpec.Kind.RMS, 1e-5f), NormSpec.Placement.PRE,
                new AttentionSpec(32, 32, 128, (float) Math.sqrt(1.0 / 128), 0, false, false, false), Collections.nCopies(32, 0),
                Collections.nCopies(32, new Positions.Rope(10000, 128, new RopeScaling.None())),
                new MlpSpec(11008, Activation.SILU, true, false),
                false, 1, 0, false);
        assertEquals(835_584, 32 * (spec.units(Site.MLP_GATE) + spec.units(Site.MLP_UP) + spec.units(Site.MLP_DOWN)));
        assertEquals(352_256, 32 * spec.units(Site.MLP_NEURON));
        // 6,738,415,616 parameters in all, of which (2 · 32 + 1) · 4096 are norm weights.
        assertEquals(6_738_415_616L - 65L * 4096, spec.linearWeights());
    }
}
