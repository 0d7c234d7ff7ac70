package dev.crane.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

import dev.crane.analysis.collect.CollectionSettings;
import dev.crane.analysis.collect.LedgerFile;
import dev.crane.analysis.collect.Quantity;
import dev.crane.analysis.collect.ScoreCollection;
import dev.crane.analysis.corpus.Corpus;
import dev.crane.analysis.experiment.Journal;
import dev.crane.analysis.experiment.OutputFolder;
import dev.crane.analysis.experiment.RunOptions;
import dev.crane.analysis.experiment.ScoreSettings;
import dev.crane.engine.CraneException;
import dev.crane.engine.hook.Site;
import dev.crane.models.CausalLanguageModel;

/** What is gathered from which texts of which languages; a {@link Mixin} of the commands that keep statistics of units. */
final class CollectOptions {
    /** Samples whose mean a ledger is; each takes a pass of its own. */
    static final int LEDGER_SAMPLES = 16;

    @Spec(Target.MIXEE)
    private CommandSpec spec;

    @Mixin
    private ModelOptions model;

    @Option(names = {"-c", "--corpus"}, required = true, paramLabel = "LANG=FILE", converter = LanguageFile.Converter.class,
            description = "A language and its texts; one for each language. " + TextFile.DESCRIPTION)
    private List<LanguageFile> corpora;

    @Option(names = {"-o", "--out"}, required = true, paramLabel = "DIR",
            description = "Folder of the statistics; made if it is not there.")
    private Path out;

    @Option(names = {"-n", "--samples"}, paramLabel = "N", description = "Samples for each language. Default: ${DEFAULT-VALUE}.")
    private int samples = ScoreSettings.SAMPLES;

    @Option(names = "--seed", paramLabel = "N", description = "Which samples, where a corpus has more. Default: ${DEFAULT-VALUE}.")
    private long seed = ScoreSettings.SEED;

    @Option(names = "--max-tokens", paramLabel = "N", description = "Cut samples to N tokens. Default: what the model can read.")
    private int maxTokens = Integer.MAX_VALUE;

    @Option(names = "--per-sample", description = "Keep the values of every sample too.")
    private boolean perSample;

    @Option(names = "--token-budget", paramLabel = "N", description = "Most tokens in a batch. Default: ${DEFAULT-VALUE}.")
    private int tokenBudget = RunOptions.TOKEN_BUDGET;

    /**
     * Gathers quantities of one pass and prints the names of the files that were written.
     *
     * @param folders of each quantity, its files' folder below {@code --out}
     * @param ledger whether {@code LANG.ledger.json} is written too
     */
    void gather(SequencedMap<Quantity, Set<Site>> quantities, Map<Quantity, String> folders, boolean ledger, Crane crane) {
        TextFile.checkMaxTokens(spec, maxTokens);
        if (samples < 1 || tokenBudget < 1)
            throw new ParameterException(spec.commandLine(), "--samples and --token-budget must be at least 1");
        Map<String, Corpus> opened = new LinkedHashMap<>();
        for (LanguageFile corpus : corpora)
            if (opened.put(corpus.language(), Corpus.open(corpus.file())) != null)
                throw new ParameterException(spec.commandLine(), "--corpus " + corpus.language() + " is given twice");
        CollectionSettings settings = new CollectionSettings(quantities, samples, seed, maxTokens, CollectionSettings.TOP_EXAMPLES,
                perSample ? quantities.keySet() : Set.of());
        List<Path> written = new ArrayList<>();
        try (OutputFolder folder = OutputFolder.take(out);
                CausalLanguageModel loaded = model.load();
                ProgressDisplay progress = crane.progress()) {
            Interruption.resumable();
            written.addAll(gather(loaded, settings, tokenBudget, opened, folder.path(), folders, progress));
            if (ledger) {
                ScoreCollection collection = new ScoreCollection(loaded, settings, tokenBudget);
                opened.forEach((language, corpus) -> {
                    Path file = LedgerFile.in(folder.path(), language);
                    LedgerFile.of(collection.ledger(corpus, LEDGER_SAMPLES)).write(file);
                    written.add(file);
                });
            }
        }
        written.forEach(spec.commandLine().getOut()::println);
    }

    /**
     * Gathers what is not there yet of quantities of one pass.
     *
     * @param folders of each quantity, its files' folder below the output folder
     * @return the files that were written
     */
    static List<Path> gather(CausalLanguageModel model, CollectionSettings settings, int tokenBudget, Map<String, Corpus> corpora, Path out,
            Map<Quantity, String> folders, ProgressDisplay progress) {
        ScoreCollection collection = new ScoreCollection(model, settings, tokenBudget);
        Journal journal = Journal.open(out);
        Map<Quantity, Path> paths = new HashMap<>();
        folders.forEach((quantity, name) -> paths.put(quantity, out.resolve(name)));
        List<Path> written = new ArrayList<>();
        corpora.forEach((language, corpus) -> {
            if (settings.quantities().keySet().stream().allMatch(
                    quantity -> journal.finished(artefact(folders.get(quantity), language), collection.inputs(language, quantity, corpus))))
                progress.note(collection.stage(language) + ": all there");
            else
                collection.collect(language, corpus, paths, out.resolve("work"), progress).forEach((quantity, files) -> {
                    journal.record(artefact(folders.get(quantity), language), collection.inputs(language, quantity, corpus), files);
                    written.addAll(files);
                });
        });
        return written;
    }

    private static String artefact(String folder, String language) {
        return folder.isEmpty() ? language : folder + "/" + language;
    }

    /** The sites of labels; relevance and activations can be read everywhere but at the attention probabilities and the logits. */
    static Set<Site> sites(List<String> labels) {
        Set<Site> sites = EnumSet.noneOf(Site.class);
        for (String label : labels)
            sites.add(Site.of(label).filter(site -> site != Site.ATTN_PROBS && site != Site.LOGITS).orElseThrow(() -> new CraneException(
                    "--units " + label + ": there are no units there; 'crane inspect --model DIR --hooks' lists the sites")));
        return sites;
    }
}
