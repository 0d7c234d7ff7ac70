package dev.crane.analysis.collect;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import dev.crane.analysis.Fingerprint;
import dev.crane.analysis.ModelIdentity;
import dev.crane.analysis.Progress;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.corpus.Sample;
import dev.crane.analysis.corpus.Samples;
import dev.crane.analysis.mask.UnitMask;
import dev.crane.engine.CraneException;
import dev.crane.engine.CraneVersion;
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.NonFiniteException;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.hook.Capture;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.statistic.Moments;
import dev.crane.models.CausalLanguageModel;
import dev.crane.models.safetensors.SafetensorsReader;
import dev.crane.models.safetensors.SafetensorsWriter;

/**
 * Reads what some units do at every token of a language's samples: one forward pass over them. The samples are those that {@link ScoreCollection} takes with the same
 * numbers. The state is saved on the way, and a run that was killed goes on from there with the same bits.
 *
 * <p>Memory: 40 bytes for each unit; 4 bytes for each unit and token where every value is kept (percentiles: 600 units of 1000 samples of 500 tokens take 1.2 GB);
 * {@value #CAPTURED_BYTES} bytes for what is captured of a batch, or what one sample takes.
 */
public final class TokenActivations {
    /** A captured batch holds the values of all units of a hook point, wanted or not; batches are cut so that it takes no more than this. */
    private static final long CAPTURED_BYTES = 1L << 28;
    /** Saving the state may take this share of the time at most. */
    private static final double SAVING_SHARE = 0.05;
    private static final String INPUTS = "inputs";
    private static final String SAMPLES = "samples";
    private static final String TOKENS = "tokens";

    private final CausalLanguageModel model;
    private final int samples;
    private final long seed;
    private final int maxTokens;
    private final int tokenBudget;

    /**
     * @param samples how many of a corpus
     * @param seed which, where it has more
     * @param maxTokens tokens a sample is cut to
     * @param tokenBudget most tokens in a batch
     */
    public TokenActivations(CausalLanguageModel model, int samples, long seed, int maxTokens, int tokenBudget) {
        this.model = model;
        this.samples = samples;
        this.seed = seed;
        this.maxTokens = maxTokens;
        this.tokenBudget = tokenBudget;
    }

    /** A fingerprint of everything that the values of a language's tokens depend on. */
    public String inputs(String language, Corpus corpus) {
        ModelIdentity identity = ModelIdentity.of(model);
        return new Fingerprint().add("language", language).add("corpus", corpus.sha256()).add("model", identity.hash())
                .add("tokenizer", identity.tokenizerHash()).add("backend", identity.backend()).add("version", CraneVersion.get())
                .add("samples", samples).add("seed", seed).add("max tokens", Math.min(maxTokens, model.spec().maxPositions())).hex();
    }

    /**
     * Reads the values of one language.
     *
     * @param units whose means and deviations are wanted
     * @param kept those of them whose every value is wanted
     * @param state where what there is is saved; it stays there, for the caller to remove when what follows from it is written
     * @throws CraneException the corpus cannot be used, the values to be kept do not fit in memory, or the model gives a NaN or infinity
     */
    public TokenStatistics collect(String language, Corpus corpus, UnitMask units, UnitMask kept, Path state, Progress progress) {
        Samples chosen = ScoreCollection.samples(model, corpus, samples, seed, maxTokens);
        requireMemory(kept, chosen.tokens());
        String inputs = new Fingerprint().add(INPUTS, inputs(language, corpus)).add("units", exact(units)).add("kept", exact(kept)).hex();
        TokenStatistics statistics = new TokenStatistics(units, kept, Math.toIntExact(chosen.tokens()));
        restore(statistics, state, inputs);
        String stage = "values of " + units.count() + " units " + language;
        if (statistics.samples() == chosen.samples().size()) {
            progress.note(stage + ": all there");
            return statistics;
        }
        long width = units.points().stream().mapToLong(point -> model.spec().units(point.site())).sum();
        long perBatch = Math.clamp(CAPTURED_BYTES / Float.BYTES / Math.max(1, width), 1, tokenBudget);
        long begin = System.nanoTime();
        double saving = 0;
        long tokens = 0;
        progress.report(new Progress.Step(stage, statistics.samples(), chosen.samples().size(), SAMPLES, 0, 0));
        while (statistics.samples() < chosen.samples().size()) {
            int from = statistics.samples();
            int to = from;
            long size = 0;
            while (to < chosen.samples().size() && (to == from || size + chosen.samples().get(to).ids().length <= perBatch))
                size += chosen.samples().get(to++).ids().length;
            run(statistics, corpus, chosen.samples().subList(from, to));
            tokens += size;
            double seconds = (System.nanoTime() - begin) / 1e9;
            if (to == chosen.samples().size() || saving <= SAVING_SHARE * seconds) {
                save(statistics, state, inputs);
                saving += (System.nanoTime() - begin) / 1e9 - seconds;
            }
            progress.report(new Progress.Step(stage, to, chosen.samples().size(), SAMPLES, tokens, seconds));
        }
        return statistics;
    }

    private static void requireMemory(UnitMask kept, long tokens) {
        long bytes = kept.count() * tokens * Float.BYTES;
        long most = Runtime.getRuntime().maxMemory() / 2;
        // The values of one hook point are saved as one array.
        boolean tooLong = kept.counts().values().stream().anyMatch(count -> count * tokens > Integer.MAX_VALUE);
        if (bytes > most || tooLong)
            throw new CraneException("percentiles of " + kept.count() + " units over " + tokens + " tokens take " + (bytes >> 20)
                    + " MiB to keep every value, and half of Java's memory is " + (most >> 20)
                    + " MiB: ask for fewer samples or units, for a mean, or give Java more (-Xmx)");
    }

    private static String exact(UnitMask mask) {
        StringBuilder text = new StringBuilder();
        mask.units().forEach((point, rows) -> text.append(point.path()).append(Arrays.toString(rows)));
        return text.toString();
    }

    private void run(TokenStatistics statistics, Corpus corpus, List<Sample> batch) {
        List<Capture> captures = statistics.units().points().stream().map(Capture::whole).toList();
        Map<Capture, List<float[]>> captured;
        try {
            captured = model.engine().forward(PackedBatch.of(batch.stream().map(Sample::ids).toList()),
                    new ForwardRequest(ForwardRequest.Output.NONE, captures, List.of(), null)).captures();
        } catch (NonFiniteException e) {
            throw new CraneException(ScoreCollection.at(corpus, batch.get(e.sequence())) + ": " + e.getMessage(), e);
        }
        for (int i = 0; i < batch.size(); i++) {
            Map<HookPoint, float[]> ofSample = new HashMap<>();
            for (Capture capture : captures)
                ofSample.put(capture.point(), captured.get(capture).get(i));
            statistics.add(batch.get(i).ids().length, ofSample);
        }
    }

    // ---- the saved state ----

    private static void save(TokenStatistics statistics, Path state, String inputs) {
        SafetensorsWriter writer = new SafetensorsWriter().metadata(INPUTS, inputs)
                .metadata(SAMPLES, Integer.toString(statistics.samples()))
                .metadata(TOKENS, Integer.toString(statistics.tokens()));
        statistics.moments().forEach((point, moments) -> {
            writer.add(point + ".mean", moments.mean(), moments.units());
            writer.add(point + ".m2", moments.m2(), moments.units());
            writer.add(point + ".m3", moments.m3(), moments.units());
            writer.add(point + ".m4", moments.m4(), moments.units());
            writer.add(point + ".abs_mean", moments.absMean(), moments.units());
        });
        statistics.values().forEach((point, values) -> {
            float[] all = new float[Math.multiplyExact(values.length, statistics.tokens())];
            for (int i = 0; i < values.length; i++)
                System.arraycopy(values[i], 0, all, i * statistics.tokens(), statistics.tokens());
            writer.add(point + ".values", all, values.length, statistics.tokens());
        });
        try {
            Files.createDirectories(state.toAbsolutePath().getParent());
        } catch (IOException e) {
            throw FileErrors.cannotWrite(state, e);
        }
        writer.write(state);
    }

    /** Takes up a state that a run with the same inputs left; one that is damaged, by a disk and not by a kill, counts as none. */
    private static void restore(TokenStatistics statistics, Path state, String inputs) {
        if (!Files.exists(state))
            return;
        try (SafetensorsReader reader = SafetensorsReader.open(state)) {
            if (!inputs.equals(reader.metadata().get(INPUTS)))
                return;
            int samples = Integer.parseInt(reader.metadata().getOrDefault(SAMPLES, ""));
            int tokens = Integer.parseInt(reader.metadata().getOrDefault(TOKENS, ""));
            SortedMap<HookPoint, Moments> moments = new TreeMap<>();
            for (HookPoint point : statistics.moments().keySet())
                moments.put(point, new Moments(tokens, reader.doubles(point + ".mean"), reader.doubles(point + ".m2"),
                        reader.doubles(point + ".m3"), reader.doubles(point + ".m4"), reader.doubles(point + ".abs_mean")));
            SortedMap<HookPoint, float[]> values = new TreeMap<>();
            for (HookPoint point : statistics.values().keySet())
                values.put(point, reader.floats(point + ".values"));
            statistics.restore(samples, tokens, moments, values);
        } catch (CraneException | NumberFormatException damaged) {
            // Begin again.
        }
    }
}
