package dev.crane.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

import dev.crane.analysis.collect.RelevanceCollection;
import dev.crane.analysis.collect.RelevanceSettings;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.experiment.Journal;
import dev.crane.analysis.experiment.OutputFolder;
import dev.crane.analysis.experiment.RunOptions;
import dev.crane.analysis.experiment.ScoreSettings;
import dev.crane.engine.CraneException;
import dev.crane.engine.hook.Site;
import dev.crane.engine.relevance.Rule;
import dev.crane.engine.relevance.Score;
import dev.crane.engine.relevance.Target;
import dev.crane.models.CausalLanguageModel;

/** {@code crane relevance}: scores of every unit on texts of each language, kept as statistics. */
@Command(name = "relevance", description = "Score every unit on texts of each language and keep the statistics.", footer = {"",
        "Writes LANG.stats.safetensors, and LANG.samples.safetensors with --per-sample, to --out. Interrupted, it goes on where it was.",
        "",
        "Example:", "  crane relevance -m models/babel-base --corpus en=models/corpora/en.identify.jsonl --samples 128 --units mlp.neuron "
                + "--out stats"})
final class RelevanceCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Crane crane;

    @Mixin
    private ModelOptions model;

    @Option(names = {"-c", "--corpus"}, required = true, paramLabel = "LANG=FILE", converter = LanguageFile.Converter.class,
            description = "A language and its texts; one for each language. " + TextFile.DESCRIPTION)
    private List<LanguageFile> corpora;

    @Option(names = {"-o", "--out"}, required = true, paramLabel = "DIR",
            description = "Folder of the statistics; made if it is not there.")
    private Path out;

    @Option(names = {"-r", "--rule"}, paramLabel = "RULE", defaultValue = "attnlrp",
            description = "How backward is modified: attnlrp, cp-lrp, gradient. Default: ${DEFAULT-VALUE}.")
    private String rule;

    @Option(names = {"-s", "--score"}, paramLabel = "SCORE", defaultValue = "relevance",
            description = "relevance, or row-gradient (what the CRANE authors' scripts compute). Default: ${DEFAULT-VALUE}.")
    private String score;

    @Option(names = {"-t", "--target"}, paramLabel = "TARGET", defaultValue = "mean-logit",
            description = "What backward starts from: mean-logit, mean-logprob, last-logit, contrastive, positions:P,P. Default: ${DEFAULT-VALUE}.")
    private String target;

    @Option(names = {"-u", "--units"}, paramLabel = "SITE", split = ",",
            description = "Units to score: mlp.gate, mlp.up, mlp.down, mlp.neuron, attn.q, ... ('crane inspect --hooks' lists them). "
                    + "Default: the four of the MLP.")
    private List<String> units = List.of();

    @Option(names = {"-n", "--samples"}, paramLabel = "N", description = "Samples for each language. Default: ${DEFAULT-VALUE}.")
    private int samples = ScoreSettings.SAMPLES;

    @Option(names = "--seed", paramLabel = "N", description = "Which samples, where a corpus has more. Default: ${DEFAULT-VALUE}.")
    private long seed = ScoreSettings.SEED;

    @Option(names = "--max-tokens", paramLabel = "N", description = "Cut samples to N tokens. Default: what the model can read.")
    private int maxTokens = Integer.MAX_VALUE;

    @Option(names = "--per-sample", description = "Keep the scores of every sample too.")
    private boolean perSample;

    @Option(names = "--token-budget", paramLabel = "N", description = "Most tokens in a batch. Default: ${DEFAULT-VALUE}.")
    private int tokenBudget = RunOptions.TOKEN_BUDGET;

    @Override
    public Integer call() {
        TextFile.checkMaxTokens(spec, maxTokens);
        if (samples < 1 || tokenBudget < 1)
            throw new ParameterException(spec.commandLine(), "--samples and --token-budget must be at least 1");
        RelevanceSettings settings = new RelevanceSettings(Rule.named(rule), Target.named(target), Set.of(Score.named(score)), sites(),
                samples, seed,
                maxTokens, RelevanceSettings.TOP_EXAMPLES, perSample);
        Map<String, Corpus> opened = new LinkedHashMap<>();
        for (LanguageFile corpus : corpora)
            if (opened.put(corpus.language(), Corpus.open(corpus.file())) != null)
                throw new ParameterException(spec.commandLine(), "--corpus " + corpus.language() + " is given twice");
        List<Path> written = new ArrayList<>();
        try (OutputFolder folder = OutputFolder.take(out);
                CausalLanguageModel loaded = model.load();
                ProgressDisplay progress = crane.progress()) {
            RelevanceCollection collection = new RelevanceCollection(loaded, settings, tokenBudget);
            Journal journal = Journal.open(folder.path());
            Interruption.resumable();
            opened.forEach((language, corpus) -> written.addAll(collect(collection, folder.path(), journal, language, corpus, progress)));
        }
        written.forEach(spec.commandLine().getOut()::println);
        return ExitStatus.OK;
    }

    private List<Path> collect(RelevanceCollection collection, Path folder, Journal journal, String language, Corpus corpus,
            ProgressDisplay progress) {
        String inputs = collection.inputs(language, corpus);
        if (journal.finished(language, inputs)) {
            progress.note("relevance " + language + ": all there");
            return List.of();
        }
        List<Path> files = collection.collect(language, corpus, Map.of(Score.named(score), folder), folder.resolve("work"), progress);
        journal.record(language, inputs, files);
        return files;
    }

    private Set<Site> sites() {
        if (units.isEmpty()) {
            Set<Site> sites = new HashSet<>(ScoreSettings.UNITS);
            if (Score.named(score) == Score.ROW_GRADIENT)
                sites.removeIf(site -> !site.isLinear());
            return sites;
        }
        Set<Site> sites = EnumSet.noneOf(Site.class);
        for (String unit : units)
            sites.add(Site.of(unit).filter(site -> site != Site.ATTN_PROBS && site != Site.LOGITS).orElseThrow(() -> new CraneException(
                    "--units " + unit + ": relevance cannot be read there; 'crane inspect --model DIR --hooks' lists the sites")));
        return sites;
    }
}
