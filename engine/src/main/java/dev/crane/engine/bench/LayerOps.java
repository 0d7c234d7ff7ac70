package dev.crane.engine.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

import dev.crane.engine.backend.Activation;
import dev.crane.engine.backend.AttentionShape;
import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.backend.KeyRanges;
import dev.crane.engine.backend.Tensor;
import dev.crane.engine.backend.UnitEdits;
import dev.crane.engine.backend.Weight;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.tensor.DType;

/** The ops of a layer, each in the ways that are computed differently. */
public final class LayerOps {
    /** Rows of logits at a time: about what a pass takes. */
    private static final int LOGIT_ROWS = 64;
    private static final float EPSILON = 1e-5f;

    private final LayerShape shape;
    private final List<OpVariant> variants = new ArrayList<>();

    private LayerOps(LayerShape shape) {
        this.shape = shape;
    }

    /** All variants on the shapes of a layer. */
    public static List<OpVariant> of(LayerShape shape) {
        LayerOps ops = new LayerOps(shape);
        ops.products();
        ops.rows();
        ops.norms();
        ops.attention();
        ops.activations();
        ops.targets();
        ops.reductions();
        return List.copyOf(ops.variants);
    }

    private void add(String op, String name, OpVariant.Preparation preparation) {
        variants.add(new OpVariant(op, name, preparation));
    }

    private void products() {
        for (DType dtype : List.of(DType.BF16, DType.F16, DType.F32))
            product("mlp.up", dtype, shape.intermediate(), shape.hidden());
        product("mlp.down", DType.BF16, shape.hidden(), shape.intermediate());
        product("attn.q", DType.BF16, shape.heads() * shape.headDim(), shape.hidden());
        product("attn.k", DType.BF16, shape.kvHeads() * shape.headDim(), shape.hidden());
        add("linear", "mlp.up bf16, bias", in -> {
            Weight w = in.matrix("w", DType.BF16, shape.intermediate(), shape.hidden());
            Weight bias = in.vector("bias", shape.intermediate());
            Tensor x = in.tensor("x", shape.hidden());
            Tensor z = in.output("z", shape.intermediate());
            return () -> in.backend().linear(w, bias, x, z);
        });
        for (Rule rule : Rule.BUILT_IN)
            if (rule.linearChanges())
                add("linearRule", rule.name(), in -> {
                    Tensor z = in.tensor("z", shape.intermediate());
                    Tensor gradient = in.changed("gradient", shape.intermediate());
                    return () -> in.backend().linearRule(z, rule, gradient);
                });
        gamma();
    }

    /** What LRP-γ adds to the products of mlp.up. */
    private void gamma() {
        add("linearMagnitudes", "mlp.up bf16", in -> {
            Weight w = in.matrix("w", DType.BF16, shape.intermediate(), shape.hidden());
            Tensor x = in.tensor("x", shape.hidden());
            Tensor z = in.output("z", shape.intermediate());
            return () -> in.backend().linearMagnitudes(w, x, z);
        });
        add("linearMagnitudesBackward", "mlp.up bf16", in -> {
            Weight w = in.matrix("w", DType.BF16, shape.intermediate(), shape.hidden());
            Tensor x = in.tensor("x", shape.hidden());
            Tensor dz = in.tensor("dz", shape.intermediate());
            Tensor dx = in.changed("dx", shape.hidden());
            return () -> in.backend().linearMagnitudesBackward(w, x, dz, dx);
        });
        add("gammaRule", "", in -> {
            Tensor z = in.tensor("z", shape.intermediate());
            Tensor gradient = in.changed("gradient", shape.intermediate());
            Tensor magnitudes = in.changed("magnitudes", shape.intermediate());
            return () -> in.backend().gammaRule(z, null, 0.25f, gradient, magnitudes);
        });
    }

    private void product(String site, DType dtype, int out, int width) {
        String name = site + " " + dtype.name().toLowerCase(Locale.ROOT);
        add("linear", name, in -> {
            Weight w = in.matrix("w", dtype, out, width);
            Tensor x = in.tensor("x", width);
            Tensor z = in.output("z", out);
            return () -> in.backend().linear(w, null, x, z);
        });
        for (boolean accumulate : new boolean[]{false, true})
            add("linearBackwardInput", name + (accumulate ? ", added" : ""), in -> {
                Weight w = in.matrix("w", dtype, out, width);
                Tensor dz = in.tensor("dz", out);
                Tensor dx = accumulate ? in.changed("dx", width) : in.output("dx", width);
                return () -> in.backend().linearBackwardInput(w, dz, dx, accumulate);
            });
    }

    private void rows() {
        add("embed", "bf16", in -> {
            Weight table = in.matrix("table", DType.BF16, shape.vocabulary(), shape.hidden());
            int[] ids = in.indices("ids", in.tokens(), shape.vocabulary());
            Tensor out = in.output("out", shape.hidden());
            return () -> in.backend().embed(table, ids, 1, out);
        });
        add("copyRows", "", in -> {
            Tensor x = in.tensor("x", shape.hidden());
            Tensor out = in.changed("out", shape.hidden());
            return () -> in.backend().copyRows(x, 0, out, 0, in.tokens());
        });
        add("gatherRows", "", in -> {
            Tensor x = in.tensor("x", shape.hidden());
            int[] rows = in.indices("rows", in.tokens(), in.tokens());
            Tensor out = in.output("out", shape.hidden());
            return () -> in.backend().gatherRows(x, rows, out);
        });
        add("add", "", in -> {
            Tensor x = in.changed("x", shape.hidden());
            Tensor delta = in.tensor("delta", shape.hidden());
            return () -> in.backend().add(x, delta);
        });
        add("fill", "", in -> {
            Tensor x = in.changed("x", shape.hidden());
            return () -> in.backend().fill(x, 0.5f);
        });
        add("firstNonFinite", "", in -> {
            Tensor x = in.tensor("x", shape.hidden());
            float[] row = new float[1];
            in.result("row", row::clone);
            return () -> row[0] = in.backend().firstNonFinite(x);
        });
        add("edit", "", in -> {
            Tensor x = in.changed("x", shape.intermediate());
            UnitEdits edits = edits(in);
            return () -> in.backend().edit(x, in.segments(), edits);
        });
        add("editBackward", "", in -> {
            Tensor gradient = in.changed("gradient", shape.intermediate());
            Tensor edited = in.tensor("edited", shape.intermediate());
            UnitEdits edits = edits(in);
            return () -> in.backend().editBackward(gradient, edited, in.segments(), edits);
        });
    }

    /** Every tenth unit zeroed, in all sequences: a mask. */
    private UnitEdits edits(OpInputs in) {
        int width = shape.intermediate();
        float[] scale = new float[width];
        float[] low = new float[width];
        float[] high = new float[width];
        Arrays.fill(low, Float.NEGATIVE_INFINITY);
        Arrays.fill(high, Float.POSITIVE_INFINITY);
        for (int i = 0; i < width; i++)
            scale[i] = i % 10 == 0 ? 0 : 1;
        return new UnitEdits(List.of(new UnitEdits.Edit(scale, new float[width], low, high)), new int[in.segments().count()]);
    }

    private void norms() {
        int width = shape.hidden();
        for (boolean residual : new boolean[]{false, true}) {
            add("rmsNorm", residual ? "residual" : "", in -> {
                Tensor x = in.changed("x", width);
                Tensor delta = residual ? in.tensor("delta", width) : null;
                Weight w = in.vector("w", width);
                Tensor y = in.output("y", width);
                Tensor inverse = in.output("inverse", 1);
                return () -> in.backend().rmsNorm(x, delta, w, 0, EPSILON, y, inverse);
            });
            add("layerNorm", residual ? "residual" : "", in -> {
                Tensor x = in.changed("x", width);
                Tensor delta = residual ? in.tensor("delta", width) : null;
                Weight w = in.vector("w", width);
                Weight bias = in.vector("bias", width);
                Tensor y = in.output("y", width);
                Tensor inverse = in.output("inverse", 1);
                return () -> in.backend().layerNorm(x, delta, w, bias, EPSILON, y, inverse);
            });
        }
        for (Rule rule : Rule.BUILT_IN) {
            add("rmsNormBackward", rule.name(), in -> {
                Tensor x = in.tensor("x", width);
                Weight w = in.vector("w", width);
                Tensor inverse = in.tensor("inverse", 1);
                Tensor dy = in.tensor("dy", width);
                Tensor dx = in.changed("dx", width);
                return () -> in.backend().rmsNormBackward(x, w, 0, inverse, dy, rule, dx);
            });
            add("layerNormBackward", rule.name(), in -> {
                Tensor x = in.tensor("x", width);
                Weight w = in.vector("w", width);
                Tensor inverse = in.tensor("inverse", 1);
                Tensor dy = in.tensor("dy", width);
                Tensor dx = in.changed("dx", width);
                return () -> in.backend().layerNormBackward(x, w, inverse, dy, rule, dx);
            });
        }
    }

    /** Queries, keys, values and what attention made of them. */
    private final class Heads {
        private final OpInputs in;
        private final AttentionShape attention;
        private final Tensor q;
        private final Tensor k;
        private final Tensor v;
        private final Tensor out;
        private final Tensor logSumExp;

        Heads(OpInputs in, float softcap, int window) {
            this.in = in;
            attention = new AttentionShape(shape.heads(), shape.kvHeads(), shape.headDim(), (float) (1 / Math.sqrt(shape.headDim())),
                    softcap,
                    window);
            q = in.tensor("q", shape.heads() * shape.headDim());
            k = in.tensor("k", shape.kvHeads() * shape.headDim());
            v = in.tensor("v", shape.kvHeads() * shape.headDim());
            out = in.output("out", shape.heads() * shape.headDim());
            logSumExp = in.output("logSumExp", shape.heads());
        }

        Heads forward() {
            in.backend().attention(q, k, v, attention, in.segments(), KeyRanges.same(in.segments()), out, logSumExp);
            return this;
        }
    }

    private void attention() {
        int width = shape.heads() * shape.headDim();
        int kvWidth = shape.kvHeads() * shape.headDim();
        for (boolean inverse : new boolean[]{false, true})
            add("rope", inverse ? "inverse" : "", in -> {
                Tensor x = in.changed("x", width);
                Tensor cos = angles(in, true);
                Tensor sin = angles(in, false);
                int[] positions = in.positions();
                return () -> in.backend().rope(x, shape.headDim(), positions, cos, sin, inverse);
            });
        add("attention", "", in -> new Heads(in, 0, 0)::forward);
        add("attention", "window 64", in -> new Heads(in, 0, 64)::forward);
        add("attention", "softcap 50", in -> new Heads(in, 50, 0)::forward);
        for (Rule rule : Rule.BUILT_IN)
            add("attentionBackward", rule.name(), in -> {
                Heads heads = new Heads(in, 0, 0).forward();
                Tensor dOut = in.tensor("dOut", width);
                Tensor dq = in.output("dq", width);
                Tensor dk = in.output("dk", kvWidth);
                Tensor dv = in.output("dv", kvWidth);
                return () -> in.backend().attentionBackward(heads.q, heads.k, heads.v, heads.out, heads.logSumExp, dOut, heads.attention,
                        in.segments(), rule, dq, dk, dv);
            });
        add("attentionProbabilities", "", in -> {
            Heads heads = new Heads(in, 0, 0).forward();
            int length = in.segments().length(0);
            Tensor probabilities = in.output("probabilities", shape.heads() * length, length);
            return () -> in.backend().attentionProbabilities(heads.q, heads.k, heads.logSumExp, heads.attention, in.segments(), 0,
                    probabilities);
        });
    }

    private Tensor angles(OpInputs in, boolean cosine) {
        int pairs = shape.headDim() / 2;
        float[] values = new float[in.longest() * pairs];
        for (int p = 0; p < in.longest(); p++)
            for (int i = 0; i < pairs; i++) {
                double angle = p * Math.pow(10_000, -(double) i / pairs);
                values[p * pairs + i] = (float) (cosine ? Math.cos(angle) : Math.sin(angle));
            }
        return in.given(values, in.longest(), pairs);
    }

    private void activations() {
        int width = shape.intermediate();
        for (Activation activation : Activation.values()) {
            String name = activation.name().toLowerCase(Locale.ROOT).replace('_', '-');
            add("activation", name, in -> {
                Tensor x = in.tensor("x", width);
                Tensor act = in.output("act", width);
                return () -> in.backend().activation(x, activation, in.segments(), null, act);
            });
            add("gatedActivation", name, in -> {
                Tensor gate = in.tensor("gate", width);
                Tensor up = in.tensor("up", width);
                Tensor neuron = in.output("neuron", width);
                return () -> in.backend().gatedActivation(gate, up, activation, in.segments(), null, null, null, neuron);
            });
        }
        add("gatedActivation", "silu, masked", in -> {
            Tensor gate = in.tensor("gate", width);
            Tensor up = in.tensor("up", width);
            Tensor neuron = in.output("neuron", width);
            UnitEdits edits = edits(in);
            return () -> in.backend().gatedActivation(gate, up, Activation.SILU, in.segments(), null, edits, null, neuron);
        });
        for (Rule rule : Rule.BUILT_IN) {
            add("activationBackward", "gelu, " + rule.name(), in -> {
                Tensor x = in.tensor("x", width);
                Tensor dAct = in.tensor("dAct", width);
                Tensor dx = in.output("dx", width);
                return () -> in.backend().activationBackward(x, Activation.GELU, in.segments(), null, rule, dAct, dx);
            });
            add("gatedActivationBackward", "silu, " + rule.name(), in -> {
                Tensor gate = in.tensor("gate", width);
                Tensor up = in.tensor("up", width);
                Tensor dNeuron = in.tensor("dNeuron", width);
                Tensor dGate = in.output("dGate", width);
                Tensor dUp = in.output("dUp", width);
                return () -> in.backend().gatedActivationBackward(gate, up, Activation.SILU, in.segments(), null, null, rule, dNeuron,
                        dGate,
                        dUp);
            });
        }
    }

    private void targets() {
        add("targetLogits", "", in -> {
            Weight head = in.matrix("head", DType.BF16, shape.vocabulary(), shape.hidden());
            Tensor h = in.tensor("h", shape.hidden());
            int[] rows = in.indices("rows", in.tokens(), in.tokens());
            int[] tokens = in.indices("tokens", in.tokens(), shape.vocabulary());
            float[][] logits = new float[1][];
            in.result("logits", () -> logits[0]);
            return () -> logits[0] = in.backend().targetLogits(head, h, rows, tokens);
        });
        add("targetLogitsBackward", "", in -> {
            Weight head = in.matrix("head", DType.BF16, shape.vocabulary(), shape.hidden());
            int[] rows = in.indices("rows", in.tokens(), in.tokens());
            Arrays.sort(rows);
            int[] tokens = in.indices("tokens", in.tokens(), shape.vocabulary());
            float[] coefficients = new float[in.tokens()];
            Arrays.fill(coefficients, 0.25f);
            Tensor dh = in.output("dh", shape.hidden());
            return () -> in.backend().targetLogitsBackward(head, rows, tokens, coefficients, dh);
        });
        add("tokenLogprobs", LOGIT_ROWS + " rows", in -> {
            Tensor logits = in.tensor("logits", LOGIT_ROWS, shape.vocabulary());
            int[] tokens = in.indices("tokens", LOGIT_ROWS, shape.vocabulary());
            float[] logprobs = new float[LOGIT_ROWS];
            in.result("logprobs", logprobs::clone);
            return () -> in.backend().tokenLogprobs(logits, tokens, logprobs, new int[LOGIT_ROWS]);
        });
        add("logprobBackward", LOGIT_ROWS + " rows", in -> {
            Tensor logits = in.tensor("logits", LOGIT_ROWS, shape.vocabulary());
            in.result("logits", () -> in.backend().download(logits));
            int[] tokens = in.indices("tokens", LOGIT_ROWS, shape.vocabulary());
            float[] coefficients = new float[LOGIT_ROWS];
            Arrays.fill(coefficients, 1);
            return () -> in.backend().logprobBackward(logits, tokens, coefficients);
        });
        add("softcap", LOGIT_ROWS + " rows", in -> {
            Tensor logits = in.tensor("logits", LOGIT_ROWS, shape.vocabulary());
            in.result("logits", () -> in.backend().download(logits));
            return () -> in.backend().softcap(logits, 1.5f);
        });
    }

    private void reductions() {
        int width = shape.intermediate();
        add("segmentDot", "", in -> {
            Tensor z = in.tensor("z", width);
            Tensor delta = in.tensor("delta", width);
            Tensor out = in.output("out", in.segments().count(), width);
            return () -> in.backend().segmentDot(z, delta, in.segments(), out);
        });
        add("segmentWeightedSum", "", in -> {
            Tensor s = in.tensor("s", 1);
            Tensor delta = in.tensor("delta", width);
            Tensor out = in.output("out", in.segments().count(), width);
            return () -> in.backend().segmentWeightedSum(s, delta, in.segments(), out);
        });
        for (Reduction reduction : Reduction.values())
            add("segmentReduce", reduction.name().toLowerCase(Locale.ROOT).replace('_', '-'), in -> {
                Tensor x = in.tensor("x", width);
                Tensor out = in.output("out", in.segments().count(), width);
                return () -> in.backend().segmentReduce(x, in.segments(), reduction, out);
            });
        add("rowSums", "", in -> {
            Tensor x = in.tensor("x", width);
            Tensor out = in.output("out", 1);
            return () -> in.backend().rowSums(x, out);
        });
        add("rowDots", "", in -> {
            Tensor x = in.tensor("x", width);
            Tensor y = in.tensor("y", width);
            Tensor out = in.output("out", 1);
            return () -> in.backend().rowDots(x, y, out);
        });
    }
}
