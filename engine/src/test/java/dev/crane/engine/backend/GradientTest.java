package dev.crane.engine.backend;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.junit.jupiter.api.Assertions.assertTrue;

/** The backward of every op under the plain gradient, on every backend, against finite differences of the scalar reference's forward. */
class GradientTest {
    /** Inputs are multiples of 2⁻¹⁰, so x ± h and x ± 2h are exact. */
    private static final double H = 1.0 / 32;
    /**
     * ‖a − b‖ / ‖b‖. The five-point rule errs by h⁴/30 = 3·10⁻⁸ times the fifth derivative, which stays below 100 here; the rounding of the forward's f32
     * outputs gives 1.5/h · 2⁻²⁵ = 1.4·10⁻⁶ times the root of the number of outputs that an input reaches, at most a few hundred.
     */
    private static final double TOLERANCE = 5e-5;
    private static final int PROBES = 60;

    static Stream<GradientCase> cases() {
        return GradientCase.all();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void backwardIsTheGradient(GradientCase test) {
        OpCase forward = new OpCase(test.name(), test.lengths(), test.forward());
        OpCase backward = new OpCase(test.name(), test.lengths(), test.backward());
        try (TestBackend reference = TestBackend.reference(); TestBackend cpu = TestBackend.cpu(2)) {
            Map<String, float[]> inputs = inputs(test, forward, reference);
            Map<String, OpCase.Output> referenceGradients = backward.run(reference, inputs, false, backward.all());
            Map<String, OpCase.Output> cpuGradients = backward.run(cpu, inputs, false, backward.all());
            test.gradients().forEach((input, gradient) -> {
                float[] x = inputs.get(input);
                Random random = new Random(7);
                int probes = Math.min(PROBES, x.length);
                double[] expected = new double[probes];
                double[] fromReference = new double[probes];
                double[] fromCpu = new double[probes];
                for (int n = 0; n < probes; n++) {
                    int i = probes < PROBES ? n : random.nextInt(x.length);
                    expected[n] = (8
                            * (loss(test, forward, reference, inputs, input, i, H) - loss(test, forward, reference, inputs, input, i, -H))
                            - loss(test, forward, reference, inputs, input, i, 2 * H)
                            + loss(test, forward, reference, inputs, input, i, -2 * H)) / (12 * H);
                    fromReference[n] = referenceGradients.get(gradient).values()[i];
                    fromCpu[n] = cpuGradients.get(gradient).values()[i];
                }
                check("reference: " + gradient, expected, fromReference);
                check("cpu: " + gradient, expected, fromCpu);
            });
        }
    }

    /** Random inputs; those of an activation that has a kink at 0 are moved away from it. */
    private static Map<String, float[]> inputs(GradientCase test, OpCase forward, TestBackend backend) {
        Map<String, float[]> inputs = new HashMap<>();
        OpCase.Run run = new OpCase.Run(forward, backend, forward.all(), Map.of(), false);
        int rows = run.tokens();
        OpCase probe = new OpCase(test.name(), test.lengths(), test.backward());
        Map<String, OpCase.Output> shapes = probe.run(backend, probe.all());
        test.gradients().forEach((input, gradient) -> {
            float[] x = run.random(input, shapes.get(gradient).values().length / rows);
            if (test.name().contains("RELU") && input.equals("gate"))
                for (int i = 0; i < x.length; i++)
                    x[i] += x[i] < 0 ? -0.125f : 0.125f;
            inputs.put(input, x);
        });
        return inputs;
    }

    /** Σ upstream · output with input {@code i} moved by {@code step}. */
    private static double loss(GradientCase test, OpCase forward, TestBackend backend, Map<String, float[]> inputs, String input, int i,
            double step) {
        Map<String, float[]> moved = new HashMap<>(inputs);
        float[] x = inputs.get(input).clone();
        x[i] += (float) step;
        moved.put(input, x);
        OpCase.Output output = forward.run(backend, moved, false, forward.all()).get(test.output());
        float[] upstream = new OpCase.Run(forward, backend, forward.all(), Map.of(), false).random("upstream", output.columns());
        double loss = 0;
        for (int n = 0; n < upstream.length; n++)
            loss += (double) upstream[n] * output.values()[n];
        return loss;
    }

    private static void check(String name, double[] expected, double[] actual) {
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += Math.pow(expected[i] - actual[i], 2);
            norm += Math.pow(expected[i], 2);
        }
        assertTrue(Math.sqrt(difference) <= TOLERANCE * Math.sqrt(norm),
                name + ": normalised error " + Math.sqrt(difference) / Math.sqrt(norm));
    }
}
