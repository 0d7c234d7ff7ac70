package dev.crane.models.hooks;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

import dev.crane.engine.CraneException;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardRequest.Output;
import dev.crane.engine.ForwardResult;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.RelevanceResult;
import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.decoder.MemoryPlan;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.hook.Capture;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.InterventionSet;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;

/**
 * A run over a batch of texts: what it reads, what it changes. Everything is declared first, then {@link #run} or {@link #forEach} checks and does it; an
 * unknown hook point or unit is an error. Points are named as in {@link Model#sites(String)}.
 */
public final class Run {
    /** Texts run at once by {@link #forEach}: more fill no processor better, and each may have changes of its own, which take memory too. */
    private static final int AT_ONCE = 256;

    private final Model model;
    private final List<int[]> texts;
    private final Set<Capture> captures = new LinkedHashSet<>();
    private final Set<HookPoint> scores = new TreeSet<>();
    private final Set<HookPoint> gradients = new TreeSet<>();
    private final List<Change> changes = new ArrayList<>();
    private List<List<Change>> variants = List.of(List.of());
    private Output output = Output.NONE;
    private Rule rule = Rule.ATTNLRP;
    private Target target = new Target.MeanLogit();
    private boolean tokenRelevance;

    Run(Model model, List<int[]> texts) {
        this.model = model;
        this.texts = texts.stream().map(int[]::clone).toList();
        if (texts.isEmpty() || texts.stream().anyMatch(ids -> ids.length == 0))
            throw new CraneException("a run needs one text or more, each of one token or more");
    }

    // ---- what is read ----

    /** Reads whole values: {@code NAME} [T, width]; of attention probabilities [heads, T, T]. */
    public Run capture(String... points) {
        for (String name : points)
            model.points().of(name).forEach(point -> captures.add(Capture.whole(point)));
        return this;
    }

    /** Reads values reduced over the tokens of each text while the model runs: {@code NAME.mean} [width], {@code NAME.max} and so on. */
    public Run capture(Reduction reduction, String... points) {
        for (String name : points)
            model.points().of(name).forEach(point -> captures.add(new Capture(point, reduction)));
        return this;
    }

    /** Reads the logits at every position: {@code logits} [T, vocabulary]. */
    public Run logits() {
        output = Output.ALL_LOGITS;
        return this;
    }

    /** Reads the logits at the last position: {@code logits} [vocabulary]. */
    public Run lastLogits() {
        output = Output.LAST_LOGITS;
        return this;
    }

    /** Reads the log-probability of each next token: {@code logprobs} [T − 1], natural log, entry t that of token t + 1. */
    public Run logprobs() {
        output = Output.NEXT_LOGPROBS;
        return this;
    }

    /** Reads relevance, Σ over tokens of value × modified gradient: {@code NAME.relevance} [width], and {@code target} [1], the target's value. */
    public Run relevance(String... points) {
        for (String name : points)
            scores.addAll(model.points().of(name));
        return this;
    }

    /** Reads the modified gradient of the target itself: {@code NAME.gradient} [T, width], and {@code target} [1]. */
    public Run gradient(String... points) {
        for (String name : points)
            gradients.addAll(model.points().of(name));
        return this;
    }

    /** Reads each token's relevance, embedding × modified gradient: {@code token_relevance} [T], and {@code target} [1]. */
    public Run tokenRelevance() {
        tokenRelevance = true;
        return this;
    }

    /** How the gradient is modified: {@code attnlrp} unless said; {@code gradient} for the plain one; {@code cp-lrp}. */
    public Run rule(String name) {
        rule = Rule.named(name);
        return this;
    }

    /** What the gradient is taken of: {@code mean-logit} unless said; as in {@link Target#named}. */
    public Run target(String name) {
        target = Target.named(name);
        return this;
    }

    // ---- what is changed ----

    /** Changes values in every text; adds to what was said before. */
    public Run change(Change... more) {
        changes.addAll(List.of(more));
        return this;
    }

    /**
     * Runs every text under each of these sets of changes (beside those of {@link #change}), all in one batch: results come text by text, and for each
     * text in the order of the sets. What a text gives under a set has, on the CPU, the bits that it gives alone. An empty set is the unchanged model.
     */
    public Run underEach(List<List<Change>> sets) {
        if (sets.isEmpty())
            throw new CraneException("underEach of no changes; an empty set among them stands for the unchanged model");
        variants = sets.stream().map(List::copyOf).toList();
        return this;
    }

    // ---- running ----

    /** Bytes that the results of the run will take. */
    public long bytes() {
        Batch all = batch(0, count());
        return resultBytes(all);
    }

    /**
     * Runs all at once.
     *
     * @throws CraneException if something asked for does not exist, or the results would take more memory than is set aside for them
     */
    public Result run() {
        return new Result(results(batch(0, count())));
    }

    /** Hears of what was read of each text. */
    @FunctionalInterface
    public interface Listener {
        /** @param index of the text, or of text and set of changes where there are several sets */
        void heard(int index, NamedArrays arrays);
    }

    /** Runs part by part, as many texts at once as the memory set aside for results holds, and gives each text's results away before the next part runs. */
    public void forEach(Listener listener) {
        long limit = model.model().engine().resultBytes() / 2;
        for (int from = 0; from < count();) {
            int to = from + 1;
            for (long bytes = resultBytes(batch(from, to)); to < count() && to - from < AT_ONCE; to++) {
                bytes += resultBytes(batch(to, to + 1));
                if (bytes > limit)
                    break;
            }
            List<NamedArrays> part = results(batch(from, to));
            for (int i = 0; i < part.size(); i++)
                listener.heard(from + i, part.get(i));
            from = to;
        }
    }

    private int count() {
        return Math.multiplyExact(texts.size(), variants.size());
    }

    /** A stretch of texts and sets of changes as the engine takes them; a set of changes is compiled once for each length that it depends on. */
    private record Batch(List<int[]> texts, PackedBatch packed, List<InterventionSet> sets, int[] setOf) {}

    private record SetKey(int variant, int length) {}

    private Batch batch(int from, int to) {
        List<int[]> chosen = new ArrayList<>();
        List<InterventionSet> sets = new ArrayList<>();
        Map<SetKey, Integer> known = new HashMap<>();
        int[] setOf = new int[to - from];
        for (int i = from; i < to; i++) {
            int[] text = texts.get(i / variants.size());
            int variant = i % variants.size();
            List<Change> all = new ArrayList<>(changes);
            all.addAll(variants.get(variant));
            chosen.add(text);
            boolean anyLength = all.stream().noneMatch(Change::dependsOnLength);
            setOf[i - from] = all.isEmpty() ? -1 : known.computeIfAbsent(new SetKey(variant, anyLength ? 0 : text.length), key -> {
                sets.add(model.compile(all, text.length));
                return sets.size() - 1;
            });
        }
        return new Batch(chosen, PackedBatch.of(chosen), sets, setOf);
    }

    private ForwardRequest forward(Batch batch) {
        return new ForwardRequest(output, List.copyOf(captures), batch.sets, batch.setOf);
    }

    private RelevanceRequest backward(Batch batch) {
        Set<Site> sites = scores.stream().map(HookPoint::site).collect(Collectors.toSet());
        return new RelevanceRequest(rule, target, scores.isEmpty() ? Set.of() : Set.of(Score.RELEVANCE), sites, gradients, tokenRelevance,
                batch.sets, batch.setOf);
    }

    private boolean goesBack() {
        return !scores.isEmpty() || !gradients.isEmpty() || tokenRelevance;
    }

    private long resultBytes(Batch batch) {
        MemoryPlan plan = model.model().engine().plan();
        return plan.resultBytes(batch.packed.segments(), forward(batch))
                + (goesBack() ? plan.resultBytes(batch.packed.segments(), backward(batch)) : 0);
    }

    private List<NamedArrays> results(Batch batch) {
        boolean goesForward = output != Output.NONE || !captures.isEmpty();
        if (!goesForward && !goesBack())
            throw new CraneException("the run reads nothing: say what, with capture(…), logits(), logprobs(), relevance(…) or gradient(…)");
        ForwardResult forward = goesForward ? model.model().engine().forward(batch.packed, forward(batch)) : null;
        RelevanceResult backward = goesBack() ? model.model().engine().relevance(batch.packed, backward(batch)) : null;
        List<NamedArrays> results = new ArrayList<>();
        for (int b = 0; b < batch.texts.size(); b++) {
            List<FloatArray> arrays = new ArrayList<>();
            if (forward != null)
                read(forward, b, batch.texts.get(b).length, arrays);
            if (backward != null)
                read(backward, b, batch.texts.get(b).length, arrays);
            results.add(new NamedArrays(arrays, this::canonical));
        }
        return results;
    }

    private void read(ForwardResult result, int b, int tokens, List<FloatArray> arrays) {
        for (Capture capture : captures) {
            // The model's logits may be asked for both ways; they are the same.
            if (capture.reduction() == null && capture.point().site() == Site.LOGITS && output == Output.ALL_LOGITS)
                continue;
            float[] values = result.captures().get(capture).get(b);
            String name = capture.point().path();
            if (capture.reduction() != null)
                arrays.add(FloatArray.of(name + "." + suffix(capture.reduction()), values, values.length));
            else if (capture.point().site() == Site.ATTN_PROBS)
                arrays.add(FloatArray.of(name, values, model.spec().attention().heads(), tokens, tokens));
            else
                arrays.add(FloatArray.of(name, values, tokens, values.length / tokens));
        }
        if (output == Output.ALL_LOGITS)
            arrays.add(FloatArray.of("logits", result.logits().get(b), tokens, model.spec().vocabulary()));
        if (output == Output.LAST_LOGITS)
            arrays.add(FloatArray.of(captures.contains(Capture.whole(model.points().one("logits"))) ? "last_logits" : "logits",
                    result.logits().get(b), model.spec().vocabulary()));
        if (output == Output.NEXT_LOGPROBS)
            arrays.add(FloatArray.of("logprobs", result.logprobs().get(b), tokens - 1));
    }

    private void read(RelevanceResult result, int b, int tokens, List<FloatArray> arrays) {
        for (HookPoint point : scores) {
            float[] values = result.scores().get(Score.RELEVANCE).get(point).get(b);
            arrays.add(FloatArray.of(point.path() + ".relevance", values, values.length));
        }
        for (HookPoint point : gradients) {
            float[] values = result.gradients().get(point).get(b);
            arrays.add(FloatArray.of(point.path() + ".gradient", values, tokens, values.length / tokens));
        }
        if (tokenRelevance)
            arrays.add(FloatArray.of("token_relevance", result.tokenRelevance().get(b), tokens));
        arrays.add(FloatArray.of("target", new float[]{result.targets()[b]}, 1));
    }

    private static String suffix(Reduction reduction) {
        return reduction.name().toLowerCase(Locale.ROOT);
    }

    /** The name under which a result stands that is asked for by another name of its hook point. */
    private String canonical(String name) {
        int dot = name.lastIndexOf('.');
        for (int end : dot < 0 ? new int[]{name.length()} : new int[]{name.length(), dot}) {
            Optional<HookPoint> point = model.points().known(name.substring(0, end));
            if (point.isPresent())
                return point.get().path() + name.substring(end);
        }
        return name;
    }
}
