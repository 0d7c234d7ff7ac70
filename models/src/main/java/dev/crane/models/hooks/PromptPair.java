package dev.crane.models.hooks;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

import dev.crane.engine.CraneException;
import dev.crane.engine.hook.HookPoint;

/**
 * Two prompts of equally many tokens, a clean one and a corrupted one, and how much of the model's answer to the clean one comes back where the values of the
 * clean run stand in the corrupted run. The answer is measured at the last position: the logit of one token, or how far it lies above that of another.
 *
 * <p>Activation patching (Vig et al. 2020, Meng et al. 2022) runs the model once for every place; attribution patching (Nanda 2023; Syed, Rager and Conmy
 * 2023, arXiv:2310.10348) estimates the same for every unit at once, to first order, from one gradient of the corrupted run.
 */
public final class PromptPair {
    private final Model model;
    private final int[] clean;
    private final int[] corrupted;
    private final int token;
    private final int against;

    PromptPair(Model model, int[] clean, int[] corrupted) {
        this(model, clean.clone(), corrupted.clone(), -1, -1);
        if (clean.length != corrupted.length)
            throw new CraneException("the clean prompt has " + clean.length + " tokens and the corrupted one " + corrupted.length
                    + "; patching needs equally many, so that each has its counterpart");
    }

    private PromptPair(Model model, int[] clean, int[] corrupted, int token, int against) {
        this.model = model;
        this.clean = clean;
        this.corrupted = corrupted;
        this.token = token;
        this.against = against;
    }

    /** Measures the logit of a token, by its text. */
    public PromptPair measure(String answer) {
        return measure(model.token(answer), -1);
    }

    /** Measures how far the logit of one token lies above that of another, by their texts. */
    public PromptPair measure(String answer, String other) {
        return measure(model.token(answer), model.token(other));
    }

    /** The same by ids; {@code other} −1 for none. */
    public PromptPair measure(int answer, int other) {
        for (int id : new int[]{answer, Math.max(other, 0)})
            if (id < 0 || id >= model.spec().vocabulary())
                throw new CraneException(
                        "token " + id + " is measured; the model's vocabulary has 0 to " + (model.spec().vocabulary() - 1));
        return new PromptPair(model, clean, corrupted, answer, other);
    }

    /** What is measured in the clean run. */
    public float clean() {
        return measured(model.on(clean).lastLogits().run().get("logits"));
    }

    /** What is measured in the corrupted run. */
    public float corrupted() {
        return measured(model.on(corrupted).lastLogits().run().get("logits"));
    }

    /**
     * Activation patching: for each hook point and each position what is measured in the corrupted run when the values there, of all units, are the clean
     * run's. All places run in one batch, cut as memory allows.
     *
     * @param points names of hook points, such as {@code resid.pre}
     * @return {@code NAME.patched} [T] for each hook point
     */
    public NamedArrays patch(String... points) {
        requireMeasure();
        List<HookPoint> all = IntStream.range(0, points.length).boxed().flatMap(i -> model.points().of(points[i]).stream()).distinct()
                .toList();
        List<List<Change>> places = new ArrayList<>();
        for (HookPoint point : all) {
            FloatArray values = model.on(clean).capture(point.path()).run().get(point.path());
            for (int position = 0; position < clean.length; position++)
                places.add(List.of(Change.set(point.path(), values).at(position)));
        }
        float[] measured = new float[places.size()];
        model.on(corrupted).lastLogits().underEach(places).forEach((i, arrays) -> measured[i] = measured(arrays.get("logits")));
        List<FloatArray> result = new ArrayList<>();
        for (int p = 0; p < all.size(); p++) {
            float[] own = new float[clean.length];
            System.arraycopy(measured, p * clean.length, own, 0, own.length);
            result.add(FloatArray.of(all.get(p).path() + ".patched", own, own.length));
        }
        return new NamedArrays(result, name -> name);
    }

    /**
     * Attribution patching: for each hook point, position and unit the first-order estimate of how much more is measured in the corrupted run when the value
     * there is the clean run's: gradient in the corrupted run × (clean − corrupted value).
     *
     * @param points names of hook points, such as {@code mlp.neuron}
     * @return {@code NAME.attribution} [T, width] for each hook point
     */
    public NamedArrays attribute(String... points) {
        requireMeasure();
        String target = "logit:-1:" + token + (against < 0 ? "" : ":" + against);
        NamedArrays there = model.on(clean).capture(points).run().of(0);
        NamedArrays here = model.on(corrupted).capture(points).gradient(points).rule("gradient").target(target).run().of(0);
        List<FloatArray> result = new ArrayList<>();
        for (String name : there.names())
            result.add(here.get(name + ".gradient").times(there.get(name).minus(here.get(name))).named(name + ".attribution"));
        return new NamedArrays(result, name -> name);
    }

    private void requireMeasure() {
        if (token < 0)
            throw new CraneException("say first what is measured, with measure(answer) or measure(answer, other)");
    }

    private float measured(FloatArray logits) {
        requireMeasure();
        return logits.get(token) - (against < 0 ? 0 : logits.get(against));
    }
}
