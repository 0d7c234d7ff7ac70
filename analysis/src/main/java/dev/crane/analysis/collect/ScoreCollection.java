package dev.crane.analysis.collect;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
import dev.crane.engine.ForwardRequest;
import dev.crane.engine.ForwardResult;
import dev.crane.engine.NonFiniteException;
import dev.crane.engine.RelevanceRequest;
import dev.crane.engine.RelevanceResult;
import dev.crane.engine.backend.Backend.Reduction;
import dev.crane.engine.decoder.DecoderSpec;
import dev.crane.engine.decoder.PackedBatch;
import dev.crane.engine.file.FileErrors;
import dev.crane.engine.hook.Capture;
import dev.crane.engine.hook.HookPoint;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.ConservationLedger;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;
import dev.crane.engine.tensor.StoredTensor;
import dev.crane.models.CausalLanguageModel;

/**
 * Gathers the numbers of units ({@link Quantity}) over the samples of corpora, one language at a time, all of one pass together. Samples go through the model in the corpus's order, in packed batches up to a token
 * budget; statistics take them up in that order, so their bits depend neither on the budget nor on the number of threads. The state is saved on the way;
 * a run that was killed goes on from there and ends with the bits of an unbroken one.
 */
public final class ScoreCollection {
    /** Saving the state may take this share of the time at most. On a small model that is after every batch. */
    private static final double SAVING_SHARE = 0.05;
    /** Key of a saved state's metadata: what the run was about. */
    private static final String INPUTS = "inputs";

    private final CausalLanguageModel model;
    private final ModelIdentity identity;
    private final CollectionSettings settings;
    private final int tokenBudget;
    /** Norms of the columns of each layer's down projection, as far as they were needed. */
    private final Map<Integer, float[]> downNorms = new HashMap<>();

    /** @param tokenBudget most tokens in a batch; a longer sample is a batch of its own */
    public ScoreCollection(CausalLanguageModel model, CollectionSettings settings, int tokenBudget) {
        this.model = model;
        this.identity = ModelIdentity.of(model);
        this.settings = settings.of(model.spec());
        this.tokenBudget = tokenBudget;
    }

    /**
     * Gathers the scores of one language and writes {@code LANG.stats.safetensors} and, where they are kept, {@code LANG.samples.safetensors}.
     *
     * @param folders of each quantity, where its files go
     * @param work where the state is kept meanwhile; nothing is left there at the end
     * @return the files of each quantity
     * @throws CraneException the corpus cannot be used or has too few documents, or the model gives a NaN or infinity: the message names the line
     */
    public Map<Quantity, List<Path>> collect(String language, Corpus corpus, Map<Quantity, Path> folders, Path work, Progress progress) {
        Samples samples = samples(model, corpus, settings.samples(), settings.seed(), settings.maxTokens());
        for (Sample sample : samples.samples())
            if (sample.ids().length < 2 && predicts())
                throw new CraneException(at(corpus, sample) + " is a single token: nothing in it can be predicted; leave it out");
        SortedMap<String, String> provenance = provenance(corpus);
        Map<Quantity, List<Path>> written = new LinkedHashMap<>();
        Map<Quantity, Gathering> gatherings = new LinkedHashMap<>();
        try {
            for (Quantity quantity : settings.quantities().keySet()) {
                SortedMap<String, String> own = new TreeMap<>(provenance);
                own.putAll(quantity.provenance());
                gatherings.put(quantity, new Gathering(language, quantity, own, folders.get(quantity),
                        work.resolve(language + "." + quantity.label() + ".state.safetensors")));
            }
            run(language, corpus, samples.samples(), gatherings, progress);
            gatherings.forEach((quantity, gathering) -> written.put(quantity, gathering.finish()));
        } finally {
            gatherings.values().forEach(Gathering::close);
        }
        gatherings.values().forEach(Gathering::removeState);
        return written;
    }

    /** What gathering a language is called in progress reports: {@code attnlrp relevance en}, {@code activation mean, norm en}. */
    public String stage(String language) {
        String kind = first() instanceof Quantity.Relevance relevance ? relevance.rule().name() : "activation";
        return kind + " " + String.join(", ", settings.quantities().keySet().stream().map(Quantity::name).toList()) + " " + language;
    }

    /** A fingerprint of everything that the statistics of a language depend on. */
    public String inputs(String language, Quantity quantity, Corpus corpus) {
        return inputs(language, quantity, provenance(corpus));
    }

    private String inputs(String language, Quantity quantity, SortedMap<String, String> provenance) {
        return new Fingerprint().add("language", language).add("provenance", provenance).add("tokenizer", identity.tokenizerHash())
                .add("quantity", quantity.label()).add("units", new TreeSet<>(settings.quantities().get(quantity)))
                .add("samples", settings.samples())
                .add("top", settings.topExamples()).add("per sample", settings.perSample().contains(quantity))
                .add("backend", identity.backend()).hex();
    }

    /**
     * Where the relevance goes, layer by layer: the mean over a corpus's first samples. Of relevance only.
     *
     * @param most how many samples
     */
    public ConservationLedger ledger(Corpus corpus, int most) {
        Quantity.Relevance relevance = (Quantity.Relevance) first();
        return ConservationLedger.mean(samples(model, corpus, settings.samples(), settings.seed(), settings.maxTokens()).samples().stream()
                .limit(most).map(sample -> model.engine().ledger(sample.ids(), relevance.rule(), relevance.target())).toList());
    }

    /** The samples of a language that its numbers are gathered from. */
    static Samples samples(CausalLanguageModel model, Corpus corpus, int count, long seed, int maxTokens) {
        DecoderSpec spec = model.spec();
        Tokenization tokenization = new Tokenization(model.hasTokenizer() ? model.tokenizer() : null, spec.vocabulary(),
                Math.min(maxTokens, spec.maxPositions()));
        Samples samples = corpus.samples(Choice.seeded(count, seed), tokenization);
        if (samples.missing() > 0)
            throw new CraneException(
                    corpus.file() + ": has " + samples.samples().size() + " documents, fewer than the " + count
                            + " samples asked for; every language needs as many: ask for " + samples.samples().size() + " samples");
        return samples;
    }

    /** The quantities of a pass are of one kind: relevance of one rule and target, or activations. */
    private Quantity first() {
        return settings.quantities().firstEntry().getKey();
    }

    /** Whether what is gathered is about predictions within a sample. */
    private boolean predicts() {
        return first() instanceof Quantity.Relevance relevance && !(relevance.target() instanceof Target.LastLogit);
    }

    private SortedMap<String, String> provenance(Corpus corpus) {
        SortedMap<String, String> provenance = new TreeMap<>();
        provenance.put(ProvenanceKey.MODEL, identity.name());
        provenance.put(ProvenanceKey.MODEL_HASH, identity.hash());
        provenance.put(ProvenanceKey.CORPUS, corpus.file().getFileName().toString());
        provenance.put(ProvenanceKey.CORPUS_HASH, corpus.sha256());
        provenance.put(ProvenanceKey.SEED, Long.toString(settings.seed()));
        provenance.put(ProvenanceKey.MAX_TOKENS, Integer.toString(Math.min(settings.maxTokens(), model.spec().maxPositions())));
        provenance.put(ProvenanceKey.CRANE_VERSION, CraneVersion.get());
        return provenance;
    }

    private void run(String language, Corpus corpus, List<Sample> samples, Map<Quantity, Gathering> gatherings, Progress progress) {
        // After a kill between two saves one quantity may be ahead of another.
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
            Passed passed = pass(corpus, batch);
            for (Map.Entry<Quantity, Gathering> gathering : gatherings.entrySet()) {
                Map<HookPoint, List<float[]>> scores = passed.scores().get(gathering.getKey());
                for (int i = 0; i < batch.size(); i++)
                    if (gathering.getValue().samples() == next + i)
                        gathering.getValue().add(batch.get(i), passed.targets()[i], of(scores, i));
            }
            next = end;
            tokens += size;
            double seconds = (System.nanoTime() - begin) / 1e9;
            if (next < samples.size())
                gatherings.values().forEach(gathering -> gathering.saveIfDue(seconds));
            progress.report(new Progress.Step(stage, next, samples.size(), "samples", tokens, seconds));
        }
    }

    /**
     * What one pass over a batch gave.
     *
     * @param targets of each sample; 0 where nothing was explained
     * @param scores per quantity and hook point the values of each sample
     */
    private record Passed(float[] targets, Map<Quantity, Map<HookPoint, List<float[]>>> scores) {}

    private Passed pass(Corpus corpus, List<Sample> batch) {
        PackedBatch packed = PackedBatch.of(batch.stream().map(Sample::ids).toList());
        try {
            return first() instanceof Quantity.Relevance relevance ? relevance(packed, relevance) : activations(packed);
        } catch (NonFiniteException e) {
            throw new CraneException(at(corpus, batch.get(e.sequence())) + ": " + e.getMessage(), e);
        }
    }

    private Passed relevance(PackedBatch batch, Quantity.Relevance first) {
        Map<Score, Set<Site>> sites = new EnumMap<>(Score.class);
        settings.quantities().forEach((quantity, units) -> sites.put(((Quantity.Relevance) quantity).score(), units));
        Set<Site> all = EnumSet.noneOf(Site.class);
        sites.values().forEach(all::addAll);
        Map<Quantity, Map<HookPoint, List<float[]>>> scores = new HashMap<>();
        float[] targets = null;
        // Row gradients exist at the outputs of linear layers only; where scores at other sites are wanted too, they take a pass of their own.
        List<Map<Score, Set<Site>>> passes = all.stream().allMatch(Site::isLinear) || sites.size() == 1
                ? List.of(sites)
                : sites.entrySet().stream().map(entry -> Map.of(entry.getKey(), entry.getValue())).toList();
        for (Map<Score, Set<Site>> pass : passes) {
            Set<Site> here = EnumSet.noneOf(Site.class);
            pass.values().forEach(here::addAll);
            RelevanceResult result = model.engine().relevance(batch,
                    RelevanceRequest.of(first.rule(), first.target(), pass.keySet(), here));
            result.scores().forEach((score, values) -> scores.put(new Quantity.Relevance(first.rule(), first.target(), score), values));
            targets = result.targets();
        }
        return new Passed(targets, scores);
    }

    private Passed activations(PackedBatch batch) {
        Map<Quantity, List<Capture>> captures = new LinkedHashMap<>();
        settings.quantities()
                .forEach((quantity, units) -> captures.put(quantity, UnitLayout.of(model.spec(), units).widths().keySet().stream()
                        .map(point -> new Capture(point,
                                quantity instanceof Quantity.Activation activation ? activation.reduction() : Reduction.NORM))
                        .toList()));
        ForwardResult result = model.engine().forward(batch, new ForwardRequest(ForwardRequest.Output.NONE,
                captures.values().stream().flatMap(List::stream).distinct().toList(), List.of(), null));
        Map<Quantity, Map<HookPoint, List<float[]>>> scores = new HashMap<>();
        captures.forEach((quantity, wanted) -> {
            Map<HookPoint, List<float[]>> values = new HashMap<>();
            for (Capture capture : wanted) {
                List<float[]> captured = result.captures().get(capture);
                values.put(capture.point(),
                        quantity instanceof Quantity.Contribution ? contributions(capture.point(), captured) : captured);
            }
            scores.put(quantity, values);
        });
        return new Passed(new float[batch.sequences()], scores);
    }

    private List<float[]> contributions(HookPoint point, List<float[]> norms) {
        float[] columns = downNorms.computeIfAbsent(point.layer(),
                layer -> columnNorms(model.weights().layers().get(layer).down().weight()));
        return norms.stream().map(sample -> {
            float[] contributions = new float[sample.length];
            for (int i = 0; i < sample.length; i++)
                contributions[i] = sample[i] * columns[i];
            return contributions;
        }).toList();
    }

    /** The Euclidean norm of each column of a matrix [rows, columns]. */
    private static float[] columnNorms(StoredTensor matrix) {
        float[] values = matrix.floats();
        double[] squares = new double[matrix.size(1)];
        for (int i = 0; i < values.length; i++)
            squares[i % squares.length] += (double) values[i] * values[i];
        float[] norms = new float[squares.length];
        for (int i = 0; i < norms.length; i++)
            norms[i] = (float) Math.sqrt(squares[i]);
        return norms;
    }

    static String at(Corpus corpus, Sample sample) {
        return corpus.file() + ": line " + (sample.line() + 1);
    }

    private static Map<HookPoint, float[]> of(Map<HookPoint, List<float[]>> scores, int sequence) {
        Map<HookPoint, float[]> ofSequence = new HashMap<>();
        scores.forEach((point, values) -> ofSequence.put(point, values.get(sequence)));
        return ofSequence;
    }

    /** One quantity's statistics as they grow, and their saved state. */
    private final class Gathering implements AutoCloseable {
        private final SortedMap<String, String> provenance;
        private final Path folder;
        private final Path state;
        private final String inputs;
        private final StatisticsAccumulator accumulator;
        /** Null where only statistics are kept. */
        private final SampleScoresWriter perSample;
        private double saving;

        Gathering(String language, Quantity quantity, SortedMap<String, String> provenance, Path folder, Path state) {
            UnitLayout layout = UnitLayout.of(model.spec(), settings.quantities().get(quantity));
            this.provenance = provenance;
            this.folder = folder;
            this.state = state;
            this.inputs = ScoreCollection.this.inputs(language, quantity, provenance);
            perSample = settings.perSample().contains(quantity)
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
