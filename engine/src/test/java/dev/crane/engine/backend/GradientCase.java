package dev.crane.engine.backend;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import dev.crane.engine.backend.OpCase.Body;
import dev.crane.engine.backend.OpCase.Rows;
import dev.crane.engine.backend.OpCase.Run;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.tensor.DType;

/**
 * An op and its backward under the plain gradient.
 *
 * @param name what it is
 * @param lengths tokens of each sequence
 * @param forward calls the op
 * @param output the name of the forward's output
 * @param backward calls the backward with {@code upstream} as the gradient of that output
 * @param gradients for each input the name of its gradient
 */
record GradientCase(String name, int[] lengths, Body forward, String output, Body backward, Map<String, String> gradients) {

    @Override
    public String toString() {
        return name;
    }

    static Stream<GradientCase> all() {
        List<GradientCase> cases = new ArrayList<>();
        int[] lengths = {3, 1, 4};
        cases.add(new GradientCase("linear", lengths,
                run -> run.backend().linear(weight(run, 11, 7), vector(run, 11), run.input("x", 7), run.output("z", 11)), "z",
                run -> run.backend().linearBackwardInput(weight(run, 11, 7), run.input("upstream", 11), run.output("dx", 7), false),
                Map.of("x", "dx")));
        for (float weightOffset : new float[]{0, 1})
            cases.add(new GradientCase("rmsNorm, weight offset " + weightOffset, lengths,
                    run -> run.backend().rmsNorm(run.inPlace("x", 20), null, vector(run, 20), weightOffset, 1e-5f, run.output("y", 20),
                            run.output("inverse", 1)),
                    "y",
                    run -> run.backend().rmsNormBackward(run.input("x", 20), vector(run, 20), weightOffset,
                            run.constant(OpCases.inverses(run, 20), run.tokens(), 1), run.input("upstream", 20), Rule.GRADIENT,
                            run.zeros("dx", 20)),
                    Map.of("x", "dx")));
        for (boolean bias : new boolean[]{false, true})
            cases.add(new GradientCase("layerNorm" + (bias ? ", bias" : ""), lengths,
                    run -> run.backend().layerNorm(run.inPlace("x", 20), null, vector(run, 20), bias ? vector(run, 20) : null, 1e-5f,
                            run.output("y", 20), run.output("inverse", 1)),
                    "y",
                    run -> run.backend().layerNormBackward(run.input("x", 20), vector(run, 20),
                            run.constant(OpCases.layerInverses(run, 20), run.tokens(), 1), run.input("upstream", 20), Rule.GRADIENT,
                            run.zeros("dx", 20)),
                    Map.of("x", "dx")));
        cases.add(new GradientCase("rope", lengths, run -> rope(run, "x", false), "x", run -> rope(run, "upstream", true),
                Map.of("x", "upstream")));
        for (AttentionCases.Setting setting : AttentionCases.settings())
            if (setting.lengths()[0] < 100)
                cases.add(new GradientCase("attention, " + setting.name(), setting.lengths(), run -> AttentionCases.forward(run, setting),
                        "out", run -> AttentionCases.backward(run, setting, Rule.GRADIENT, "upstream"),
                        Map.of("q", "dq", "k", "dk", "v", "dv")));
        for (Activation activation : Activation.values())
            for (boolean edited : new boolean[]{false, true})
                cases.addAll(List.of(gated(activation, edited), plain(activation, edited)));
        cases.add(new GradientCase("edit", lengths,
                run -> run.backend().edit(run.inPlace("x", 9), run.segments(), OpCases.edits(run, 9, false)), "x", run -> {
                    Tensor edited = run.constant(run.random("x", 9), run.tokens(), 9);
                    run.backend().edit(edited, run.segments(), OpCases.edits(run, 9, false));
                    run.backend().editBackward(run.inPlace("upstream", 9), edited, run.segments(), OpCases.edits(run, 9, false));
                }, Map.of("x", "upstream")));
        cases.add(new GradientCase("targetLogits", lengths,
                run -> run.result("logits", Rows.TOKENS,
                        run.backend().targetLogits(weight(run, 30, 9), run.input("h", 9), rows(run), OpCases.ids(run, 30))),
                "logits", run -> run.backend().targetLogitsBackward(weight(run, 30, 9), rows(run), OpCases.ids(run, 30),
                        run.random("upstream", 1), run.output("dh", 9)),
                Map.of("h", "dh")));
        cases.add(new GradientCase("tokenLogprobs", lengths, run -> {
            float[] logprobs = new float[run.tokens()];
            run.backend().tokenLogprobs(run.input("logits", 21), OpCases.ids(run, 21), logprobs, new int[run.tokens()]);
            run.result("logprobs", Rows.TOKENS, logprobs);
        }, "logprobs", run -> run.backend().logprobBackward(run.inPlace("logits", 21), OpCases.ids(run, 21), run.random("upstream", 1)),
                Map.of("logits", "logits")));
        return cases.stream();
    }

    private static GradientCase gated(Activation activation, boolean edited) {
        int width = 20;
        return new GradientCase("gatedActivation " + activation + (edited ? ", edited" : ""), new int[]{3, 1, 4},
                run -> run.backend().gatedActivation(run.input("gate", width), run.input("up", width), activation, run.segments(),
                        edited ? OpCases.edits(run, width, false) : null, edited ? OpCases.edits(run, width, false) : null, null,
                        run.output("neuron", width)),
                "neuron",
                run -> run.backend().gatedActivationBackward(run.input("gate", width), run.input("up", width), activation, run.segments(),
                        edited ? OpCases.edits(run, width, false) : null, edited ? OpCases.edits(run, width, false) : null, Rule.GRADIENT,
                        run.input("upstream", width), run.output("dGate", width), run.output("dUp", width)),
                Map.of("gate", "dGate", "up", "dUp"));
    }

    private static GradientCase plain(Activation activation, boolean edited) {
        int width = 20;
        return new GradientCase("activation " + activation + (edited ? ", edited" : ""), new int[]{3, 1, 4},
                run -> run.backend().activation(run.input("gate", width), activation, run.segments(),
                        edited ? OpCases.edits(run, width, false) : null, run.output("act", width)),
                "act",
                run -> run.backend().activationBackward(run.input("gate", width), activation, run.segments(),
                        edited ? OpCases.edits(run, width, false) : null, Rule.GRADIENT, run.input("upstream", width),
                        run.output("dx", width)),
                Map.of("gate", "dx"));
    }

    private static void rope(Run run, String name, boolean inverse) {
        float[] cos = new float[8 * 5];
        float[] sin = new float[8 * 5];
        for (int i = 0; i < cos.length; i++) {
            cos[i] = (float) Math.cos(i);
            sin[i] = (float) Math.sin(i);
        }
        run.backend().rope(run.inPlace(name, 24), 12, OpCases.positions(run, 0), run.constant(cos, 8, 5), run.constant(sin, 8, 5), inverse);
    }

    private static Weight weight(Run run, int out, int in) {
        return run.weight("w", DType.F32, out, in);
    }

    private static Weight vector(Run run, int length) {
        return run.weight("vector", DType.F32, length, 0);
    }

    private static int[] rows(Run run) {
        return OpCases.everyRow(run);
    }
}
