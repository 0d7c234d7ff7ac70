package dev.crane.kernels;

import java.util.stream.Stream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.cuda.ElementType;

import static dev.crane.cuda.ElementType.BF16;
import static dev.crane.cuda.ElementType.F32;

/** Activations with and without a gate, edited or not, and their backward under each rule. */
class ActivationKernelsTest extends KernelTest {
    static Stream<Arguments> cases() {
        return Stream.of(F32, BF16).flatMap(type -> Stream.of(ActivationKind.values()).flatMap(kind -> Stream.of(1, 37, 64).map(
                width -> Arguments.of(type, kind, width))));
    }

    /** a(x)/x in f64. */
    private static double ratio(ActivationKind kind, double x) {
        return switch (kind) {
            case SILU -> 1 / (1 + Math.exp(-x));
            case GELU -> normal(x);
            case GELU_TANH -> 0.5 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            case RELU -> x > 0 ? 1 : 0;
        };
    }

    /** Φ by its series about 0; the tests' arguments are small. */
    private static double normal(double x) {
        double sum = 0;
        double term = x;
        for (int n = 3; n < 200; n += 2) {
            sum += term;
            term *= x * x / n;
        }
        return 0.5 + Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI) * sum;
    }

    private static double value(ActivationKind kind, double x) {
        return x * ratio(kind, x);
    }

    /** a′(x) by a central difference, whose error is below 10⁻⁹. */
    private static double derivative(ActivationKind kind, double x) {
        if (kind == ActivationKind.RELU)
            return x > 0 ? 1 : 0;
        double h = 1e-5;
        return (value(kind, x + h) - value(kind, x - h)) / (2 * h);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void withoutGate(ElementType type, ActivationKind kind, int width) {
        int rows = 4;
        TestEdits edits = new TestEdits(rows, width);
        float[] x = random("x", rows * width);
        float[] dAct = random("dAct", rows * width);
        for (boolean edited : new boolean[]{false, true}) {
            Edits onDevice = edited ? edits.upload(this, false) : null;
            double[] act = new double[x.length];
            for (int i = 0; i < x.length; i++)
                act[i] = edited ? edits.value(value(kind, x[i]), i / width, i % width, false) : value(kind, x[i]);
            Matrix out = output(type, rows, width);
            new Activation(library).launch(stream, input(type, "x", rows, width), kind, onDevice, out);
            assertClose(act, out, "act");
            for (RuleTwin rule : RuleTwin.ALL) {
                double[] dx = new double[x.length];
                for (int i = 0; i < x.length; i++)
                    dx[i] = (edited ? edits.gradient(dAct[i], act[i], i / width, i % width, false) : dAct[i])
                            * (rule.ratio() ? ratio(kind, x[i]) : derivative(kind, x[i]));
                Matrix gradient = output(type, rows, width);
                new ActivationBackward(library, rule.name()).launch(stream, input(type, "x", rows, width), input(type, "dAct", rows, width),
                        kind,
                        onDevice, gradient);
                assertClose(dx, gradient, "dx, " + rule);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gated(ElementType type, ActivationKind kind, int width) {
        int rows = 4;
        TestEdits edits = new TestEdits(rows, width);
        float[] gate = random("gate", rows * width);
        float[] up = random("up", rows * width);
        float[] dNeuron = random("dNeuron", rows * width);
        for (int which = 0; which < 4; which++) {
            boolean actEdited = which % 2 == 1;
            boolean neuronEdited = which / 2 == 1;
            Edits actEdits = actEdited ? edits.upload(this, false) : null;
            Edits neuronEdits = neuronEdited ? edits.upload(this, true) : null;
            double[] act = new double[gate.length];
            double[] neuron = new double[gate.length];
            for (int i = 0; i < gate.length; i++) {
                act[i] = value(kind, gate[i]);
                if (actEdited)
                    act[i] = edits.value(act[i], i / width, i % width, false);
                neuron[i] = act[i] * up[i];
                if (neuronEdited)
                    neuron[i] = edits.value(neuron[i], i / width, i % width, true);
            }
            Matrix acts = which == 2 ? null : output(type, rows, width);
            Matrix neurons = output(type, rows, width);
            new GatedActivation(library).launch(stream, input(type, "gate", rows, width), input(type, "up", rows, width), kind, actEdits,
                    neuronEdits, acts, neurons);
            if (acts != null)
                assertClose(act, acts, "act");
            assertClose(neuron, neurons, "neuron");
            for (RuleTwin rule : RuleTwin.ALL) {
                double[] dGate = new double[gate.length];
                double[] dUp = new double[gate.length];
                for (int i = 0; i < gate.length; i++) {
                    double n = neuronEdited ? edits.gradient(dNeuron[i], neuron[i], i / width, i % width, true) : dNeuron[i];
                    double dAct = rule.gate() * n * up[i];
                    if (actEdited)
                        dAct = edits.gradient(dAct, act[i], i / width, i % width, false);
                    dGate[i] = dAct * (rule.ratio() ? ratio(kind, gate[i]) : derivative(kind, gate[i]));
                    dUp[i] = rule.up() * n * act[i];
                }
                Matrix dGates = output(type, rows, width);
                Matrix dUps = output(type, rows, width);
                new GatedActivationBackward(library, rule.name()).launch(stream, input(type, "gate", rows, width),
                        input(type, "up", rows, width), kind, actEdits, neuronEdits, input(type, "dNeuron", rows, width), dGates, dUps);
                assertClose(dGate, dGates, "dGate, " + rule);
                assertClose(dUp, dUps, "dUp, " + rule);
            }
        }
    }

    /** Far from 0 nothing overflows on the way, and NaN stays. */
    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16"})
    void extremes(ElementType type) {
        float[] x = {-1000, -100, 0, 100, 1000, Float.NaN, Float.POSITIVE_INFINITY};
        for (ActivationKind kind : ActivationKind.values()) {
            Matrix out = output(type, 1, x.length);
            Matrix in = matrix(type, 1, x.length, x);
            new Activation(library).launch(stream, in, kind, null, out);
            float[] rounded = read(in);
            assertClose(new double[]{0, 0, 0, rounded[3], rounded[4], Double.NaN, Double.POSITIVE_INFINITY}, out, kind.name());
        }
    }
}
