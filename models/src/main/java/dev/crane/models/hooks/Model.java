package dev.crane.models.hooks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import dev.crane.engine.Backends;
import dev.crane.engine.CraneException;
import dev.crane.engine.EngineOptions;
import dev.crane.engine.backend.Backend;
import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.hook.Site;
import dev.crane.engine.statistic.TopExamples;
import dev.crane.models.CausalLanguageModel;
import dev.crane.models.generate.Sampling;
import dev.crane.models.generate.TextGenerator;

/** A model folder, ready to be run with hooks. Used by one thread at a time. */
public final class Model implements AutoCloseable {
    private final CausalLanguageModel model;
    private final Points points;

    private Model(CausalLanguageModel model) {
        this.model = model;
        this.points = new Points(model.name(), model.spec());
    }

    /**
     * Opens a model folder on the GPU where there is a usable one, otherwise on the CPU.
     *
     * @throws CraneException if it cannot be used: one line that says why
     */
    public static Model open(String folder) {
        return open(folder, "auto");
    }

    /** The same on a backend: {@code auto}, {@code cpu}, {@code cuda} or {@code reference}. */
    public static Model open(String folder, String backend) {
        return open(Path.of(folder), Backends.create(backend, 0), EngineOptions.DEFAULT);
    }

    /** The same with everything said; the backend belongs to the model from now on. */
    public static Model open(Path folder, Backend backend, EngineOptions options) {
        return new Model(CausalLanguageModel.load(folder, backend, options));
    }

    /** The model beneath, with its engine, tokenizer and weights. */
    public CausalLanguageModel model() {
        return model;
    }

    Points points() {
        return points;
    }

    DecoderSpec spec() {
        return model.spec();
    }

    // ---- names ----

    /** The names of all hook points, as the model's own files have them; of {@code attn.probs} and the residual stream, as a Llama's would. */
    public List<String> sites() {
        return points.all().stream().map(HookPoint::path).toList();
    }

    /**
     * The names of the hook points that another name stands for: {@code mlp.neuron} or {@code model.layers.*.mlp.neuron} for those of every layer,
     * {@code mlp.neuron.3} or {@code blocks.3.mlp.hook_post} for one.
     *
     * @throws CraneException if the model has no such point
     */
    public List<String> sites(String name) {
        return points.of(name).stream().map(HookPoint::path).toList();
    }

    /** How many units a hook point has: the width of its values for one token; 0 for attention probabilities, which are as wide as the text is long. */
    public int width(String point) {
        return spec().units(points.of(point).getFirst().site());
    }

    // ---- text ----

    /** A text's tokens, the one that begins every text included. */
    public int[] tokens(String text) {
        return model.tokenizer().encodeWithBos(text);
    }

    /**
     * The token that a piece of text is; give the blank before a word too.
     *
     * @throws CraneException if it is several
     */
    public int token(String piece) {
        int[] ids = model.tokenizer().encode(piece, false);
        if (ids.length != 1)
            throw new CraneException("'" + piece + "' is " + ids.length + " tokens, " + Arrays.toString(ids) + "; one is needed");
        return ids[0];
    }

    /** What tokens stand for, special ones included. */
    public String text(int... tokens) {
        return model.tokenizer().decode(tokens, false);
    }

    // ---- running ----

    /** A run over texts, of which is said next what it reads and changes. */
    public Run on(String... texts) {
        return on(Stream.of(texts).map(this::tokens).toList());
    }

    /** The same over token ids. */
    public Run on(int[]... tokens) {
        return on(List.of(tokens));
    }

    /** The same over token ids. */
    public Run on(List<int[]> tokens) {
        return new Run(this, tokens);
    }

    /** What the most likely continuation of a text is, of the model changed so. */
    public String generate(String prompt, int newTokens, Change... changes) {
        int[] ids = generate(tokens(prompt), newTokens, changes);
        return model.tokenizer().decode(ids, true);
    }

    /** The same in token ids; only the new ones. */
    public int[] generate(int[] prompt, int newTokens, Change... changes) {
        List<InterventionSet> sets = List.of(compile(List.of(changes), prompt.length));
        return new TextGenerator(model).generate(List.of(prompt), Sampling.GREEDY, newTokens, sets, new int[]{0}, (i, id, text) -> {
        }).getFirst().ids();
    }

    InterventionSet compile(List<Change> changes, int tokens) {
        return new InterventionSet("the run", changes.stream().flatMap(change -> change.on(points, spec(), tokens).stream()).toList());
    }

    // ---- what is made of several runs ----

    /** Two texts of equally many tokens, of which one's values are put into the other. */
    public PromptPair pair(String clean, String corrupted) {
        return pair(tokens(clean), tokens(corrupted));
    }

    /** The same in token ids. */
    public PromptPair pair(int[] clean, int[] corrupted) {
        return new PromptPair(this, clean, corrupted);
    }

    /**
     * A steering vector: the mean over the texts of the mean over their tokens of the values at a hook point, of one set of texts minus another
     * ("difference of means"). Add it with {@link Change#add}.
     *
     * @param point one hook point, such as {@code resid.post.5}
     * @return [width]
     */
    public FloatArray direction(String point, List<String> towards, List<String> awayFrom) {
        return meanOf(point, towards.stream().map(this::tokens).toList()).minus(meanOf(point, awayFrom.stream().map(this::tokens).toList()))
                .named(points.one(point).path() + ".direction");
    }

    /** The mean over sequences of the mean over their tokens of the values at a hook point [width]; what "mean ablation" puts there. */
    public FloatArray meanOf(String point, List<int[]> tokens) {
        if (tokens.isEmpty())
            throw new CraneException("the mean at " + point + " over no texts; give one or more");
        String name = points.one(point).path();
        double[] sums = new double[width(name)];
        on(tokens).capture(Reduction.MEAN, name).forEach((i, arrays) -> {
            float[] means = arrays.get(name + ".mean").toArray();
            for (int unit = 0; unit < sums.length; unit++)
                sums[unit] += means[unit];
        });
        float[] mean = new float[sums.length];
        for (int unit = 0; unit < mean.length; unit++)
            mean[unit] = (float) (sums[unit] / tokens.size());
        return FloatArray.of(name + ".mean", mean, mean.length);
    }

    /**
     * For every unit of some hook points the texts in which its largest value is largest.
     *
     * @param points names of hook points, such as {@code mlp.neuron}
     * @param count how many for each unit
     * @return by name of the hook point; {@link TopExamples#line} is the index of the text
     */
    public Map<String, TopExamples> topExamples(String points, int count, List<int[]> tokens) {
        Map<String, TopExamples> result = new LinkedHashMap<>();
        List<HookPoint> all = this.points.of(points);
        all.forEach(point -> result.put(point.path(), new TopExamples(spec().units(point.site()), count)));
        on(tokens).capture(Reduction.MAX, points).forEach(
                (i, arrays) -> result.forEach((name, examples) -> examples.add(arrays.get(name + ".max").toArray(), i)));
        return result;
    }

    /** What the model is, and a line for each hook point of a layer with the shape of its values for a text of T tokens. */
    @Override
    public String toString() {
        List<String> lines = new ArrayList<>(
                List.of(model.folder() + ", " + spec().layers() + " layers, on " + model.engine().backend().description()));
        for (HookPoint point : points.all())
            if (point.layer() <= 0)
                lines.add("  " + point.path().replaceFirst("\\.0\\.", ".*.") + " " + shape(point.site()));
        return String.join("\n", lines);
    }

    private String shape(Site site) {
        return switch (site) {
            case ATTN_PROBS -> "[" + spec().attention().heads() + ", T, T]";
            case ATTN_HEAD -> spec().units(site) + " heads, to be changed";
            default -> "[T, " + spec().units(site) + "]";
        };
    }

    /** Closes engine, backend and weights. */
    @Override
    public void close() {
        model.close();
    }
}
