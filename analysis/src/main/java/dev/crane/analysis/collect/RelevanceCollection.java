package dev.crane.analysis.collect;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

import dev.crane.analysis.Fingerprint;
import dev.crane.analysis.ModelIdentity;
import dev.crane.analysis.Progress;
import dev.crane.analysis.corpus.Choice;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.corpus.Sample;
import dev.crane.analysis.corpus.Samples;
import dev.crane.analysis.corpus.Tokenization;
import dev.crane.analysis.mask.UnitLayout;
import dev.crane.analysis.statistics.LanguageStatistics;
import dev.crane.analysis.statistics.ProvenanceKey;
import dev.crane.analysis.statistics.SampleScores;
import dev.crane.analysis.statistics.SampleScoresWriter;
import dev.crane.analysis.statistics.StatisticsAccumulator;
import dev.crane.analysis.statistics.StatisticsFile;
import dev.crane.engine.CraneException;
import dev.crane.engine.CraneVersion;
import dev.crane.engine.NonFiniteException;
import dev.crane.engine.RelevanceResult;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;
import dev.crane.models.CausalLanguageModel;

/**
 * Gathers unit scores over the samples of corpora, one language at a time. Samples go through the model in the corpus's order, in packed batches up to a token
 * budget; statistics take them up in that order, so their bits depend neither on the budget nor on the number of threads. The state is saved on the way;
 * a run that was killed goes on from there and ends with the bits of an unbroken one.
 */
public final class RelevanceCollection {
    /** Saving the state may take this share of the time at most. On a small model that is after every batch. */
    private static final double SAVING_SHARE = 0.05;
    /** Key of a saved state's metadata: what the run was about. */
    private static final String INPUTS = "inputs";

    private final CausalLanguageModel model;
    private final ModelIdentity identity;
    private final RelevanceSettings settings;
    private final int tokenBudget;

    /** @param tokenBudget most tokens in a batch; a longer sample is a batch of its own */
    public RelevanceCollection(CausalLanguageModel model, RelevanceSettings settings, int tokenBudget) {
        this.model = model;
        this.identity = ModelIdentity.of(model);
        this.settings = settings;
        this.tokenBudget = tokenBudget;
    }

    /**
     * Gathers the scores of one language and writes {@code LANG.stats.safetensors} and, if they are kept, {@code LANG.samples.safetensors} to a folder.
     *
     * @param folder of each score, where its files go
     * @param work where the state is kept meanwhile; nothing is left there at the end
     * @return the files
     * @throws CraneException the corpus cannot be used or has too few documents, or the model gives a NaN or infinity: the message names the line
     */
    public List<Path> collect(String language, Corpus corpus, Map<Score, Path> folder, Path work, Progress progress) {
        Samples samples = samples(corpus);
        SortedMap<String, String> provenance = provenance(corpus);
        List<Path> written = new ArrayList<>();
        Map<Score, Gathering> gatherings = new EnumMap<>(Score.class);
        try {
            for (Score score : settings.scores()) {
                SortedMap<String, String> own = new TreeMap<>(provenance);
                own.put(ProvenanceKey.SCORE, score.label());
                gatherings.put(score, new Gathering(language, own, folder.get(score),
                        work.resolve(language + "." + settings.rule().name() + "." + score.label() + ".state.safetensors")));
            }
            run(language, corpus, samples.samples(), gatherings, progress);
            gatherings.values().forEach(gathering -> written.addAll(gathering.finish()));
        } finally {
            gatherings.values().forEach(Gathering::close);
        }
        gatherings.values().forEach(Gathering::removeState);
        return written;
    }

    /** What gathering a language is called in progress reports: {@code attnlrp relevance en}. */
    public String stage(String language) {
        return settings.rule().name() + " " + String.join(", ", settings.scores().stream().map(Score::label).toList()) + " " + language;
    }

    /** A fingerprint of everything that the statistics of a language depend on. */
    public String inputs(String language, Corpus corpus) {
        return inputs(language, provenance(corpus));
    }

    private String inputs(String language, SortedMap<String, String> provenance) {
        return new Fingerprint().add("language", language).add("provenance", provenance).add("tokenizer", identity.tokenizerHash())
                .add("scores", new TreeSet<>(settings.scores())).add("units", new TreeSet<>(settings.units()))
                .add("samples", settings.samples())
                .add("top", settings.topExamples()).add("per sample", settings.perSample()).add("backend", identity.backend()).hex();
    }

    private Samples samples(Corpus corpus) {
        DecoderSpec spec = model.spec();
        Tokenization tokenization = new Tokenization(model.hasTokenizer() ? model.tokenizer() : null, spec.vocabulary(),
                Math.min(settings.maxTokens(), spec.maxPositions()));
        Samples samples = corpus.samples(Choice.seeded(settings.samples(), settings.seed()), tokenization);
        if (samples.missing() > 0)
            throw new CraneException(
                    corpus.file() + ": has " + samples.samples().size() + " documents, fewer than the " + settings.samples()
                            + " samples asked for; every language needs as many: ask for " + samples.samples().size() + " samples");
        for (Sample sample : samples.samples())
            if (sample.ids().length < 2 && !(settings.target() instanceof Target.LastLogit))
                throw new CraneException(at(corpus, sample) + " is a single token: nothing in it can be predicted; leave it out");
        return samples;
    }

    private SortedMap<String, String> provenance(Corpus corpus) {
        SortedMap<String, String> provenance = new TreeMap<>();
        provenance.put(ProvenanceKey.MODEL, identity.name());
        provenance.put(ProvenanceKey.MODEL_HASH, identity.hash());
        provenance.put(ProvenanceKey.CORPUS, corpus.file().getFileName().toString());
        provenance.put(ProvenanceKey.CORPUS_HASH, corpus.sha256());
        provenance.put(ProvenanceKey.RULE, settings.rule().name());
        provenance.put(ProvenanceKey.TARGET, settings.target().label());
        provenance.put(ProvenanceKey.SEED, Long.toString(settings.seed()));
        provenance.put(ProvenanceKey.MAX_TOKENS, Integer.toString(Math.min(settings.maxTokens(), model.spec().maxPositions())));
        provenance.put(ProvenanceKey.CRANE_VERSION, CraneVersion.get());
        return provenance;
    }

    private void run(String language, Corpus corpus, List<Sample> samples, Map<Score, Gathering> gatherings, Progress progress) {
        // After a kill between two saves one score may be ahead of the other.
        int next = (int) gatherings.values().stream().mapToLong(Gathering::samples).min().orElse(0);
        String stage = stage(language);
        long begin = System.nanoTime();
        long tokens = 0;
        progress.report(new Progress.Step(stage, next, samples.size(), "samples", 0, 0));
        while (next < samples.size()) {
            int end = next;
            long size = 0;
            while (end < samples.size() && (end == next || size + samples.get(end).ids().length <= tokenBudget))
                size += samples.get(end++).ids().length;
            List<Sample> batch = samples.subList(next, end);
            RelevanceResult result = relevance(corpus, batch);
            for (Map.Entry<Score, Gathering> gathering : gatherings.entrySet()) {
                Map<HookPoint, List<float[]>> scores = result.scores().get(gathering.getKey());
                for (int i = 0; i < batch.size(); i++)
                    if (gathering.getValue().samples() == next + i)
                        gathering.getValue().add(batch.get(i), result.targets()[i], of(scores, i));
            }
            next = end;
            tokens += size;
            double seconds = (System.nanoTime() - begin) / 1e9;
            if (next < samples.size())
                gatherings.values().forEach(gathering -> gathering.saveIfDue(seconds));
            progress.report(new Progress.Step(stage, next, samples.size(), "samples", tokens, seconds));
        }
    }

    private RelevanceResult relevance(Corpus corpus, List<Sample> batch) {
        try {
            return model.engine().relevance(PackedBatch.of(batch.stream().map(Sample::ids).toList()), settings.request());
        } catch (NonFiniteException e) {
            throw new CraneException(at(corpus, batch.get(e.sequence())) + ": " + e.getMessage(), e);
        }
    }

    private static String at(Corpus corpus, Sample sample) {
        return corpus.file() + ": line " + (sample.line() + 1);
    }

    private static Map<HookPoint, float[]> of(Map<HookPoint, List<float[]>> scores, int sequence) {
        Map<HookPoint, float[]> ofSequence = new HashMap<>();
        scores.forEach((point, values) -> ofSequence.put(point, values.get(sequence)));
        return ofSequence;
    }

    /** One score's statistics as they grow, and their saved state. */
    private final class Gathering implements AutoCloseable {
        private final SortedMap<String, String> provenance;
        private final Path folder;
        private final Path state;
        private final String inputs;
        private final StatisticsAccumulator accumulator;
        /** Null where only statistics are kept. */
        private final SampleScoresWriter perSample;
        private double saving;

        Gathering(String language, SortedMap<String, String> provenance, Path folder, Path state) {
            UnitLayout layout = UnitLayout.of(model.spec(), settings.units());
            this.provenance = provenance;
            this.folder = folder;
            this.state = state;
            this.inputs = inputs(language, provenance);
            perSample = settings.perSample()
                    ? SampleScoresWriter.open(SampleScores.in(folder, language), language, layout, provenance)
                    : null;
            LanguageStatistics saved = saved();
            accumulator = saved == null
                    ? new StatisticsAccumulator(language, layout, settings.topExamples())
                    : new StatisticsAccumulator(saved);
            if (perSample != null)
                perSample.keep(Math.toIntExact(accumulator.samples()));
        }

        /** The state that a run with the same inputs left, or null. */
        private LanguageStatistics saved() {
            if (!Files.exists(state))
                return null;
            LanguageStatistics saved;
            try {
                saved = StatisticsFile.read(state);
            } catch (CraneException damaged) {
                return null; // by a disk, not by a kill: begin again
            }
            boolean complete = perSample == null || perSample.samples() >= saved.samples();
            return complete && inputs.equals(saved.provenance().get(INPUTS)) ? saved : null;
        }

        long samples() {
            return accumulator.samples();
        }

        void add(Sample sample, float target, Map<HookPoint, float[]> scores) {
            if (perSample != null)
                perSample.add(sample.line(), target, scores);
            accumulator.add(sample.line(), sample.ids().length, scores);
        }

        void saveIfDue(double seconds) {
            if (saving > SAVING_SHARE * seconds)
                return;
            long begin = System.nanoTime();
            if (perSample != null)
                perSample.force();
            SortedMap<String, String> marked = new TreeMap<>(provenance);
            marked.put(INPUTS, inputs);
            StatisticsFile.write(accumulator.snapshot(marked), state);
            saving += (System.nanoTime() - begin) / 1e9;
        }

        List<Path> finish() {
            LanguageStatistics statistics = accumulator.snapshot(provenance);
            List<Path> files = new ArrayList<>(List.of(StatisticsFile.in(folder, statistics.language())));
            StatisticsFile.write(statistics, files.getFirst());
            if (perSample != null) {
                perSample.finish(statistics.provenance());
                files.add(SampleScores.in(folder, statistics.language()));
            }
            return files;
        }

        @Override
        public void close() {
            if (perSample != null)
                perSample.close();
        }

        void removeState() {
            try {
                Files.deleteIfExists(state);
            } catch (IOException e) {
                throw FileErrors.cannotWrite(state, e);
            }
        }
    }
}
