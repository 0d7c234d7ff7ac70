package dev.crane.engine.backend;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import dev.crane.engine.backend.OpCase.Output;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.tensor.DType;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

/** What the rules promise of single ops, on every backend: relevance (value × modified gradient) is conserved, or split as the rule says. */
class RuleIdentityTest {
    /** Relative to the sum of the terms' sizes: at most a few thousand f32 products of f32 gradients, each rounded a few times. */
    private static final double TOLERANCE = 1e-6;

    static Stream<TestBackend> backends() {
        return Stream.of(TestBackend.reference(), TestBackend.cpu(2));
    }

    @ParameterizedTest
    @MethodSource("backends")
    void attnlrpGivesGateAndUpTheSameRelevance(TestBackend backend) {
        for (Activation activation : Activation.values()) {
            Map<String, Output> out = gated(backend, activation, Rule.ATTNLRP);
            for (int i = 0; i < out.get("dGate").values().length; i++) {
                double ofGate = value(out, "gate", i) * value(out, "dGate", i);
                double ofUp = value(out, "up", i) * value(out, "dUp", i);
                double ofNeuron = value(out, "neuron", i) * value(out, "dNeuron", i);
                assertEquals(ofGate, ofUp, TOLERANCE * Math.abs(ofGate));
                assertEquals(ofNeuron, ofGate + ofUp, TOLERANCE * Math.abs(ofNeuron));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void cpLrpGivesUpAllOfTheRelevance(TestBackend backend) {
        for (Activation activation : Activation.values()) {
            Map<String, Output> out = gated(backend, activation, Rule.CP_LRP);
            for (int i = 0; i < out.get("dGate").values().length; i++) {
                assertEquals(0, Math.abs(value(out, "dGate", i)));
                double ofNeuron = value(out, "neuron", i) * value(out, "dNeuron", i);
                assertEquals(ofNeuron, value(out, "up", i) * value(out, "dUp", i), TOLERANCE * Math.abs(ofNeuron));
            }
        }
    }

    private static Map<String, Output> gated(TestBackend backend, Activation activation, Rule rule) {
        int width = 37;
        return new OpCase("", OpCases.THREE, run -> {
            Tensor gate = run.inPlace("gate", width);
            Tensor up = run.inPlace("up", width);
            Tensor dNeuron = run.inPlace("dNeuron", width);
            run.backend().gatedActivation(gate, up, activation, run.segments(), null, null, null, run.output("neuron", width));
            run.backend().gatedActivationBackward(gate, up, activation, run.segments(), null, null, rule, dNeuron,
                    run.output("dGate", width),
                    run.output("dUp", width));
        }).run(backend, 0, 1, 2);
    }

    @ParameterizedTest
    @MethodSource("backends")
    void aNormWithConstantDeviationConserves(TestBackend backend) {
        int width = 37;
        for (Rule rule : List.of(Rule.ATTNLRP, Rule.CP_LRP)) {
            Map<String, Output> out = new OpCase("", OpCases.THREE, run -> {
                Weight w = run.weight("w", DType.F32, width, 0);
                Tensor x = run.inPlace("x", width);
                Tensor dy = run.inPlace("dy", width);
                Tensor inverse = run.output("inverse", 1);
                run.backend().rmsNorm(x, null, w, 1, 1e-6f, run.output("y", width), inverse);
                run.backend().rmsNormBackward(null, w, 1, inverse, dy, rule, run.zeros("dx", width));
            }).run(backend, 0, 1, 2);
            for (int i = 0; i < out.get("x").values().length; i++) {
                double ofOutput = value(out, "y", i) * value(out, "dy", i);
                assertEquals(ofOutput, value(out, "x", i) * value(out, "dx", i), TOLERANCE * Math.abs(ofOutput));
            }
        }
    }

    /** With the mean part of the map, and w · 1/σ constants, what goes in is what comes out but for the bias. */
    @ParameterizedTest
    @MethodSource("backends")
    void aLayerNormWithConstantDeviationConserves(TestBackend backend) {
        int width = 37;
        for (Rule rule : List.of(Rule.ATTNLRP, Rule.CP_LRP)) {
            Map<String, Output> out = new OpCase("", OpCases.THREE, run -> {
                Weight w = run.weight("w", DType.F32, width, 0);
                Tensor x = run.inPlace("x", width);
                Tensor dy = run.inPlace("dy", width);
                Tensor inverse = run.output("inverse", 1);
                run.backend().layerNorm(x, null, w, null, 1e-6f, run.output("y", width), inverse);
                run.backend().layerNormBackward(null, w, inverse, dy, rule, run.zeros("dx", width));
            }).run(backend, 0, 1, 2);
            int tokens = out.get("x").values().length / width;
            for (int t = 0; t < tokens; t++) {
                double ofOutput = 0;
                double ofInput = 0;
                double size = 0;
                for (int i = t * width; i < (t + 1) * width; i++) {
                    ofOutput += value(out, "y", i) * value(out, "dy", i);
                    ofInput += value(out, "x", i) * value(out, "dx", i);
                    size += Math.abs(value(out, "y", i) * value(out, "dy", i)) + Math.abs(value(out, "x", i) * value(out, "dx", i));
                }
                assertEquals(ofOutput, ofInput, TOLERANCE * size);
            }
        }
    }

    static Stream<AttentionCases.Setting> settings() {
        return AttentionCases.settings().stream().filter(setting -> setting.lengths()[0] < 100);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("settings")
    void attentionSplitsRelevanceByTheFactors(AttentionCases.Setting setting) {
        backends().forEach(backend -> {
            for (Rule rule : Rule.BUILT_IN) {
                Map<String, Output> out = new OpCase("", setting.lengths(), run -> {
                    AttentionCases.forward(run, setting);
                    AttentionCases.backward(run, setting, rule);
                }).run(backend, 0);
                OpCase.Run inputs = new OpCase.Run(new OpCase("", setting.lengths(), run -> {
                }), backend, new int[]{0}, Map.of(), false);
                double[] ofQuery = relevance(inputs.random("q", setting.width()), out.get("dq").values());
                double[] ofKey = relevance(inputs.random("k", setting.kvWidth()), out.get("dk").values());
                double[] ofValue = relevance(inputs.random("v", setting.kvWidth()), out.get("dv").values());
                double[] ofOutput = relevance(out.get("out").values(), inputs.random("dOut", setting.width()));
                // The output is linear in the values, the scores are in q and in k.
                assertEquals(rule.attentionValue() * ofOutput[0], ofValue[0], TOLERANCE * (ofOutput[1] + ofValue[1]));
                assertEquals(rule.attentionKey() * ofQuery[0], rule.attentionQuery() * ofKey[0], TOLERANCE * (ofQuery[1] + ofKey[1]));
                if (rule.equals(Rule.CP_LRP)) {
                    assertArrayEquals(new float[out.get("dq").values().length], out.get("dq").values());
                    assertArrayEquals(new float[out.get("dk").values().length], out.get("dk").values());
                }
            }
            backend.close();
        });
    }

    /** Σ value · gradient and Σ |value · gradient|. */
    private static double[] relevance(float[] values, float[] gradients) {
        double[] sums = new double[2];
        for (int i = 0; i < values.length; i++) {
            sums[0] += (double) values[i] * gradients[i];
            sums[1] += Math.abs((double) values[i] * gradients[i]);
        }
        return sums;
    }

    private static double value(Map<String, Output> outputs, String name, int i) {
        return outputs.get(name).values()[i];
    }
}
