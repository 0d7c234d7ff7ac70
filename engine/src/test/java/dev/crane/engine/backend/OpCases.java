package dev.crane.engine.backend;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.backend.OpCase.Rows;
import dev.crane.engine.backend.OpCase.Run;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.tensor.DType;

/** Every op but attention on odd shapes: one token, one unit, widths around and away from vector lengths, sequences of different lengths. */
final class OpCases {
    static final int[] ONE = {1};
    static final int[] THREE = {3, 1, 7};
    private static final List<DType> DTYPES = List.of(DType.F32, DType.F16, DType.BF16);

    /** The rules of this build that differ in these ops, and one whose functions are a user's own. */
    static final List<Rule> RULES = List.of(Rule.ATTNLRP, Rule.CP_LRP, Rule.GRADIENT, MixedRule.RULE);

    private OpCases() {
    }

    static Stream<OpCase> all() {
        return Stream
                .of(rows(), linear(), linearRule(), gamma(), norm(), layerNorm(), rotation(), activation(), gated(), targets(),
                        reductions(),
                        AttentionCases.all())
                .flatMap(List::stream);
    }

    /** Token ids below {@code vocabulary}, the same for a sequence alone and in a batch. */
    static int[] ids(Run run, int vocabulary) {
        float[] random = run.random("ids", 1);
        int[] ids = new int[random.length];
        for (int t = 0; t < ids.length; t++)
            ids[t] = Float.isFinite(random[t]) ? Math.floorMod((int) (random[t] * 1024), vocabulary) : 0;
        return ids;
    }

    static int[] positions(Run run, int first) {
        int[] positions = new int[run.tokens()];
        for (int b = 0; b < run.segments().count(); b++)
            for (int t = 0; t < run.segments().length(b); t++)
                positions[run.segments().start(b) + t] = first + t;
        return positions;
    }

    /**
     * Edits of every second sequence: unit 0 zeroed, unit 1 scaled and shifted, unit 2 held at a bound, unit 3 clamped into its middle, others as they
     * were.
     */
    static UnitEdits edits(Run run, int width, boolean clamp) {
        float[] scale = new float[width];
        float[] offset = new float[width];
        float[] low = new float[width];
        float[] high = new float[width];
        Arrays.fill(scale, 1);
        Arrays.fill(low, Float.NEGATIVE_INFINITY);
        Arrays.fill(high, Float.POSITIVE_INFINITY);
        scale[0] = 0;
        if (width > 3) {
            scale[1] = -1.5f;
            offset[1] = 0.25f;
            low[2] = 1000;
            if (clamp) {
                low[3] = -0.5f;
                high[3] = 0.5f;
            }
        }
        int[] ofSequence = new int[run.segments().count()];
        for (int b = 0; b < ofSequence.length; b++)
            ofSequence[b] = run.sequence(b) % 2 == 0 ? 0 : -1;
        return new UnitEdits(List.of(new UnitEdits.Edit(scale, offset, low, high)), ofSequence);
    }

    private static List<OpCase> rows() {
        List<OpCase> cases = new ArrayList<>();
        for (DType dtype : DTYPES)
            cases.add(new OpCase("embed " + dtype, THREE, run -> run.backend().embed(run.weight("table", dtype, 50, 37), ids(run, 50), 1.7f,
                    run.output("out", 37))));
        for (int width : new int[]{1, 16, 37, 1000}) {
            cases.add(new OpCase("add " + width, THREE, run -> run.backend().add(run.inPlace("x", width), run.input("delta", width))));
            cases.add(new OpCase("edit " + width, THREE,
                    run -> run.backend().edit(run.inPlace("x", width), run.segments(), edits(run, width, true))));
            cases.add(new OpCase("editBackward " + width, THREE, run -> {
                UnitEdits edits = edits(run, width, true);
                Tensor edited = run.constant(run.random("x", width), run.tokens(), width);
                run.backend().edit(edited, run.segments(), edits);
                run.backend().editBackward(run.inPlace("gradient", width), edited, run.segments(), edits);
            }));
            cases.add(new OpCase("softcap " + width, THREE, run -> run.backend().softcap(run.inPlace("x", width), 1.5f)));
        }
        cases.add(new OpCase("copyRows", new int[]{4}, run -> {
            Tensor target = run.inPlace("target", 5);
            run.backend().copyRows(run.input("source", 5), 1, target, 2, 2);
        }));
        cases.add(new OpCase("gatherRows", new int[]{4}, run -> run.backend().gatherRows(run.input("x", 5), new int[]{3, 0, 3},
                run.output("out", Rows.OTHER, 3, 5))));
        cases.add(new OpCase("fill", THREE, run -> run.backend().fill(run.inPlace("x", 21), 2.5f)));
        return cases;
    }

    private static List<OpCase> linear() {
        List<OpCase> cases = new ArrayList<>();
        for (DType dtype : DTYPES)
            for (int[] shape : new int[][]{{1, 1, 1}, {7, 33, 5}, {40, 20, 64}, {130, 96, 300}}) {
                int[] lengths = {shape[0], 3};
                int out = shape[1];
                int in = shape[2];
                String name = " " + dtype + " [" + out + ", " + in + "] " + shape[0];
                cases.add(new OpCase("linear" + name, lengths,
                        run -> run.backend().linear(run.weight("w", dtype, out, in), null, run.input("x", in), run.output("z", out))));
                cases.add(new OpCase("linear, bias" + name, lengths, run -> run.backend().linear(run.weight("w", dtype, out, in),
                        run.weight("bias", dtype, out, 0), run.input("x", in), run.output("z", out))));
                cases.add(new OpCase("linearBackwardInput" + name, lengths, run -> run.backend()
                        .linearBackwardInput(run.weight("w", dtype, out, in), run.input("dz", out), run.output("dx", in), false)));
                cases.add(new OpCase("linearBackwardInput, accumulated" + name, lengths, run -> run.backend()
                        .linearBackwardInput(run.weight("w", dtype, out, in), run.input("dz", out), run.inPlace("dx", in), true)));
            }
        return cases;
    }

    private static List<OpCase> norm() {
        List<OpCase> cases = new ArrayList<>();
        for (int width : new int[]{1, 16, 37, 2500}) {
            cases.add(new OpCase("rmsNorm " + width, THREE, run -> run.backend().rmsNorm(run.inPlace("x", width), null,
                    run.weight("w", DType.BF16, width, 0), 0, 1e-5f, run.output("y", width), run.output("inverse", 1))));
            cases.add(new OpCase("rmsNorm, residual, weight offset " + width, THREE,
                    run -> run.backend().rmsNorm(run.inPlace("x", width), run.input("delta", width), run.weight("w", DType.F32, width, 0),
                            1,
                            1e-6f, run.output("y", width), run.output("inverse", 1))));
            for (Rule rule : RULES)
                cases.add(new OpCase("rmsNormBackward, " + rule.name() + " " + width, THREE, run -> {
                    Tensor inverse = run.constant(inverses(run, width), run.tokens(), 1);
                    run.backend().rmsNormBackward(run.input("x", width), run.weight("w", DType.F16, width, 0), 1, inverse,
                            run.input("dy", width), rule, run.inPlace("dx", width));
                }));
        }
        cases.add(
                new OpCase("rmsNormBackward without x", ONE, run -> run.backend().rmsNormBackward(null, run.weight("w", DType.F32, 8, 0), 0,
                        run.input("inverse", 1), run.input("dy", 8), Rule.ATTNLRP, run.inPlace("dx", 8))));
        return cases;
    }

    private static List<OpCase> linearRule() {
        return Stream.of(1, 16, 37).map(width -> new OpCase("linearRule " + width, THREE,
                run -> run.backend().linearRule(run.input("z", width), MixedRule.RULE, run.inPlace("gradient", width)))).toList();
    }

    private static List<OpCase> gamma() {
        List<OpCase> cases = new ArrayList<>();
        for (DType dtype : DTYPES)
            for (int[] shape : new int[][]{{1, 1, 1}, {7, 33, 5}, {130, 96, 300}}) {
                int[] lengths = {shape[0], 3};
                int out = shape[1];
                int in = shape[2];
                String name = " " + dtype + " [" + out + ", " + in + "] " + shape[0];
                cases.add(new OpCase("linearMagnitudes" + name, lengths,
                        run -> run.backend().linearMagnitudes(run.weight("w", dtype, out, in), run.input("x", in), run.output("z", out))));
                cases.add(new OpCase("linearMagnitudesBackward" + name, lengths,
                        run -> run.backend().linearMagnitudesBackward(run.weight("w", dtype, out, in), run.input("x", in),
                                run.input("dz", out), run.inPlace("dx", in))));
            }
        for (int width : new int[]{1, 16, 37})
            for (boolean bias : new boolean[]{false, true})
                cases.add(new OpCase("gammaRule " + width + (bias ? ", bias" : ""), THREE,
                        run -> run.backend().gammaRule(run.input("z", width), bias ? run.weight("bias", DType.BF16, width, 0) : null,
                                0.25f, run.inPlace("gradient", width), run.inPlace("magnitudes", width))));
        return cases;
    }

    static float[] inverses(Run run, int width) {
        float[] x = run.random("x", width);
        float[] inverses = new float[run.tokens()];
        for (int t = 0; t < inverses.length; t++) {
            double squares = 0;
            for (int i = 0; i < width; i++)
                squares += (double) x[t * width + i] * x[t * width + i];
            inverses[t] = (float) (1 / Math.sqrt(squares / width + 1e-5));
        }
        return inverses;
    }

    private static List<OpCase> layerNorm() {
        List<OpCase> cases = new ArrayList<>();
        for (int width : new int[]{1, 16, 37, 2500}) {
            cases.add(new OpCase("layerNorm " + width, THREE, run -> run.backend().layerNorm(run.inPlace("x", width), null,
                    run.weight("w", DType.BF16, width, 0), run.weight("bias", DType.BF16, width, 0), 1e-5f, run.output("y", width),
                    run.output("inverse", 1))));
            cases.add(new OpCase("layerNorm, residual, no bias " + width, THREE,
                    run -> run.backend().layerNorm(run.inPlace("x", width), run.input("delta", width),
                            run.weight("w", DType.F32, width, 0), null, 1e-3f, run.output("y", width), run.output("inverse", 1))));
            for (Rule rule : RULES)
                cases.add(new OpCase("layerNormBackward, " + rule.name() + " " + width, THREE, run -> {
                    Tensor inverse = run.constant(layerInverses(run, width), run.tokens(), 1);
                    run.backend().layerNormBackward(run.input("x", width), run.weight("w", DType.F16, width, 0), inverse,
                            run.input("dy", width), rule, run.inPlace("dx", width));
                }));
        }
        cases.add(new OpCase("layerNormBackward without x", ONE, run -> run.backend().layerNormBackward(null,
                run.weight("w", DType.F32, 8, 0), run.input("inverse", 1), run.input("dy", 8), Rule.ATTNLRP, run.inPlace("dx", 8))));
        cases.add(new OpCase("rmsNorm of each head", THREE, run -> {
            Backend backend = run.backend();
            Tensor x = backend.reshape(run.inPlace("x", 36), 3 * run.tokens(), 12);
            Tensor y = backend.reshape(run.output("y", 36), 3 * run.tokens(), 12);
            Tensor inverse = backend.reshape(run.output("inverse", 3), 3 * run.tokens(), 1);
            backend.rmsNorm(x, null, run.weight("w", DType.BF16, 12, 0), 1, 1e-6f, y, inverse);
        }));
        return cases;
    }

    static float[] layerInverses(Run run, int width) {
        float[] x = run.random("x", width);
        float[] inverses = new float[run.tokens()];
        for (int t = 0; t < inverses.length; t++) {
            double mean = 0;
            for (int i = 0; i < width; i++)
                mean += (double) x[t * width + i] / width;
            double squares = 0;
            for (int i = 0; i < width; i++)
                squares += (x[t * width + i] - mean) * (x[t * width + i] - mean);
            inverses[t] = (float) (1 / Math.sqrt(squares / width + 1e-5));
        }
        return inverses;
    }

    private static List<OpCase> activation() {
        List<OpCase> cases = new ArrayList<>();
        for (Activation activation : Activation.values())
            for (int width : new int[]{1, 32, 37})
                for (boolean edited : new boolean[]{false, true}) {
                    String name = activation + " " + width + (edited ? ", edited" : "");
                    cases.add(new OpCase("activation " + name, THREE, run -> run.backend().activation(run.input("x", width), activation,
                            run.segments(), edited ? edits(run, width, true) : null, run.output("act", width))));
                    for (Rule rule : RULES)
                        cases.add(new OpCase("activationBackward " + name + ", " + rule.name(), THREE,
                                run -> run.backend().activationBackward(run.input("x", width), activation, run.segments(),
                                        edited ? edits(run, width, true) : null, rule, run.input("dAct", width),
                                        run.output("dx", width))));
                }
        return cases;
    }

    private static List<OpCase> rotation() {
        List<OpCase> cases = new ArrayList<>();
        // heads, head dim, rotated pairs: one pair, all of a head, part of it, around the vector lengths
        for (int[] shape : new int[][]{{1, 2, 1}, {3, 32, 16}, {2, 24, 12}, {2, 80, 20}, {1, 96, 33}})
            for (boolean inverse : new boolean[]{false, true})
                cases.add(new OpCase("rope " + Arrays.toString(shape) + (inverse ? ", inverse" : ""), THREE, run -> {
                    float[] cos = new float[12 * shape[2]];
                    float[] sin = new float[12 * shape[2]];
                    for (int i = 0; i < cos.length; i++) {
                        cos[i] = (float) Math.cos(i);
                        sin[i] = (float) Math.sin(i);
                    }
                    run.backend().rope(run.inPlace("x", shape[0] * shape[1]), shape[1], positions(run, 4), run.constant(cos, 12, shape[2]),
                            run.constant(sin, 12, shape[2]), inverse);
                }));
        return cases;
    }

    private static List<OpCase> gated() {
        List<OpCase> cases = new ArrayList<>();
        for (Activation activation : Activation.values())
            for (int width : new int[]{1, 32, 37})
                for (String edited : new String[]{"", "act", "neuron", "act and neuron"}) {
                    String name = activation + " " + width + (edited.isEmpty() ? "" : ", edited " + edited);
                    boolean act = edited.contains("act");
                    boolean neuron = edited.contains("neuron");
                    for (boolean kept : new boolean[]{true, false})
                        cases.add(new OpCase("gatedActivation " + name + (kept ? "" : ", act not kept"), THREE,
                                run -> run.backend().gatedActivation(run.input("gate", width), run.input("up", width), activation,
                                        run.segments(), act ? edits(run, width, true) : null, neuron ? edits(run, width, true) : null,
                                        kept ? run.output("act", width) : null, run.output("neuron", width))));
                    for (Rule rule : RULES)
                        cases.add(new OpCase("gatedActivationBackward " + name + ", " + rule.name(), THREE,
                                run -> run.backend().gatedActivationBackward(run.input("gate", width), run.input("up", width), activation,
                                        run.segments(), act ? edits(run, width, true) : null, neuron ? edits(run, width, true) : null, rule,
                                        run.input("dNeuron", width), run.output("dGate", width), run.output("dUp", width))));
                }
        return cases;
    }

    private static List<OpCase> targets() {
        List<OpCase> cases = new ArrayList<>();
        for (DType dtype : DTYPES) {
            cases.add(new OpCase("targetLogits " + dtype, THREE, run -> run.result("logits", Rows.TOKENS, run.backend()
                    .targetLogits(run.weight("head", dtype, 50, 37), run.input("h", 37), everyRow(run), ids(run, 50)))));
            cases.add(new OpCase("targetLogitsBackward " + dtype, THREE, run -> {
                int[] rows = new int[2 * run.tokens()]; // each row is a target twice
                int[] tokens = new int[rows.length];
                for (int i = 0; i < rows.length; i++) {
                    rows[i] = i / 2;
                    tokens[i] = (ids(run, 50)[i / 2] + i % 2) % 50;
                }
                float[] coefficients = run.random("coefficients", 2);
                run.backend().targetLogitsBackward(run.weight("head", dtype, 50, 37), rows, tokens, coefficients, run.output("dh", 37));
            }));
        }
        cases.add(new OpCase("targetLogitsBackward without targets", ONE, run -> run.backend()
                .targetLogitsBackward(run.weight("head", DType.F32, 5, 9), new int[0], new int[0], new float[0], run.output("dh", 9))));
        for (int v : new int[]{1, 16, 50, 3001}) {
            cases.add(new OpCase("tokenLogprobs " + v, THREE, run -> {
                float[] logprobs = new float[run.tokens()];
                int[] greedy = new int[run.tokens()];
                run.backend().tokenLogprobs(run.input("logits", v), ids(run, v), logprobs, greedy);
                run.result("logprobs", Rows.TOKENS, logprobs);
                float[] indices = new float[greedy.length];
                for (int t = 0; t < greedy.length; t++)
                    indices[t] = greedy[t];
                run.result("greedy", Rows.TOKENS, indices);
            }));
            cases.add(new OpCase("logprobBackward " + v, THREE,
                    run -> run.backend().logprobBackward(run.inPlace("logits", v), ids(run, v), run.random("coefficients", 1))));
        }
        return cases;
    }

    static int[] everyRow(Run run) {
        int[] rows = new int[run.tokens()];
        Arrays.setAll(rows, t -> t);
        return rows;
    }

    private static List<OpCase> reductions() {
        List<OpCase> cases = new ArrayList<>();
        int[] lengths = {3, 1, 150};
        for (int width : new int[]{1, 16, 37, 2100}) {
            cases.add(new OpCase("segmentDot " + width, lengths, run -> run.backend().segmentDot(run.input("z", width),
                    run.input("delta", width), run.segments(), run.output("out", Rows.SEQUENCES, run.segments().count(), width))));
            cases.add(new OpCase("segmentWeightedSum " + width, lengths, run -> run.backend().segmentWeightedSum(run.input("s", 1),
                    run.input("delta", width), run.segments(), run.output("out", Rows.SEQUENCES, run.segments().count(), width))));
            for (Reduction reduction : Reduction.values())
                cases.add(new OpCase("segmentReduce " + reduction + " " + width, lengths, run -> run.backend().segmentReduce(
                        run.input("x", width), run.segments(), reduction,
                        run.output("out", Rows.SEQUENCES, run.segments().count(), width))));
            cases.add(new OpCase("rowSums " + width, THREE, run -> run.backend().rowSums(run.input("x", width), run.output("out", 1))));
            cases.add(new OpCase("rowDots " + width, THREE,
                    run -> run.backend().rowDots(run.input("x", width), run.input("y", width), run.output("out", 1))));
        }
        return cases;
    }
}
